"""Why some mutants of SUP controls survive."""

from __future__ import annotations

from falaj.catalog.model_annotations import COMPONENT_LABEL, ModelAnnotation
from tests.policies.excuses.excuse import Excuse, each

SERVES_A_MODEL = (
    Excuse(
        each("unknown", COMPONENT_LABEL, ModelAnnotation.IMAGE),
        "another mark says that it serves a model",
        of="CronJob Deployment HTTPRoute InferenceService Pod Rollout",
    ),
    Excuse(
        each("delete null strange upper cut empty", COMPONENT_LABEL, ModelAnnotation.IMAGE),
        "another mark says so, or it serves no model after all",
        of="CronJob Deployment InferenceService Pod Rollout",
    ),
)

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "SUP-002": (
        Excuse(
            each("upper cut", "image", "reference"), "another image of the same registry", of="CronJob Deployment Pod"
        ),
        Excuse(
            each("unknown", "imagePullPolicy", "pullPolicy"),
            "the registry is right, pulled or not",
            of="CronJob Deployment Pod",
        ),
        Excuse(
            each("upper", "registryName", "location"), "Azure reads its names in any case", "a registry of the stack"
        ),
        Excuse(
            each("unknown delete null strange empty offend second", "image", "reference"),
            "what is never pulled comes from nowhere",
            "loaded onto the node",
        ),
    ),
    "SUP-003": (
        Excuse(
            each("delete null strange upper cut", "filter"),
            "another tag that may move, and none by it",
            "all but those of branches stay",
        ),
    ),
    "SUP-004": (
        Excuse(
            each("unknown delete null strange upper cut empty", "name"),
            "it speaks for itself, or a rule means it under this name too",
            of="Repository",
        ),
        Excuse(
            (
                *each("unknown delete null strange cut empty", "scanFrequency"),
                *each("unknown delete null strange upper cut empty", "filter"),
            ),
            "another rule, or another filter of it, says enough",
            of="RegistryScanningConfiguration",
        ),
        Excuse(
            each("unknown delete null flip offend", "scanOnPush"),
            "the registry's rules take its place",
            ("by a rule for it", "by a part of its name", "whatever its name"),
        ),
        Excuse(
            each("delete null strange upper cut empty", "pricingName"),
            "a plan for something else than images",
            ("Defender for containers", "Defender for registries, as it was sold before", "a registry under Defender"),
        ),
        Excuse(
            (
                *each("unknown", "pricingName"),
                *each("unknown delete null strange upper cut empty offend", "pricingTier"),
            ),
            "the plan itself is judged; another one says enough",
            "a registry under Defender",
        ),
    ),
    "SUP-005": (
        Excuse(
            (
                *each("unknown delete null strange upper cut empty offend second", "failureAction"),
                *each("unknown delete null flip", "ignoreTlog"),
                *each("unknown", "url", "keyless"),
            ),
            "the cluster has a policy, which is judged by itself",
            "a key, by Kyverno",
        ),
        Excuse(
            (*each("unknown offend", "mode"), *each("unknown", "keyless", "ctlog")),
            "the cluster has a policy, which is judged by itself",
            "a key, by Sigstore",
        ),
        Excuse(
            each("unknown", "validationFailureAction", "type"),
            "what the rule says itself comes first",
            of="ClusterPolicy",
        ),
        Excuse(
            each("unknown", "keyless", "rekor"), "Notary knows neither", "Notary's certificates, which no log knows"
        ),
        Excuse(
            each("cut", "expression"),
            "the expression asks for digests all the same",
            ("digests, by Kubernetes", "digests, under a name that the cluster gives"),
        ),
        Excuse(
            (
                *each("unknown delete null strange upper cut empty", "name", "policyName"),
                *each("delete null", "expression"),
                *each("unknown delete null empty offend", "validationActions"),
            ),
            "the other policy is bound by its origin, and enough",
            "digests, under a name that the cluster gives",
        ),
        Excuse(each("delete null", "validationActions"), "it denies by default", "a key, by Kyverno's newer policy"),
        Excuse(each("upper cut", "url"), "another log of our own", "a key, published in a log of our own"),
        Excuse(
            each("delete null", "keyless"),
            "another authority has to sign, or a key",
            ("certificates of our own, whoever they name", "an authority of our own, by Sigstore"),
        ),
        Excuse(
            each("delete null", "mode", "ctlog"),
            "it enforces by default, and asks no log for a key",
            "a key and a log of our own, by Sigstore",
        ),
    ),
    "SUP-008": (
        Excuse(
            each("delete null empty", "env", "args"),
            "what it fetches is not named any more, or by the other of the two",
            of="Deployment",
        ),
        Excuse(
            each("delete null abroad", "reference"),
            "the volume holds no image; where its registry lies is SUP-002's to say",
            ("mounted as an image", "mounted, and said so"),
        ),
        Excuse(
            each("delete null offend", ModelAnnotation.IMAGE),
            "the digest is said where the model is mounted, or is another one",
            of="Deployment",
        ),
        Excuse(
            each("unknown delete null strange upper cut empty", "bucket"),
            "it comes from the account",
            "fetched from the stack's account",
        ),
    ),
    "SUP-010": (
        Excuse(each("cut", "chart"), "another chart of the same place", of="Chart Release"),
        Excuse(each("upper", "chart"), "another folder of the program", "a chart kept with the program"),
        Excuse(each("upper", "chart"), "another archive of the program", "an archive kept beside the program"),
        Excuse(
            each("unknown offend", "dependencyUpdate"),
            "a chart in a registry holds its dependencies",
            "a release by exact version",
        ),
        Excuse(
            each("unknown offend", "dependencyUpdate"),
            "a chart in a registry holds its dependencies",
            "a candidate by exact version",
        ),
        Excuse(
            each("unknown", "dependencyUpdate"),
            "a chart in a registry holds its dependencies",
            "a registry that the operator keeps in the UAE",
        ),
        Excuse(
            each("unknown offend", "dependencyUpdate"),
            "a chart in a registry holds its dependencies",
            "a registry of the stack",
        ),
        Excuse(
            each("upper", "registryName", "location"), "Azure reads its names in any case", "a registry of the stack"
        ),
        Excuse(
            each("unknown offend", "version"),
            "what the program keeps has the version that it was kept with",
            "a chart kept with the program",
        ),
        Excuse(
            each("unknown offend", "version"),
            "what the program keeps has the version that it was kept with",
            "an archive kept beside the program",
        ),
        Excuse(
            each("delete null", "dependencyUpdate"),
            "Helm fetches nothing unless told to",
            "a chart kept with the program",
        ),
    ),
    "SUP-009": (
        *SERVES_A_MODEL,
        Excuse(
            each("upper cut", "image"),
            "another image of the same registry",
            ("both beside the image", "both beside the image of a job", "beside one image, another made elsewhere"),
        ),
        Excuse(
            each("delete null", "image"),
            "the other image says where the pods pull from",
            "beside one image, another made elsewhere",
        ),
        Excuse(
            each("unknown delete null strange upper cut empty", "reference"),
            "the image that runs says where the pods pull from",
            "both beside the image",
        ),
    ),
    "SUP-007": (
        Excuse(
            each("upper", "containerRegistryId"),
            "Azure reads ids without regard to case",
            "from a registry that stands already",
        ),
        Excuse(each("cut", "containerRegistryId"), "another registry", "from a registry that stands already"),
    ),
    "SUP-006": (
        Excuse(
            each("cut", "sourceRepository"),
            "another image of the same upstream",
            ("what AKS starts from", "one image, beside another of the same name's beginning"),
        ),
        Excuse(
            each("strange upper cut", "targetRepository", "ecrRepositoryPrefix"),
            "another prefix, from which no workload pulls either",
            of="CacheRule PullThroughCacheRule",
        ),
        Excuse(
            each("delete null strange upper cut empty", "image", "reference") + each("abroad", "image"),
            "an image from somewhere else; SUP-001 and SUP-002 judge where it comes from",
            ("beside workloads that run what was pushed", "one image, beside another of the same name's beginning"),
        ),
        Excuse(
            each("offend second", "image"),
            "another rule fetches that image, in the other cloud",
            ("beside workloads that run what was pushed", "one image, beside another of the same name's beginning"),
        ),
    ),
}
LOGIC: dict[str, dict[str, str]] = {}
