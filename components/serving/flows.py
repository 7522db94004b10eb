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
    return (*_requests(spec, workload), *_own(spec, workload), *(_call(workload, call) for call in spec.calls))


def _requests(spec: ServerSpec, workload: str) -> tuple[DataFlow, ...]:
    flow = partial(
        DataFlow,
        region=spec.region,
        data_class=spec.data_class,
        purpose=f"requests to {spec.endpoint} of {spec.tenant} and their answers",
    )
    inside = partial(flow, source=GATEWAY_END, sink=workload, encryption=Encryption.CLUSTER_NETWORK)
    return (
        flow(
            source=CLIENTS_END,
            sink=GATEWAY_END,
            channel=Channel.HTTPS,
            port=ENTRY_PORT,
            encryption=Encryption.TLS,
        ),
        inside(channel=Channel.HTTP, port=HTTP_PORT),
        inside(channel=Channel.GRPC, port=GRPC_PORT),
    )


def _own(spec: ServerSpec, workload: str) -> tuple[DataFlow, ...]:
    flow = partial(DataFlow, region=spec.region)
    return (
        flow(
            source="node/images",
            sink=workload,
            data_class=DataClass.INTERNAL,
            channel=Channel.IMAGE_VOLUME,
            encryption=Encryption.NODE,
            purpose=f"model {spec.model}, mounted read-only",
        ),
        flow(
            source=workload,
            sink="node/logs",
            data_class=DataClass.OPERATIONAL,
            channel=Channel.LOG,
            encryption=Encryption.NODE,
            purpose="log lines without request content",
        ),
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
