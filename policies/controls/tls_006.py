"""TLS-006: services of a cluster prove to each other who they are, over TLS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import service
from policies.examples.transport import AKS_CLUSTER, EKS_CLUSTER, PEERS, aks_mesh, eks, peer_authentication
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Resource
from policies.templates import is_absent, is_one_of
from policies.values import UNKNOWN

CLUSTERS = (EKS_CLUSTER, AKS_CLUSTER)
STRICT = "STRICT"
OF_THE_WHOLE_MESH = ("istio-system", "aks-istio-system")
"""Where a PeerAuthentication holds for every namespace: Istio's own room, and that of Azure's add-on."""
PEER_READS = ("metadata.namespace", "spec.selector", "spec.mtls.mode", "spec.portLevelMtls")
WANTED = "a PeerAuthentication of the whole mesh in mode STRICT"

CONTROL = Control(
    id="TLS-006",
    title="Services of a cluster prove to each other who they are, over TLS",
    harm="Whoever gets into one node reads what gateway and model servers tell each other, and can pose as one.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=(*CLUSTERS, *(f"{token}*" for token in PEERS)), view=situated, stack_wide=True),
    reads=(
        f"{AKS_CLUSTER}:serviceMeshProfile.mode",
        *(f"{kind}:{path}" for kind in ("PeerAuthentication", "PeerAuthenticationPatch") for path in PEER_READS),
    ),
    remedy=(
        "Run Istio (AKS: serviceMeshProfile.mode Istio) and give its root namespace a PeerAuthentication without "
        "selector, with spec.mtls.mode STRICT."
    ),
    admits=(
        f"object.?spec.mtls.mode.orValue('') == '{STRICT}' && [object.?spec.portLevelMtls.orValue({{}})].all(ports, "
        f"type(ports) == map && ports.all(port, ports[port].?mode.orValue('') in ['{STRICT}', 'UNSET']))"
    ),
    only_in_a_plan="whether a cluster has a mesh at all.",
    note=(
        "AKS is asked for its add-on, as the catalogue says; a mesh that the stack brings counts on both clouds. "
        "A mesh of another stack can't be seen from here. Where there is none, walls between namespaces are the only "
        "protection inside a cluster."
    ),
)


@CONTROL.check
def speaks_mutual_tls(found: Situated) -> Iterator[Outcome]:
    """Find a cluster without a strict mesh, and a rule that takes plain connections beside it."""
    if found.resource.type in CLUSTERS:
        yield from has_a_strict_mesh(found)
        return
    ports = found["spec"]["portLevelMtls"]
    yield from is_one_of(found["spec"]["mtls"]["mode"], (STRICT,))
    if isinstance(ports.value, dict):
        for port in ports.value:
            yield from is_one_of(ports[port]["mode"], (STRICT, "UNSET"))
    else:
        yield from is_absent(ports)


def has_a_strict_mesh(found: Situated) -> Iterator[Outcome]:
    """Find a cluster that neither has a mesh of its own nor gets one from the stack."""
    answers = [(rule, is_of_the_whole_mesh(rule)) for rule in found.plan.of_type(*PEERS)]
    mode = found["serviceMeshProfile"]["mode"]
    if any(answer is True for _, answer in answers):
        return
    for rule, answer in answers:
        if answer is None:
            yield replace(next(each for each in grounds(rule) if not each.known).undecided, urn=rule.urn)
            return
    if found.resource.type == AKS_CLUSTER:
        yield from is_one_of(mode, ("Istio",), f"Istio, or {WANTED}")
    else:
        yield replace(found["name"].finding(WANTED), found="no mesh in this stack")


def is_of_the_whole_mesh(rule: Resource) -> bool | None:
    """Tell whether a rule makes every service strict; `None` when that is not known."""
    namespace, selector, mode = grounds(rule)
    answers = (
        namespace.value in OF_THE_WHOLE_MESH if namespace.known else None,
        not selector.value if selector.known else None,
        mode.value == STRICT if mode.known else None,
    )
    if False in answers:
        return False
    return None if None in answers else True


def grounds(rule: Resource) -> tuple[Node, Node, Node]:
    """Return what decides whether a rule makes every service strict."""
    return rule["metadata"]["namespace"], rule["spec"]["selector"], rule["spec"]["mtls"]["mode"]


NO_MESH = f"name: found no mesh in this stack, expected {WANTED}"
CONTROL.good("the add-on of AKS", aks_mesh(mode="Istio"))
CONTROL.good("a strict mesh beside EKS", eks(), peer_authentication())
CONTROL.good("a strict mesh beside AKS", aks_mesh(), peer_authentication(namespace="aks-istio-system"))
CONTROL.good("a strict rule", peer_authentication())
CONTROL.good("of the older version", peer_authentication(token=PEERS[1]))
CONTROL.good("strict at one port too", peer_authentication(portLevelMtls={"8080": {"mode": STRICT}}))
CONTROL.good("as the others at one port", peer_authentication(portLevelMtls={"8080": {"mode": "UNSET"}}))
CONTROL.bad("EKS alone", eks(), finding=NO_MESH)
CONTROL.bad(
    "AKS alone",
    aks_mesh(),
    finding=f"serviceMeshProfile.mode: found nothing, expected Istio, or {WANTED}",
)
CONTROL.bad(
    "the add-on switched off",
    aks_mesh(mode="Disabled"),
    finding=f"serviceMeshProfile.mode: found Disabled, expected Istio, or {WANTED}",
)
CONTROL.bad("strict in one namespace", eks(), peer_authentication(namespace="acme"), finding=NO_MESH)
CONTROL.bad("strict for some", eks(), peer_authentication(selector={"matchLabels": {"app": "iris"}}), finding=NO_MESH)
CONTROL.bad("permissive everywhere", eks(), peer_authentication(mode="PERMISSIVE"), finding=NO_MESH)
CONTROL.bad(
    "a rule that says nothing",
    peer_authentication(mode=None),
    finding="spec.mtls.mode: found nothing, expected STRICT",
)
CONTROL.bad(
    "a port left plain",
    peer_authentication(portLevelMtls={"8080": {"mode": "DISABLE"}}),
    finding='spec.portLevelMtls["8080"].mode: found DISABLE, expected STRICT or UNSET',
)
CONTROL.bad(
    "ports in another shape",
    peer_authentication(portLevelMtls=["8080"]),
    finding='spec.portLevelMtls: found ["8080"], expected nothing',
)
CONTROL.unknown("mode made elsewhere", peer_authentication(mode=UNKNOWN), at="spec.mtls.mode")
CONTROL.unknown("ports made elsewhere", peer_authentication(portLevelMtls=UNKNOWN), at="spec.portLevelMtls")
CONTROL.unknown("add-on made elsewhere", aks_mesh(mode=UNKNOWN), at="serviceMeshProfile.mode")
CONTROL.unknown(
    "a rule of nobody knows which namespace",
    eks(),
    peer_authentication(namespace=UNKNOWN),
    at="metadata.namespace",
)
CONTROL.unknown("a rule for nobody knows whom", eks(), peer_authentication(selector=UNKNOWN), at="spec.selector")
CONTROL.unknown("a rule of nobody knows which mode", eks(), peer_authentication(mode=UNKNOWN), at="spec.mtls.mode")
CONTROL.not_applicable("a Service alone says nothing of a mesh", service())
