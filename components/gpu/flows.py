"""What the GPU runtime moves: settings from the API server, measurements, packages. No request and no model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.gateway.names import API_SERVER_END
from components.gpu.configuration import package_sources
from components.gpu.names import (
    DISCOVERY_END,
    GATE_END,
    METRICS_PORT,
    METRICS_READERS_END,
    OPERANDS_END,
    OPERATOR_END,
    PACKAGES_END,
)
from components.zero_trust.edges import End
from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from components.gpu.runtime_spec import GpuRuntimeSpec


def reads_api(source: str, region: str, purpose: str) -> DataFlow:
    """Return the flow of a workload that asks the API server for its orders."""
    return DataFlow(
        source=source,
        sink=API_SERVER_END,
        data_class=DataClass.OPERATIONAL,
        region=region,
        channel=Channel.HTTPS,
        port=443,
        encryption=Encryption.TLS,
        purpose=purpose,
    )


def flows_of(spec: GpuRuntimeSpec, *, measured: bool) -> tuple[DataFlow, ...]:
    """Return the runtime's flows; `measured` says whether anybody collects its measurements."""
    return (
        reads_api(OPERATOR_END, spec.region, "reads the cluster's policy for GPUs, starts its parts on nodes"),
        reads_api(DISCOVERY_END, spec.region, "labels nodes with their hardware"),
        reads_api(OPERANDS_END, spec.region, "reads how a node's GPUs are shared and divided, reports their state"),
        reads_api(GATE_END, spec.region, "lets pods onto nodes whose GPUs can be had"),
        DataFlow(
            source=OPERANDS_END,
            sink="node/logs",
            data_class=DataClass.OPERATIONAL,
            region=spec.region,
            channel=Channel.LOG,
            encryption=Encryption.NODE,
            purpose="log lines of drivers and GPUs",
        ),
        *([_measurements(spec.region)] if measured else []),
        *_packages(spec),
    )


def _measurements(region: str) -> DataFlow:
    return DataFlow(
        source=METRICS_READERS_END,
        sink=OPERANDS_END,
        data_class=DataClass.OPERATIONAL,
        region=region,
        channel=Channel.METRICS,
        port=METRICS_PORT,
        encryption=Encryption.CLUSTER_NETWORK,
        purpose="use and health of GPUs by tenant and endpoint, without content of requests",
    )


def _packages(spec: GpuRuntimeSpec) -> Iterator[DataFlow]:
    if spec.packages is None or package_sources(spec) is None:
        return
    yield DataFlow(
        source=OPERANDS_END,
        sink=PACKAGES_END,
        data_class=DataClass.PUBLIC,
        region=spec.region,
        channel=Channel.HTTPS,
        port=spec.packages.port,
        encryption=Encryption.TLS,
        purpose="headers of the node's kernel, against which the driver is built",
    )


def ends_of(spec: GpuRuntimeSpec, *, api_server: End, metrics_readers: End | None) -> dict[str, End]:
    """Return what the named ends of the flows are in the cluster's terms."""
    ends = {API_SERVER_END: api_server}
    if metrics_readers is not None:
        ends[METRICS_READERS_END] = metrics_readers
    if spec.packages is not None:
        ends[PACKAGES_END] = End(peers=[{"ip_block": {"cidr": spec.packages.address}}])
    return ends
