"""What a model server receives, reads and sends, and where its named ends lie."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from components.gateway.names import CLIENTS_END, ENTRY_PORT, GATEWAY_END
from components.serving.pods import GRPC_PORT, HTTP_PORT
from components.zero_trust.edges import End
from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption

if TYPE_CHECKING:
    from components.serving.spec import CallSpec, ServerSpec


def flows_of(spec: ServerSpec) -> tuple[DataFlow, ...]:
    """Return the data flows of one endpoint: requests in, the model, log lines, and the calls its spec names."""
    workload = f"{spec.namespace}/{spec.endpoint}"
    requests = from_clients(spec) if spec.behind is None else between(spec, f"{spec.namespace}/{spec.behind}")
    return (*requests, _model(spec, workload), log_of(spec), *(_call(workload, call) for call in spec.calls))


def from_clients(spec: ServerSpec) -> tuple[DataFlow, ...]:
    """Return what comes from clients through the gateway."""
    entry = DataFlow(
        source=CLIENTS_END,
        sink=GATEWAY_END,
        region=spec.region,
        data_class=spec.data_class,
        channel=Channel.HTTPS,
        port=ENTRY_PORT,
        encryption=Encryption.TLS,
        purpose=_purpose(spec),
    )
    return (entry, *between(spec, GATEWAY_END))


def between(spec: ServerSpec, caller: str) -> tuple[DataFlow, ...]:
    """Return what comes from a caller inside the cluster, both ways that the protocol has."""
    inside = partial(
        DataFlow,
        source=caller,
        sink=f"{spec.namespace}/{spec.endpoint}",
        region=spec.region,
        data_class=spec.data_class,
        encryption=Encryption.CLUSTER_NETWORK,
        purpose=_purpose(spec),
    )
    return (inside(channel=Channel.HTTP, port=HTTP_PORT), inside(channel=Channel.GRPC, port=GRPC_PORT))


def measurements(spec: ServerSpec, port: int) -> tuple[DataFlow, ...]:
    """Return what the workload before it reads of its queue and its GPUs, where these have a port of their own."""
    if spec.behind is None:
        return ()
    return (
        DataFlow(
            source=f"{spec.namespace}/{spec.behind}",
            sink=f"{spec.namespace}/{spec.endpoint}",
            region=spec.region,
            data_class=DataClass.OPERATIONAL,
            channel=Channel.METRICS,
            port=port,
            encryption=Encryption.CLUSTER_NETWORK,
            purpose=f"queue and GPUs of {spec.endpoint}, without request content",
        ),
    )


def log_of(spec: ServerSpec) -> DataFlow:
    """Return what is written down on the node."""
    return DataFlow(
        source=f"{spec.namespace}/{spec.endpoint}",
        sink="node/logs",
        region=spec.region,
        data_class=DataClass.OPERATIONAL,
        channel=Channel.LOG,
        encryption=Encryption.NODE,
        purpose="log lines without request content",
    )


def _purpose(spec: ServerSpec) -> str:
    return f"requests to {spec.endpoint} of {spec.tenant} and their answers"


def _model(spec: ServerSpec, workload: str) -> DataFlow:
    return DataFlow(
        source="node/images",
        sink=workload,
        region=spec.region,
        data_class=DataClass.INTERNAL,
        channel=Channel.IMAGE_VOLUME,
        encryption=Encryption.NODE,
        purpose=f"model {spec.model}, mounted read-only",
    )


def ends_of(spec: ServerSpec) -> dict[str, End]:
    """Return where the services lie that the endpoint may call."""
    return {call.name: End(peers=[{"ip_block": {"cidr": call.address}}]) for call in spec.calls}


def _call(workload: str, call: CallSpec) -> DataFlow:
    encrypted = call.encryption in (Encryption.TLS, Encryption.MUTUAL_TLS)
    return DataFlow(
        source=workload,
        sink=call.name,
        data_class=call.data_class,
        region=call.region,
        channel=Channel.HTTPS if encrypted else Channel.HTTP,
        port=call.port,
        encryption=call.encryption,
        purpose=call.purpose,
    )
