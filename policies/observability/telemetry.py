"""Where logs, measurements and traces go, by the addresses that collectors, exporters and streams are given."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from falaj.catalog.global_services import global_services
from falaj.catalog.providers import Provider
from policies.geography.places import uae_regions
from policies.networks.private_ranges import lies_inside, network
from policies.node import Node
from policies.outcomes import Outcome
from policies.values import UNKNOWN
from policies.workloads.workload import Workload

IN_THE_REGION: Final = "a host of the region, or one that the policy configuration names"
AT_HOME: Final = "a collector in the cluster or the region, or a host that the policy configuration names"
NO_VENDOR: Final = "no host of monitoring as a service"
_IN_THE_CLUSTER: Final = (".svc", ".cluster.local")
_LABEL: Final = re.compile(r"[a-z][a-z0-9-]*")
_CLOUDS: Final = {Provider.AWS: (".amazonaws.com", ".api.aws", ".on.aws"), Provider.AZURE: (".azure.com", ".azure.net")}
"""Domains of the clouds whose hosts say their region in one of their labels."""
_EXPORTER: Final = re.compile(r"OTEL_EXPORTER_\w*ENDPOINT|\w*OTLP_\w*ENDPOINT")
_TRACES: Final = re.compile(r"(?:opentelemetry,url=|--otlp-[a-z-]*endpoint=)(?P<address>\S+)")
_TRACES_NEXT: Final = re.compile(r"--otlp-[a-z-]*endpoint")
_VARIABLE: Final = re.compile(r"\$\((\w+)\)")
_OWN_ADDRESSES: Final = ("status.hostIP", "status.podIP")
_VENDOR: Final = re.compile(
    rf"(?<![\w-])(?:{'|'.join(re.escape(host) for host in global_services()['saas-observability'].hosts)})(?![\w-])",
    re.IGNORECASE,
)


def stays_in_the_region(node: Node, own: Collection[str]) -> Iterator[Outcome]:
    """Judge an address that a cloud sends telemetry to: in the region, or one of the operator's hosts."""
    yield from node.must(lambda address: _lies_in_the_region(_host(address), own), IN_THE_REGION)


def names_no_vendor(node: Node) -> Iterator[Outcome]:
    """Find every text, however deep inside a value, with a host of a vendor of monitoring."""
    if isinstance(node.value, Mapping):
        for name in node.value:
            yield from names_no_vendor(node[str(name)])
    elif isinstance(node.value, list):
        for element in node.items():
            yield from names_no_vendor(element)
    elif node.value is UNKNOWN or isinstance(node.value, str):
        yield from node.must(lambda text: isinstance(text, str) and not _VENDOR.search(text[:]), NO_VENDOR)


def reports_home(workload: Workload, own: Collection[str]) -> Iterator[Outcome]:
    """Judge what a workload's containers are told of where to send telemetry."""
    for container in workload.containers:
        variables = list(container["env"].items())
        known = {str(each["name"].value): each for each in variables}
        for variable in variables:
            if _EXPORTER.fullmatch(str(variable["name"].value)):
                yield from _exported(variable, known, own)
            yield from names_no_vendor(variable["value"])
        for words in (container["command"], container["args"]):
            yield from _traced(list(words.items()), own)
            yield from names_no_vendor(words)


def _exported(variable: Node, known: Mapping[str, Node], own: Collection[str]) -> Iterator[Outcome]:
    def expanded(match: re.Match[str]) -> str:
        # Kubernetes leaves what nobody sets as it is.
        other = known.get(match[1], Node(None))
        if other["valueFrom"]["fieldRef"]["fieldPath"].value in _OWN_ADDRESSES:
            return "localhost"
        value = other["value"].value
        return value[:] if isinstance(value, str) else match[0]

    yield from variable["value"].must(
        lambda text: isinstance(text, str) and _is_home(_VARIABLE.sub(expanded, text[:]), own), AT_HOME
    )


def _traced(words: list[Node], own: Collection[str]) -> Iterator[Outcome]:
    for position, word in enumerate(words):
        text = word.value if isinstance(word.value, str) else ""
        if match := _TRACES.search(text[:]):
            if not _is_home(match["address"], own):
                yield word.finding(AT_HOME)
        elif _TRACES_NEXT.fullmatch(text[:]) and position + 1 < len(words):
            yield from words[position + 1].must(lambda address: _is_home(address, own), AT_HOME)


def _is_home(address: object, own: Collection[str]) -> bool:
    host = _host(address)
    if host is None:
        return False
    if network(host) is not None:
        return lies_inside(host)
    in_the_cluster = _LABEL.fullmatch(host) is not None or host.endswith(_IN_THE_CLUSTER)
    return in_the_cluster or _lies_in_the_region(host, own)


def _lies_in_the_region(host: str | None, own: Collection[str]) -> bool:
    if host is None:
        return False
    return any(f".{host}".endswith(f".{known.lower()}") for known in own) or any(
        host.endswith(domains) and _names_a_region(host, uae_regions(cloud)) for cloud, domains in _CLOUDS.items()
    )


def _names_a_region(host: str, regions: Collection[str]) -> bool:
    # Azure numbers the stamps of a region: uaenorth-1.
    return any(re.sub(r"-\d+$", "", label) in regions or label in regions for label in host.split("."))


def _host(address: object) -> str | None:
    if not isinstance(address, str):
        return None
    text = address[:].removeprefix("jdbc:")
    try:
        host = urlsplit(text if "://" in text else f"//{text}").hostname
    except ValueError:
        return None
    return host or None
