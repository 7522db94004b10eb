"""Policies of a cluster that verify images when they are admitted: by signature, or by digest.

Source: https://kyverno.io/docs/policy-types, https://docs.sigstore.dev/policy-controller/overview,
https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from policies.geography.card_hosts import host_of
from policies.node import Node
from policies.outcomes import Outcome, Undecided
from policies.resources import Resource
from policies.values import UNKNOWN

VERIFIERS: Final = ("kubernetes:kyverno.io/*", "kubernetes:policies.kyverno.io/*", "kubernetes:policy.sigstore.dev/*")
"""Custom resources among which those lie that verify signatures."""
ADMISSION: Final = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy"
BINDING: Final = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding"
PUBLIC: Final = "sigstore.dev"
"""Domain of the log and the authority that everybody may read."""
DIGEST: Final = "sha256:"
OWN_LOG: Final = "the address of a log of your own, or no log"
OWN_AUTHORITY: Final = "a certificate authority of your own"
_ROOTS: Final = ("roots", "trustRootRef", "ca-cert")


@dataclass(frozen=True, slots=True)
class Authority:
    """Whoever has to have signed."""

    keyless: Node
    """Present where anyone may sign whom a certificate authority names."""
    log: Node
    """Where it is looked up that the signature was published; without an address, in the public log."""
    unless: Node
    """The value that, where it is set, keeps it from being looked up in public."""


@dataclass(frozen=True, slots=True)
class Verification:
    """One place of a policy where signatures are verified."""

    action: Node
    """What happens to an image that fails."""
    refuses: Callable[[object], bool]
    """Whether an action refuses it."""
    authorities: tuple[Authority, ...]


def verifications(policy: Resource) -> Iterator[Verification]:
    """Yield every place where a policy of any of the known kinds verifies signatures."""
    kind, spec = policy.type.rpartition(":")[2], policy["spec"]
    if kind == "ClusterPolicy":
        for images in spec.select("rules[].verifyImages[]"):
            action = images["failureAction"].or_else(spec["validationFailureAction"])
            yield Verification(action, lambda said: said in ("Enforce", "enforce"), tuple(_of_kyverno(images)))
    elif kind == "ImageValidatingPolicy" and list(spec["attestors"].items()):
        yield Verification(spec["validationActions"], _denies, tuple(_of_cosign(spec)))
    elif kind == "ClusterImagePolicy" and list(spec["authorities"].items()):
        yield Verification(spec["mode"], lambda said: said in (None, "enforce"), tuple(_of_sigstore(spec)))


def _denies(actions: object) -> bool:
    return actions is None or (isinstance(actions, list) and "Deny" in actions)


def _of_kyverno(images: Node) -> Iterator[Authority]:
    for entry in images.select("attestors[].entries[]") if images["type"].value != "Notary" else ():
        for way in ("keys", "certificates", "keyless"):
            if entry[way].value is not None:
                log = entry[way]["rekor"]
                yield Authority(entry["keyless"], log, log["ignoreTlog"])


def _of_cosign(spec: Node) -> Iterator[Authority]:
    for attestor in spec["attestors"].items():
        cosign = attestor["cosign"]
        if cosign.value is not None:
            yield Authority(cosign["keyless"], cosign["ctlog"], cosign["ctlog"]["insecureIgnoreTlog"])


def _of_sigstore(spec: Node) -> Iterator[Authority]:
    for each in spec["authorities"].items():
        log, keyless = each["ctlog"], each["keyless"]
        # With a key, the log is asked where one is named; without, in any case.
        without = log["trustRootRef"] if log.value is not None or keyless.value is not None else Node(value=True)
        yield Authority(keyless, log, without)


def stays_private(authority: Authority) -> Iterator[Outcome]:
    """Find an authority, or a log, that is everybody's: what is run here would be asked for there."""
    if not authority.unless.known:
        yield authority.unless.undecided
    elif not authority.unless.value:
        yield from authority.log["url"].must(is_our_own, OWN_LOG)
    keyless = authority.keyless
    if keyless.value is UNKNOWN:
        yield keyless.undecided
    elif keyless.value is not None and not any(keyless[name].value for name in _ROOTS):
        yield from keyless["url"].must(is_our_own, OWN_AUTHORITY)


def is_our_own(address: object) -> bool:
    """Tell whether an address is given, and not one of the public good."""
    host = host_of(address, ("http", "https"))
    return host is not None and host != PUBLIC and not host.endswith(f".{PUBLIC}")


def may_verify(token: str) -> bool:
    """Tell whether resources of a type may be policies that verify signatures."""
    return token.startswith(tuple(prefix.removesuffix("*") for prefix in VERIFIERS))


def enforce_digests(policies: Iterable[Resource], bindings: Iterable[Resource]) -> Iterator[bool | Undecided]:
    """Tell of each pair whether an admission policy of Kubernetes asks for digests and its binding refuses the rest.

    Where that is not known yet, yield what it hangs on. A pair of which either part says no is passed over.
    """
    denying = [(each, denies) for each in bindings if (denies := _denies_by(each)) is not False]
    for policy in policies:
        if (asks := _asks_for_digests(policy)) is False:
            continue
        for binding, denies in denying:
            answers = [asks, _binds(binding, policy), denies]
            if False not in answers:
                yield next((answer for answer in answers if isinstance(answer, Undecided)), True)


def _asks_for_digests(policy: Resource) -> bool | Undecided:
    expressions = [each["expression"] for each in policy["spec"]["validations"].items()]
    if any(isinstance(each.value, str) and DIGEST in each.value for each in expressions):
        return True
    return next((replace(each.undecided, urn=policy.urn) for each in expressions if not each.known), False)


def _binds(binding: Resource, policy: Resource) -> bool | Undecided:
    if policy.urn in binding.property_dependencies.get("spec", ()):
        return True
    named, own = binding["spec"]["policyName"], policy["metadata"]["name"]
    for node, holder in ((named, binding), (own, policy)):
        if not node.known:
            return replace(node.undecided, urn=holder.urn)
    return bool(named.value == own.value)


def _denies_by(binding: Resource) -> bool | Undecided:
    actions = binding["spec"]["validationActions"]
    if not actions.known:
        return replace(actions.undecided, urn=binding.urn)
    return isinstance(actions.value, list) and "Deny" in actions.value
