"""SUP-005: the cluster verifies images before it admits them."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import service
from policies.examples.platforms import AKS, EKS, aks_cluster, eks_cluster
from policies.examples.signatures import (
    CLUSTER_POLICY,
    KEY,
    OWN_REKOR,
    bound,
    digests,
    image_policy,
    image_validation,
    kyverno,
)
from policies.node import Node
from policies.outcomes import Finding, NotApplicable, Outcome, Undecided
from policies.resources import Plan, resource
from policies.values import UNKNOWN
from policies.workloads.signatures import (
    ADMISSION,
    BINDING,
    OWN_AUTHORITY,
    OWN_LOG,
    VERIFIERS,
    enforce_digests,
    may_verify,
    stays_private,
    verifications,
)

NAMES = {EKS: "name", AKS: "resourceName"}
NOTHING = "nothing that verifies images at the cluster's door"
ONE = "a policy of Kyverno or Sigstore, or one of Kubernetes that asks for digests and is bound with Deny"
REFUSAL = "an action that refuses the image"

CONTROL = Control(
    id="SUP-005",
    title="The cluster verifies images before it admits them",
    harm="What comes into the cluster by another way than the program runs unseen, whoever made it.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(*NAMES, *VERIFIERS), view=situated, stack_wide=True, beside=(ADMISSION, BINDING)),
    reads=(
        "ClusterPolicy:spec.validationFailureAction",
        "ClusterPolicy:spec.rules[*].verifyImages[*].failureAction",
        "ClusterPolicy:spec.rules[*].verifyImages[*].type",
        "ClusterPolicy:spec.rules[*].verifyImages[*].attestors[*].entries[*].keys.rekor.ignoreTlog",
        "ClusterPolicy:spec.rules[*].verifyImages[*].attestors[*].entries[*].keys.rekor.url",
        "ClusterPolicy:spec.rules[*].verifyImages[*].attestors[*].entries[*].certificates.rekor",
        "ClusterPolicy:spec.rules[*].verifyImages[*].attestors[*].entries[*].keyless",
        "ImageValidatingPolicy:spec.validationActions",
        "ImageValidatingPolicy:spec.attestors[*].cosign.ctlog",
        "ImageValidatingPolicy:spec.attestors[*].cosign.keyless",
        "ClusterImagePolicy:spec.mode",
        "ClusterImagePolicy:spec.authorities[*].ctlog",
        "ClusterImagePolicy:spec.authorities[*].keyless",
        "ValidatingAdmissionPolicy:metadata.name",
        "ValidatingAdmissionPolicy:spec.validations[*].expression",
        "ValidatingAdmissionPolicyBinding:spec.policyName",
        "ValidatingAdmissionPolicyBinding:spec.validationActions",
    ),
    remedy=(
        "Install components.admission, or a policy that verifies signatures by a key in a UAE region; look signatures "
        "up in no public log."
    ),
    not_at_the_door=(
        "It asks what stands at the door itself: a policy of Kyverno, of Sigstore or one of Kubernetes beside the"
        " cluster."
    ),
    note=(
        "CEL can verify no signature. A policy of Kubernetes that holds images to digests is as good where digests "
        "are written down by whoever verified the image, as `falaj mirror` does. A public log or authority would only "
        "deserve a warning; here it stops the plan, because it can be replaced by a key."
    ),
)


@CONTROL.check
def verifies_images(found: Situated) -> Iterator[Outcome]:
    """Find a cluster that admits any image, and a policy that lets pass what it should refuse or asks in public."""
    if found.resource.type in NAMES:
        yield from cluster_verifies(found[NAMES[found.resource.type]], found.plan)
        return
    verified = list(verifications(found.resource))
    if not verified:
        yield NotApplicable("verifies no signature")
    for each in verified:
        yield from each.action.must(each.refuses, REFUSAL)
        for authority in each.authorities:
            yield from stays_private(authority)


def cluster_verifies(name: Node, plan: Plan) -> Iterator[Outcome]:
    """Judge a cluster by the policies that its stack puts into it; each of them is judged by itself."""
    answers: list[bool | Undecided] = [any(verifications(each)) for each in plan.resources if may_verify(each.type)]
    answers += enforce_digests(plan.of_type(ADMISSION), plan.of_type(BINDING))
    if True not in answers:
        not_known: list[Outcome] = [answer for answer in answers if isinstance(answer, Undecided)]
        yield from not_known or [Finding(name.path, NOTHING, ONE)]


def keyless(**properties: object) -> dict[str, object]:
    """Describe an authority that lets anyone sign whom a certificate authority names."""
    return {"keyless": {"issuer": "https://issuer.acme.ae", "subject": "builder", **properties}}


ENTRY = "spec.rules[0].verifyImages[0].attestors[0].entries[0]"
NO_POLICY = f"found {NOTHING}, expected {ONE}"
ROOTS = "-----BEGIN CERTIFICATE-----"

CONTROL.good("a key, by Kyverno", eks_cluster(), kyverno())
CONTROL.good("a key, by Sigstore", aks_cluster(), image_policy())
CONTROL.good("digests, by Kubernetes", eks_cluster(), digests(), bound())
CONTROL.good(
    "digests, under a name that the cluster gives",
    aks_cluster(),
    digests(UNKNOWN),
    bound(UNKNOWN, made_from=[digests().urn]),
    digests("other", UNKNOWN),
    bound("elsewhere", ("Warn",)),
)
CONTROL.good("a key, published in a log of our own", kyverno({"keys": {"kms": KEY, "rekor": {"url": OWN_REKOR}}}))
CONTROL.good(
    "certificates of our own, whoever they name",
    kyverno(
        keyless(roots=ROOTS, rekor={"ignoreTlog": True}),
        {"certificates": {"cert": ROOTS, "rekor": {"ignoreTlog": True}}},
        action=None,
        validationFailureAction="enforce",
    ),
)
CONTROL.good("Notary's certificates, which no log knows", kyverno({"certificates": {"cert": ROOTS}}, kind="Notary"))
CONTROL.good("a key, by Kyverno's newer policy", image_validation(validationActions=["Deny", "Audit"]))
CONTROL.good("no Cosign, by Kyverno's newer policy", image_validation({"notary": {"certs": {"value": ROOTS}}}))
CONTROL.good(
    "a key and a log of our own, by Sigstore",
    image_policy({"key": {"kms": KEY}, "ctlog": {"trustRootRef": "acme"}}, mode="enforce"),
)
CONTROL.good(
    "an authority of our own, by Sigstore",
    image_policy({**keyless(url="https://fulcio.acme.ae"), "ctlog": {"url": OWN_REKOR}}),
)
CONTROL.bad("EKS admits anything", eks_cluster(), finding=f"name: {NO_POLICY}")
CONTROL.bad(
    "AKS admits anything",
    aks_cluster(),
    digests(expression="object.spec.replicas > 1"),
    bound(),
    finding=f"resourceName: {NO_POLICY}",
)
CONTROL.bad(
    "digests, of which it only warns", eks_cluster(), digests(), bound(actions=("Warn",)), finding=f"name: {NO_POLICY}"
)
CONTROL.bad("digests, bound nowhere", eks_cluster(), digests(), bound("other"), finding=f"name: {NO_POLICY}")
CONTROL.bad(
    "a policy that only takes notes",
    kyverno(action="Audit"),
    finding=f"spec.rules[0].verifyImages[0].failureAction: found Audit, expected {REFUSAL}",
)
CONTROL.bad(
    "a newer policy that only takes notes",
    image_validation(validationActions=["Audit"]),
    finding=f'spec.validationActions: found ["Audit"], expected {REFUSAL}',
)
CONTROL.bad("a policy that only warns", image_policy(mode="warn"), finding=f"spec.mode: found warn, expected {REFUSAL}")
CONTROL.bad(
    "the public log by default",
    kyverno({"keys": {"kms": KEY}}),
    finding=f"{ENTRY}.keys.rekor.url: found nothing, expected {OWN_LOG}",
)
CONTROL.bad(
    "the public log and authority, by Kyverno",
    kyverno(keyless(rekor={"url": "https://rekor.sigstore.dev"})),
    finding=(
        f"{ENTRY}.keyless.rekor.url: found https://rekor.sigstore.dev, expected {OWN_LOG}",
        f"{ENTRY}.keyless.url: found nothing, expected {OWN_AUTHORITY}",
    ),
)
CONTROL.bad(
    "the public log and authority, by Kyverno's newer policy",
    image_validation({"cosign": keyless()}),
    finding=(
        f"spec.attestors[0].cosign.ctlog.url: found nothing, expected {OWN_LOG}",
        f"spec.attestors[0].cosign.keyless.url: found nothing, expected {OWN_AUTHORITY}",
    ),
)
CONTROL.bad(
    "the public log and authority, by Sigstore",
    image_policy({**keyless(url="https://fulcio.sigstore.dev"), "ctlog": {"url": "https://sigstore.dev"}}),
    finding=(
        f"spec.authorities[0].ctlog.url: found https://sigstore.dev, expected {OWN_LOG}",
        f"spec.authorities[0].keyless.url: found https://fulcio.sigstore.dev, expected {OWN_AUTHORITY}",
    ),
)
CONTROL.unknown("an action from elsewhere", kyverno(action=UNKNOWN), at="spec.rules[0].verifyImages[0].failureAction")
CONTROL.unknown(
    "published or not",
    kyverno({"keys": {"kms": KEY, "rekor": {"ignoreTlog": UNKNOWN}}}),
    at=f"{ENTRY}.keys.rekor.ignoreTlog",
)
CONTROL.unknown("some rule", eks_cluster(), digests(expression=UNKNOWN), bound(), at="spec.validations[0].expression")
CONTROL.unknown("bound to something", eks_cluster(), digests(), bound(UNKNOWN), at="spec.policyName")
CONTROL.unknown("bound to something else, perhaps", eks_cluster(), digests(UNKNOWN), bound(), at="metadata.name")
CONTROL.unknown("bound somehow", eks_cluster(), digests(), bound(actions=UNKNOWN), at="spec.validationActions")
CONTROL.not_applicable("a policy about something else", resource(CLUSTER_POLICY, {"spec": {"rules": []}}))
CONTROL.not_applicable("a Service has no door", service())
