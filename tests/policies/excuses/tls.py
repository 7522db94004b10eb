"""Why some mutants of TLS controls survive."""

from __future__ import annotations

from tests.policies.excuses.excuse import Excuse, each

ABSENT_IS_SAFE = "Kubernetes takes its absence as the safe value"
INSIDE = "labels and ports are judged where the gateway is published"

HANDED_ON = "what a listener over TLS does with a request is no matter of transport"

VERSION_IS_SAID = "a policy of one's own says its oldest version itself"
BESIDE = "the policy beside the bucket is judged as a resource of its own"

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "TLS-001": (
        *(
            Excuse(each("unknown delete null strange upper cut empty", "type"), HANDED_ON, example)
            for example in (
                "HTTPS with a policy of TLS 1.2",
                "TLS 1.3 alone, at a network load balancer",
                "under the older name of the type",
            )
        ),
        Excuse(
            each("unknown offend", "sslPolicy"),
            "a listener without TLS has no policy of TLS",
            (
                "plain HTTP that redirects",
                "plain HTTP whose rules redirect too",
                "plain HTTP beside a rule of another listener",
            ),
        ),
        Excuse(
            (
                *each("unknown delete null abroad strange upper cut empty", "arn"),
                *each("delete null abroad strange upper cut empty", "listenerArn"),
            ),
            "every rule beside it redirects, or is known to belong to another listener",
            of="Listener ListenerRule",
        ),
        Excuse(
            each("unknown delete null strange upper cut empty", "type"),
            "the rule belongs to another listener",
            "plain HTTP beside a rule of another listener",
        ),
    ),
    "TLS-002": (
        Excuse(
            each("delete null upper cut empty unknown strange", "mode"),
            "the certificate is there whatever the mode",
            "HTTPS with a certificate",
        ),
        Excuse(
            each("unknown offend second", "certificateRefs"),
            "a passthrough leaves the certificate to the server",
            "TLS passed through to a server with its own",
        ),
    ),
    "TLS-003": (
        Excuse(each("delete null", "type"), ABSENT_IS_SAFE, "inside the cluster"),
        Excuse(each("delete null unknown offend second more less", "port"), INSIDE, "inside the cluster"),
        Excuse(each("delete null unknown", "labels"), INSIDE, "inside the cluster"),
        Excuse(each("delete null unknown offend second more less", "port"), INSIDE, "type left to the default"),
        Excuse(each("delete null unknown", "labels"), INSIDE, "type left to the default"),
        Excuse(
            (
                *each("delete null upper cut empty offend unknown strange", "type"),
                *each("offend unknown", "externalIPs"),
            ),
            "the gateway is there to be published",
            "the gateway's own",
        ),
    ),
    "TLS-004": (
        Excuse(
            each("delete null", "enableHttpsTrafficOnly"),
            "Azure takes its absence as true",
            ("both said", "newer still"),
        ),
    ),
    "TLS-005": (
        Excuse(
            each("unknown delete null strange upper cut empty", "bucket", "id", "arn"),
            "a policy is judged by what it says, and a bucket has other names, or is what the policy was made from",
            of="Bucket BucketPolicy",
        ),
        *(
            Excuse(each("offend delete null", "policy"), BESIDE, example)
            for example in ("a bucket with a policy", "a bucket and its policy, both still to be made")
        ),
        Excuse(each("unknown strange upper cut empty", "policy"), BESIDE, "a bucket with a policy"),
        Excuse(
            (
                *each("unknown", "Effect", "Principal", "Action", "Resource", "Condition"),
                *each("delete null", "Principal", "Action"),
                *each("strange upper cut empty", "Action"),
            ),
            "another statement of the policy refuses plain connections",
            "other words for the same",
        ),
    ),
    "TLS-006": (
        *(
            Excuse(
                (*each("unknown delete null strange upper cut empty", "namespace"), "unknown selector"),
                "a rule is judged by its mode, whomever it is for",
                example,
            )
            for example in (
                "a strict rule",
                "of the older version",
                "strict at one port too",
                "as the others at one port",
            )
        ),
        Excuse(
            each("delete null", "portLevelMtls"),
            "without a rule of its own a port is as strict as the others",
            ("strict at one port too", "as the others at one port"),
        ),
        Excuse(
            each("unknown offend", "portLevelMtls"),
            "a rule's ports are judged with the rule",
            "a strict mesh beside EKS",
        ),
        Excuse(
            each("unknown offend", "portLevelMtls"),
            "a rule's ports are judged with the rule",
            "a strict mesh beside AKS",
        ),
    ),
    "TLS-007": (
        Excuse(
            each("unknown offend", "minProtocolVersion"),
            "Azure's own policy decides on versions",
            of="ApplicationGateway",
        ),
        Excuse(each("upper", "name"), "Azure tells no capital from a small letter in names", of="ApplicationGateway"),
        Excuse(
            each("delete null strange upper empty second", "id"),
            "the rule then serves HTTPS or nothing, or the reference is the same to Azure",
            of="ApplicationGateway",
        ),
        Excuse(
            each("unknown offend second", "targetUrl"),
            "a redirect to a listener has no address of its own",
            of="ApplicationGateway",
        ),
        Excuse(
            each("unknown delete null strange cut empty", "name"),
            "nothing refers to the listener over HTTPS",
            "a redirect to an address over HTTPS",
        ),
        Excuse(each("cut", "targetUrl"), "another address over HTTPS", "a redirect to an address over HTTPS"),
        Excuse(each("unknown offend", "policyName"), VERSION_IS_SAID, "a policy of its own"),
        Excuse(
            each("unknown offend second", "policyName"), VERSION_IS_SAID, "a profile of TLS 1.2, and one without policy"
        ),
    ),
}
LOGIC: dict[str, dict[str, str]] = {}
