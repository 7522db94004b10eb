"""Why some mutants of SUP controls survive."""

from __future__ import annotations

from falaj.catalog.model_annotations import COMPONENT_LABEL, ModelAnnotation
from tests.policies.excuses.excuse import Excuse, each

SERVES_A_MODEL = (
    Excuse(each("unknown", COMPONENT_LABEL, ModelAnnotation.IMAGE), "another mark says that it serves a model"),
    Excuse(
        each("delete null strange upper cut empty", COMPONENT_LABEL, ModelAnnotation.IMAGE),
        "another mark says so, or it serves no model after all",
    ),
)

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "SUP-002": (
        Excuse(each("upper cut", "image", "reference"), "another image of the same registry"),
        Excuse(each("unknown", "imagePullPolicy", "pullPolicy"), "the registry is right, pulled or not"),
        Excuse(each("upper", "registryName", "location"), "Azure reads its names in any case"),
        Excuse(
            each("unknown delete null strange empty offend second", "image", "reference"),
            "what is never pulled comes from nowhere",
            "loaded onto the node",
        ),
    ),
    "SUP-003": (Excuse(each("delete null strange upper cut", "filter"), "another tag that may move, and none by it"),),
    "SUP-004": (
        Excuse(
            each("unknown delete null strange upper cut empty", "name"),
            "it speaks for itself, or a rule means it under this name too",
        ),
        Excuse(
            (
                *each("unknown delete null strange cut empty", "scanFrequency"),
                *each("unknown delete null strange upper cut empty", "filter"),
            ),
            "another rule, or another filter of it, says enough",
        ),
        Excuse(each("unknown delete null flip offend", "scanOnPush"), "the registry's rules take its place"),
        Excuse(each("delete null strange upper cut empty", "pricingName"), "a plan for something else than images"),
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
        Excuse(each("unknown", "validationFailureAction", "type"), "what the rule says itself comes first"),
        Excuse(
            each("unknown", "keyless", "rekor"), "Notary knows neither", "Notary's certificates, which no log knows"
        ),
        Excuse(each("cut", "expression"), "the expression asks for digests all the same"),
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
        Excuse(each("delete null", "keyless"), "another authority has to sign, or a key"),
        Excuse(each("delete null", "mode", "ctlog"), "it enforces by default, and asks no log for a key"),
    ),
    "SUP-008": (
        Excuse(
            each("delete null empty", "env", "args"),
            "what it fetches is not named any more, or by the other of the two",
        ),
        Excuse(
            each("delete null abroad", "reference"),
            "the volume holds no image; where its registry lies is SUP-002's to say",
        ),
        Excuse(
            each("delete null offend", ModelAnnotation.IMAGE),
            "the digest is said where the model is mounted, or is another one",
        ),
        Excuse(
            each("unknown delete null strange upper cut empty", "bucket"),
            "it comes from the account",
            "fetched from the stack's account",
        ),
    ),
    "SUP-010": (
        Excuse(each("cut", "chart"), "another chart of the same place"),
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
            each("unknown offend", "version"),
            "what the program keeps has the version that it was kept with",
            "a chart kept with the program",
        ),
        Excuse(
            each("unknown offend", "version"),
            "what the program keeps has the version that it was kept with",
            "an archive kept beside the program",
        ),
        Excuse(each("delete null", "dependencyUpdate"), "Helm fetches nothing unless told to"),
    ),
    "SUP-009": (
        *SERVES_A_MODEL,
        Excuse(each("upper cut", "image"), "another image of the same registry"),
        Excuse(
            each("delete null", "image"),
            "the other image says where the pods pull from",
            "beside one image, another made elsewhere",
        ),
        Excuse(
            each("unknown delete null strange upper cut empty", "reference"),
            "the image that runs says where the pods pull from",
        ),
    ),
    "SUP-007": (
        Excuse(each("upper", "containerRegistryId"), "Azure reads ids without regard to case"),
        Excuse(each("cut", "containerRegistryId"), "another registry"),
    ),
    "SUP-006": (
        Excuse(each("cut", "sourceRepository"), "another image of the same upstream"),
        Excuse(
            each("strange upper cut", "targetRepository", "ecrRepositoryPrefix"),
            "another prefix, from which no workload pulls either",
        ),
        Excuse(
            each("delete null strange upper cut empty", "image", "reference") + each("abroad", "image"),
            "an image from somewhere else; SUP-001 and SUP-002 judge where it comes from",
        ),
        Excuse(each("offend second", "image"), "another rule fetches that image, in the other cloud"),
    ),
}
LOGIC: dict[str, dict[str, str]] = {
    "SUP-004": {
        "never: if found.plan.parameters(Scanners).defender_elsewhere:": (
            "an example can't set parameters; test_operators_word does"
        ),
    },
}
