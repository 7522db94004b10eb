"""TLS-002: every listener speaks TLS."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.kubernetes import gateway, ingress, listener, service
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Resource
from policies.values import UNKNOWN
from policies.workloads.kinds import INGRESSES, LISTENERS

CONTROL = Control(
    id="TLS-002",
    title="Every listener speaks TLS",
    harm="Requests to a model carry personal data: in the clear, everyone on the way reads them.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(*LISTENERS, *INGRESSES), view=as_is),
    reads=(
        "spec.listeners[*].protocol",
        "spec.listeners[*].tls.mode",
        "spec.listeners[*].tls.certificateRefs",
        "Ingress:spec.rules[*].host",
        "Ingress:spec.tls",
        "Ingress:spec.tls[*].hosts",
    ),
    remedy="Give each Gateway listener protocol HTTPS and tls.certificateRefs, each Ingress host an entry in spec.tls.",
    admits=(
        "object.kind == 'Ingress' ? dyn(object).spec.?tls.orValue([]).size() > 0 && "
        "dyn(object).spec.?rules.orValue([]).all(rule, rule.?host.orValue('') != '' && "
        "dyn(object).spec.tls.exists(entry, "
        "entry.?hosts.orValue([]).exists(host, host == rule.host || "
        "host == '*.' + rule.host.substring(rule.host.indexOf('.') + 1)))) : "
        "dyn(object).spec.?listeners.orValue([]).all(l, l.protocol in ['HTTPS', 'TLS'] && "
        "(l.protocol != 'HTTPS' && l.?tls.mode.orValue('') == 'Passthrough' || "
        "l.?tls.certificateRefs.orValue([]).size() > 0))"
    ),
    note="The catalogue speaks of Ingress alone; listeners of a Gateway are the same door, so they are judged too.",
)


@CONTROL.check
def speaks_tls(found: Resource) -> Iterator[Outcome]:
    """Find each listener or host that can be reached in the clear."""
    if found.type in INGRESSES:
        yield from ingress_speaks_tls(found["spec"])
        return
    for each in found["spec"]["listeners"].items():
        yield from each["protocol"].must(lambda value: value in ("HTTPS", "TLS"), "HTTPS or TLS")
        # Only a passthrough leaves the certificate to the server behind it.
        if each["protocol"].value == "HTTPS" or each["tls"]["mode"].value != "Passthrough":
            yield from each["tls"]["certificateRefs"].must(bool, "the Secret with the certificate")


def ingress_speaks_tls(spec: Node) -> Iterator[Outcome]:
    """Find each host of an Ingress that no entry of its TLS section covers."""
    entries = list(spec["tls"].items())
    if not entries:
        yield spec["tls"].finding("an entry for each host")
    covered: set[object] = set()
    for entry in entries:
        if not entry["hosts"].known:
            yield entry["hosts"].undecided
            return
        covered.update(host.value for host in entry["hosts"].items())
    for rule in spec["rules"].items() if entries else ():
        yield from rule["host"].must(lambda host: is_covered(host, covered), "a host that spec.tls covers")


def is_covered(host: object, covered: set[object]) -> bool:
    """Tell whether a certificate for the covered names serves the host; no host stands for all of them."""
    if not isinstance(host, str):
        return False
    return host in covered or f"*.{host.partition('.')[2]}" in covered


CONTROL.good("HTTPS with a certificate", gateway())
CONTROL.good(
    "TLS passed through to a server with its own", gateway(listener(protocol="TLS", tls={"mode": "Passthrough"}))
)
CONTROL.good("Ingress over TLS", ingress())
CONTROL.good("Ingress under a wildcard", ingress(tls=[{"hosts": ["*.acme.example.ae"], "secretName": "acme-wildcard"}]))
CONTROL.bad(
    "plain HTTP beside HTTPS",
    gateway(listener(), listener(name="http", port=8080, protocol="HTTP", tls=None)),
    finding=(
        "spec.listeners[1].protocol: found HTTP, expected HTTPS or TLS",
        "spec.listeners[1].tls.certificateRefs: found nothing, expected the Secret with the certificate",
    ),
)
CONTROL.bad(
    "HTTPS without a certificate",
    gateway(listener(tls={"certificateRefs": []})),
    finding="spec.listeners[0].tls.certificateRefs: found [], expected the Secret with the certificate",
)
CONTROL.bad(
    "HTTPS passed through, which no gateway can route",
    gateway(listener(tls={"mode": "Passthrough"})),
    finding="spec.listeners[0].tls.certificateRefs: found nothing, expected the Secret with the certificate",
)
CONTROL.bad(
    "Ingress without TLS", ingress(tls=None), finding="spec.tls: found nothing, expected an entry for each host"
)
CONTROL.bad(
    "a host left out",
    ingress(rules=[{"host": "iris.acme.example.ae"}, {"host": "iris.zenith.example.ae"}, {"http": {}}]),
    finding=(
        "spec.rules[1].host: found iris.zenith.example.ae, expected a host that spec.tls covers",
        "spec.rules[2].host: found nothing, expected a host that spec.tls covers",
    ),
)
CONTROL.unknown("listener made elsewhere", gateway(listener(protocol=UNKNOWN)), at="spec.listeners[0].protocol")
CONTROL.unknown("hosts made elsewhere", ingress(tls=[{"hosts": UNKNOWN}]), at="spec.tls[0].hosts")
CONTROL.not_applicable("a Service has no listener of its own", service())
