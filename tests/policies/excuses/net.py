"""Why some mutants of NET controls survive."""

from __future__ import annotations

from tests.policies.excuses.excuse import Excuse, each

NOT_ASKED = "nobody outside is asked who may come, for nobody may"
MAY_BE_PUBLIC = "this profile's API server may be public for a few"
ABSENT_IS_SAFE = "the provider takes its absence as the safe value"
FOR_SOME = "any port may be open to those inside"
FOR_HTTPS = "the port of HTTPS may be open to everyone, whatever the rest of the rule says"
LETS_NOBODY_IN = "a rule that lets nobody in to a port may name anyone and anything"
MADE_FROM_IT = "the program made it from the one that is judged"
ANY_CASE = "Azure and AWS read it in any case"
ANNOTATIONS = {
    "url": "nginx.ingress.kubernetes.io/auth-url",
    "certificates": "nginx.ingress.kubernetes.io/auth-tls-secret",
    "type": "alb.ingress.kubernetes.io/auth-type",
    "mutual": "alb.ingress.kubernetes.io/mutual-authentication",
}
"""Annotations by which ingress controllers authenticate callers."""

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "NET-001": (
        Excuse(each("unknown offend", "publicAccessCidrs"), NOT_ASKED, "private"),
        Excuse(each("unknown offend", "publicAccessCidrs"), NOT_ASKED, "private, in a profile that may be public"),
        Excuse(
            each("delete null flip offend", "endpointPublicAccess"),
            MAY_BE_PUBLIC,
            "public for one office, in a profile that may be",
        ),
    ),
    "NET-002": (
        Excuse(
            each("unknown", "authorizedIPRanges"), NOT_ASKED, ("private", "private, in a profile that may be public")
        ),
        Excuse(
            each("delete null flip", "enablePrivateCluster"),
            MAY_BE_PUBLIC,
            "public for one office, in a profile that may be",
        ),
    ),
    "NET-003": (
        Excuse(each("delete null", "podSelector"), "an absent selector selects all pods", of="NetworkPolicy"),
        Excuse(
            each("delete null empty", "policyTypes"),
            "without types and egress rules a policy is one for ingress",
            "one policy for each direction, rules with peers",
        ),
    ),
    "NET-004": (
        Excuse(
            (*each("delete null", "clusterName"), *each("unknown delete null strange upper cut empty", "name")),
            MADE_FROM_IT,
            "the add-on, told so in YAML",
        ),
        Excuse(
            each("unknown delete null strange upper cut empty", "name"),
            "there is no other cluster that the release could be for",
            "Cilium, installed",
        ),
        Excuse(each("unknown offend", "networkDataplane"), "Calico runs on any dataplane", "AKS with Calico"),
    ),
    "NET-005": (
        Excuse(each("delete null offend", "mapPublicIpOnLaunch"), ABSENT_IS_SAFE, "a subnet"),
        Excuse(
            each("delete null", "associatePublicIpAddress", "enableNodePublicIP"),
            ABSENT_IS_SAFE,
            of="AgentPool Instance LaunchConfiguration LaunchTemplate ManagedCluster SpotInstanceRequest",
        ),
        Excuse(each("empty", "associatePublicIpAddress"), "nothing, in the provider's text", "a launch template"),
    ),
    "NET-006": (
        Excuse(
            each("delete null", "cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "sourceAddressPrefix"),
            "a rule without a source lets nobody in",
            of="NetworkSecurityGroup SecurityGroup SecurityGroupIngressRule SecurityGroupRule SecurityRule",
        ),
        Excuse(each("unknown delete null strange upper cut empty", "protocol"), FOR_SOME, "from inside"),
        Excuse(each("unknown delete null more less", "fromPort", "toPort"), FOR_SOME, "from inside"),
        Excuse(each("offend second", "cidrBlocks"), FOR_HTTPS, "HTTPS from everyone"),
        Excuse(each("delete null strange upper cut empty", "protocol"), FOR_HTTPS, "HTTPS from everyone"),
        Excuse(each("strange cut empty offend second", "cidrBlocks"), LETS_NOBODY_IN, "ICMP from everyone"),
        Excuse(each("upper", "protocol"), ANY_CASE, "ICMP from everyone"),
        Excuse(each("delete null more less", "fromPort", "toPort"), LETS_NOBODY_IN, "ICMP from everyone"),
        Excuse(each("unknown delete null strange upper cut empty", "ipProtocol"), FOR_SOME, "one rule from inside"),
        Excuse(each("unknown delete null more less", "fromPort", "toPort"), FOR_SOME, "one rule from inside"),
        Excuse(
            each("unknown delete null strange cut empty", "ipProtocol"),
            "a group is let in, not everyone",
            "a rule for another group",
        ),
        Excuse(each("unknown", "fromPort", "toPort"), "a group is let in, not everyone", "a rule for another group"),
        Excuse(each("strange cut empty", "cidrBlocks"), LETS_NOBODY_IN, "a rule that lets out"),
        Excuse(each("delete null strange cut empty", "protocol"), LETS_NOBODY_IN, "a rule that lets out"),
        Excuse(each("delete null more less", "fromPort", "toPort"), LETS_NOBODY_IN, "a rule that lets out"),
        Excuse(each("upper", "type"), ANY_CASE, "a rule that lets out"),
        Excuse(
            (
                *each("upper cut offend second", "sourceAddressPrefix"),
                *each("delete null strange upper cut empty", "protocol", "access", "direction"),
            ),
            FOR_HTTPS,
            "HTTPS from everyone, in a group of Azure's",
        ),
        Excuse(
            (
                *each("strange cut empty offend second", "sourceAddressPrefix"),
                *each("delete null strange cut empty", "destinationPortRange"),
                *each("delete null strange upper cut empty", "protocol", "direction"),
            ),
            LETS_NOBODY_IN,
            "a group of Azure's that refuses everyone",
        ),
        Excuse(each("upper", "access"), ANY_CASE, "a group of Azure's that refuses everyone"),
        Excuse(
            (
                *each("strange cut empty offend second", "sourceAddressPrefix"),
                *each("delete null strange cut empty", "destinationPortRange"),
                *each("delete null strange upper cut empty", "protocol", "access"),
            ),
            LETS_NOBODY_IN,
            "a group of Azure's that lets out",
        ),
        Excuse(each("upper", "direction"), ANY_CASE, "a group of Azure's that lets out"),
        Excuse(each("upper cut", "sourceAddressPrefix"), "another name that is not everyone's", "a rule of Azure's"),
        Excuse(
            (
                *each("unknown delete null strange upper cut empty", "protocol", "access", "direction"),
                *each("unknown delete null strange cut empty", "destinationPortRange"),
            ),
            FOR_SOME,
            "a rule of Azure's",
        ),
        Excuse(
            each("delete null strange upper cut empty", "ec2SshKey"),
            "a group is named, whichever the key",
            "nodes with SSH for one group",
        ),
    ),
    "NET-007": (
        Excuse(each("delete null", "vpcId", "privateLinkServiceId", "linkedResourceId", "id"), MADE_FROM_IT, of="*"),
        Excuse(each("offend", "id"), MADE_FROM_IT, of="PrivateLinkScope Registry StorageAccount Vault Workspace"),
        Excuse(
            each("unknown", "policy"),
            "only the policy of S3's endpoint is judged",
            ("a VPC with all it needs", "a VPC with secrets", "a VPC whose workloads use no keys of their own"),
        ),
        Excuse(each("unknown offend", "privateDnsEnabled"), "a route needs no name", "a VPC with all it needs"),
        Excuse(
            each("unknown", "privateDnsEnabled"),
            "a route needs no name",
            "a VPC whose workloads use no keys of their own",
        ),
        Excuse(
            each("delete null offend", "vpcEndpointType"),
            "S3 comes by either kind",
            ("a VPC with all it needs", "a VPC with secrets", "a VPC whose workloads use no keys of their own"),
        ),
        Excuse(
            each(
                "upper",
                *("publicNetworkAccess", "publicNetworkAccessForIngestion", "publicNetworkAccessForQuery"),
            ),
            ANY_CASE,
            of="Registry StorageAccount Vault Workspace",
        ),
    ),
    "NET-008": (
        Excuse(
            each("delete null", "arn", "resourceArn"),
            MADE_FROM_IT,
            (
                "public, with a web ACL: aws:lb/loadBalancer:LoadBalancer",
                "public, with a web ACL: aws:alb/loadBalancer:LoadBalancer",
            ),
        ),
        Excuse(each("unknown", "rules"), "nothing passes by default", "a web ACL that refuses by default"),
        Excuse(each("unknown", "rules"), "its rules are in JSON", "a web ACL with rules in JSON"),
        Excuse(
            each("delete null", "allow"),
            "AWS refuses a web ACL without a default",
            ("a web ACL with rules", "a web ACL with rules in JSON"),
        ),
        Excuse(each("strange cut", "ruleJson"), "AWS refuses rules that it can't read", "a web ACL with rules in JSON"),
        Excuse(
            each("delete null", "publicIPAddress"),
            "it then answers inside alone",
            ("a gateway with a policy", "a gateway with a firewall of its own"),
        ),
        Excuse(each("delete null", "state"), ABSENT_IS_SAFE, "a policy of Azure's"),
    ),
    "NET-009": (
        Excuse(each("delete null", "vpcId", "targetResourceId"), MADE_FROM_IT, of="FlowLog"),
        Excuse(
            each("cut", "logDestination"),
            "another store, at home",
            ("a VPC that writes to a log group", "a default VPC"),
        ),
        Excuse(
            each("upper", "location"),
            ANY_CASE,
            (
                "a VNet whose log is kept for ever",
                "a VNet whose log says nothing of days",
                "a VNet whose log is kept for a year",
            ),
        ),
        Excuse(
            each("delete null", "days"),
            "nothing is removed where no days are given",
            ("a VNet whose log is kept for ever", "a VNet whose log is kept for a year"),
        ),
        Excuse(each("more", "days"), "longer is better", "a VNet whose log is kept for a year"),
    ),
    "NET-010": (
        Excuse(
            each("unknown", *ANNOTATIONS.values(), "nginx.ingress.kubernetes.io/auth-tls-verify-client"),
            "another annotation asks callers already",
            of="Ingress IngressPatch",
        ),
        Excuse(
            each("unknown", "alb.ingress.kubernetes.io/scheme"),
            "inside the network or not, callers are asked",
            of="Ingress IngressPatch",
        ),
        Excuse(
            each("strange upper cut", ANNOTATIONS["url"], ANNOTATIONS["certificates"]),
            "another address or secret, and callers are asked still",
            of="Ingress IngressPatch",
        ),
        Excuse(
            each("delete null", "nginx.ingress.kubernetes.io/auth-tls-verify-client"),
            "NGINX verifies unless told otherwise",
            "an Ingress for certificates alone",
        ),
        Excuse(each("cut", ANNOTATIONS["mutual"]), "AWS refuses what is no JSON", "an Ingress of AWS for certificates"),
        Excuse(
            (
                *each("unknown delete null strange upper cut empty", "type"),
                *each("unknown delete null strange cut empty", "protocol"),
                *each("delete null flip", "internal"),
            ),
            "callers are asked first, whatever then becomes of the request",
            of="Listener ListenerRule LoadBalancer",
        ),
        Excuse(
            each("delete null", "arn", "loadBalancerArn", "listenerArn"),
            MADE_FROM_IT,
            of="Listener ListenerRule LoadBalancer",
        ),
        Excuse(
            (
                *each("unknown delete null strange upper cut empty", "routeKey"),
                *each("unknown delete null strange cut empty", "httpMethod"),
                *each("unknown", "apiKeyRequired"),
            ),
            "callers are asked on whichever route",
            ("a route with tokens", "a route with keys", "a method with signatures"),
        ),
        Excuse(each("unknown offend", "authorizationType"), "callers need a key already", "a route with keys"),
    ),
    "NET-011": (
        Excuse(
            each("unknown delete null strange upper cut empty offend", "bucket"),
            MADE_FROM_IT,
            "a bucket with its block",
        ),
        Excuse(
            each("unknown delete null strange upper cut empty offend", "bucket"),
            MADE_FROM_IT,
            "a bucket of the former type",
        ),
        Excuse(
            (
                *each("unknown delete null strange upper cut empty offend", "bucket"),
                *each(
                    "unknown delete null flip offend",
                    *("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"),
                ),
            ),
            "the account's block is judged on its own",
            "a bucket in an account with a block",
        ),
        Excuse(
            each("unknown delete null strange upper cut empty offend", "bucket"),
            "any bucket of another stack",
            "a block for a bucket of another stack",
        ),
        Excuse(
            each("delete null", "allowBlobPublicAccess", "publicAccess"),
            ABSENT_IS_SAFE,
            ("a storage account", "a container"),
        ),
    ),
}
LOGIC: dict[str, dict[str, str]] = {
    "NET-008": {"stands_before_it: if one.type == WEB_ACL: ... -> if True: ...": "no other type has a default action"},
}
