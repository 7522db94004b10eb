"""Why some mutants of IAM controls survive."""

from __future__ import annotations

from policies.workloads.service_accounts import CLIENT_ANNOTATION, ROLE_ANNOTATION
from tests.policies.excuses.excuse import Excuse, each

ANY = "cut delete empty null strange unknown upper"
ALONE = "no other service account of the stack has an identity, whatever this one is called"
APART = "other names still tell them apart, and the other one is judged as a resource of its own"
JUDGED = "the refusal is judged as a resource of its own"
ANOTHER = "it is another policy then, and the account is found to have no refusal"
NARROW_ALREADY = "what the statement allows stays little, by its actions or by its resources"
REFUSED = "a refusal allows nothing"

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "IAM-001": (
        Excuse(
            (
                *each("unknown delete null strange cut empty offend second", "Action"),
                *each("unknown offend second", "NotAction"),
                *each("unknown delete null strange cut empty", "Resource"),
                *each("unknown", "NotResource"),
            ),
            REFUSED,
            "everything refused",
        ),
        Excuse(
            (
                *each("delete null strange cut empty upper", "Action"),
                *each("unknown delete null strange cut empty", "Resource"),
                *each("unknown", "NotResource", "Effect"),
            ),
            NARROW_ALREADY,
            "looking at everything",
        ),
        Excuse(
            (
                *each("unknown delete null empty offend second", "Action"),
                *each("unknown offend second", "NotAction"),
                *each("delete null empty", "Resource"),
                *each("unknown", "Effect"),
            ),
            NARROW_ALREADY,
            "everything with one key",
        ),
        Excuse(
            (
                *each("delete null offend second", "Action"),
                *each("unknown offend second", "NotAction"),
                *each("delete null strange cut empty upper", "Resource"),
                *each("unknown", "Effect"),
            ),
            NARROW_ALREADY,
            "an action that is not known, on one bucket",
        ),
        Excuse(
            (*each("cut", "managedPolicyArns", "managedPolicyArn", "policyArn", "policyArns"),),
            "another policy than an administrator's",
            of="*",
        ),
        Excuse(
            each("delete", "managedPolicyArns", "policyArns"),
            "nothing is attached",
            of="GroupPolicyAttachmentsExclusive Role RolePolicyAttachmentsExclusive UserPolicyAttachmentsExclusive",
        ),
    ),
    "IAM-002": (
        Excuse(
            (*each("cut", "accessKey"), *each("unknown delete null strange upper cut empty", "secretKey")),
            "the key ends by itself",
            "the stack has a key of AWS for a time",
        ),
    ),
    "IAM-003": (
        Excuse(
            (
                *each("cut offend unknown", "roleArn"),
                *each("cut strange", "serviceAccount"),
                *each(ANY, "namespace"),
            ),
            ALONE,
            "one service account, one role",
        ),
        Excuse(
            (
                *each("cut strange", "name"),
                *each(ANY, "namespace"),
                *each("cut delete null unknown", ROLE_ANNOTATION),
                *each("offend unknown", CLIENT_ANNOTATION),
            ),
            ALONE,
            "one annotation, one role",
        ),
        Excuse(
            (
                *each("cut strange", "name"),
                *each(ANY, "namespace"),
                *each("offend unknown", ROLE_ANNOTATION),
                *each("delete null unknown", CLIENT_ANNOTATION),
            ),
            ALONE,
            "one annotation, one identity",
        ),
        Excuse(
            (*each("cut strange unknown upper", "resourceName"), *each("cut empty strange upper", "subject")),
            ALONE,
            "one credential, one identity",
        ),
        Excuse(
            (*each(ANY, "addonName"), *each("cut unknown", "roleArn"), *each("cut strange", "serviceAccount")),
            ALONE,
            "an add-on with a role of its own",
        ),
        Excuse(
            (*each("cut offend unknown", "roleArn"), *each(ANY, "namespace")),
            ALONE,
            "a service account that is still to be named",
        ),
        Excuse(
            (
                *each("cut strange upper", "roleArn"),
                *each(f"{ANY} offend", "serviceAccount"),
                *each(ANY, "namespace"),
            ),
            APART,
            "two service accounts, two roles",
        ),
        Excuse(
            (
                *each("cut delete null unknown", ROLE_ANNOTATION),
                *each("offend unknown", CLIENT_ANNOTATION),
                *each(f"{ANY} offend", "roleArn"),
            ),
            APART,
            "one service account, said twice",
        ),
        Excuse(
            (
                *each(f"{ANY} offend", "serviceAccount"),
                *each(ANY, "namespace"),
                *each("delete null", "roleArn"),
            ),
            APART,
            "roles still to be made",
        ),
        Excuse(
            (
                *each("cut offend strange upper", "roleArn"),
                *each(ANY, "serviceAccount", "namespace", "addonName"),
                *each("cut strange upper", "name"),
                *each("delete null offend", "assumeRolePolicy"),
            ),
            APART,
            "a role still to be made beside one that is named",
        ),
        Excuse(
            (*each("cut strange upper", "resourceName"), *each(f"{ANY} offend", "subject")),
            APART,
            "two identities of Azure",
        ),
        Excuse(
            (
                *each(f"{ANY} offend", "name"),
                *each(ANY, "namespace"),
                *each("delete null offend", ROLE_ANNOTATION, CLIENT_ANNOTATION),
            ),
            APART,
            "a role and a client id do not compare",
        ),
        *(
            Excuse(changes, "it trusts no cluster, or one service account of one", example)
            for example, changes in {
                "a role for one service account": ("unknown name", "abroad assumeRolePolicy"),
                "the trust in plain form": ("unknown name", "unknown Effect", "delete Principal", "null Principal"),
                "a role for a pipeline": ("unknown name",),
                "a role for a service": ("unknown name", "abroad assumeRolePolicy"),
                "a refusal": ("unknown name", "unknown Condition", *each("delete null unknown", "Principal")),
            }.items()
        ),
    ),
    "IAM-004": (
        *(
            Excuse(each("cut offend", "principalArn"), "another role", example)
            for example in ("a role", "a role in a group of your own")
        ),
        Excuse(
            each("delete null strange upper cut empty", "kubernetesGroups"),
            "another group of one's own, or none",
            "a role in a group of your own",
        ),
        *(
            Excuse(each(f"{ANY} offend", "principalArn"), "such a policy may go to any role", example)
            for example in ("all of one namespace", "reading everywhere")
        ),
        Excuse(each("cut", "policyArn"), "AWS has no such policy", of="AccessPolicyAssociation"),
        *(
            Excuse(each(ANY, "type"), "an administrator of everything is named, whatever the scope", example)
            for example in (
                "an administrator whom our stack file names",
                "an administrator whom another stack file names",
            )
        ),
    ),
    "IAM-005": (Excuse(each("delete null", "enableRBAC"), "AKS checks permissions unless told not to", "all said"),),
    "IAM-006": (
        Excuse(
            each("delete null strange upper cut empty", "verbs", "resources"),
            "another verb or resource, one of many, or none",
            ("reading endpoints", "in one namespace"),
        ),
        *(
            Excuse(each("strange upper cut offend second", "name"), "another name, harmless for its kind", example)
            for example in ("bound to a service account", "bound to a group of people")
        ),
        Excuse(each("offend second", "name"), "such names stand for many as groups alone", "names still to be given"),
    ),
    "IAM-007": (
        Excuse(
            (*each("upper", "roleDefinitionId"), *each(ANY, "scope")),
            "such a role may be given anywhere",
            "reading a subscription",
        ),
        Excuse(
            (*each("upper", "roleDefinitionId"), *each("delete null", "scope")),
            "such a role may be given anywhere",
            "reading nobody knows what",
        ),
        Excuse(each(ANY, "scope"), "such a role may be given anywhere", "a role of this stack"),
        Excuse(
            (*each(f"{ANY} offend", "roleDefinitionId"), *each("cut upper", "scope")),
            "a resource group may have an owner",
            "owning one resource group",
        ),
        Excuse(
            (*each("delete null offend", "roleDefinitionId"), *each("cut upper", "scope")),
            "a resource group may have an owner",
            "nobody knows which role, on one resource group",
        ),
        Excuse(
            each("cut delete empty null strange upper", "actions"),
            "another action, one of many, or none",
            "a role that starts machines",
        ),
    ),
    "IAM-008": (
        Excuse(
            each("delete null", "isLocalUserEnabled", "isSftpEnabled", "adminUserEnabled", "anonymousPullEnabled"),
            "Azure takes its absence as off",
            ("azure-native:storage:StorageAccount: all closed", "azure-native:containerregistry:Registry: all closed"),
        ),
    ),
    "IAM-009": (
        Excuse(
            each(ANY, "httpEndpoint"),
            "nothing is told, or only with a token and to the machine itself",
            of="Instance InstanceMetadataDefaults LaunchConfiguration LaunchTemplate SpotInstanceRequest",
        ),
        Excuse(each("unknown offend", "httpTokens", "httpPutResponseHopLimit"), "nothing is told", "told to nobody"),
    ),
    "IAM-010": (
        Excuse(
            each("delete empty null", "env"),
            "a container that is told nothing of AWS signs in nowhere",
            (
                "a container that signs in at home",
                "one that is told of home in the older way, beside one that knows nothing of AWS",
            ),
        ),
        Excuse(
            each(ANY, ROLE_ANNOTATION),
            "whatever the role, it signs in at home, or has none",
            "a service account with a role",
        ),
        Excuse(
            (*each("delete null", "stsRegion"), *each("delete null", "endpoints")),
            "the provider signs in where it works",
            (
                "a stack that signs in at home",
                "a stack that signs in at home, by address",
                "a stack that names other addresses",
            ),
        ),
        Excuse(
            each("upper", "endpoints"),
            "the provider refuses names of services in another case",
            ("a stack that signs in at home, by address", "a stack that names other addresses"),
        ),
    ),
    "IAM-011": (
        Excuse(
            (*each(ANY, "id", "policyId"), *each("delete null", "type"), *each("abroad", "content")),
            JUDGED,
            "a refusal of AWS",
        ),
        Excuse(
            (
                *each("upper", "policyDefinitionId"),
                *each(f"abroad {ANY} offend second", "value"),
                *each(f"{ANY} offend", "enforcementMode"),
                *each("offend unknown", "notScopes", "overrides", "resourceSelectors"),
            ),
            JUDGED,
            "a refusal of Azure",
        ),
        *(
            Excuse(each("cut delete empty null strange", "type"), ANOTHER, example)
            for example in (
                "itself, attached",
                "itself, attached before it has an id",
                "itself, attached, beside what nobody knows",
                "of every action, but for some administrators",
            )
        ),
        Excuse(
            each("delete null", "policyId"),
            "the other attachment is its own",
            "itself, attached, beside what nobody knows",
        ),
        Excuse(
            each("delete null", "id", "policyId"), "it was made from the policy", "itself, attached before it has an id"
        ),
        Excuse(each("offend", "content"), ANOTHER, "of every action, but for some administrators"),
        *(
            Excuse(
                (*each("cut delete empty null strange upper", "policyDefinitionId"), *each("delete upper", "value")),
                f"{ANOTHER}; one region less, or in capitals, is still at home",
                example,
            )
            for example in ("itself, of Azure", "itself, without a word about being enforced")
        ),
        Excuse(each("delete null", "enforcementMode"), "Azure enforces unless told not to", "itself, of Azure"),
    ),
}
LOGIC: dict[str, dict[str, str]] = {}
