"""What a router receives and sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.serving.flows import between, from_clients, log_of, measurements
from components.serving.triton_pods import METRICS_PORT

if TYPE_CHECKING:
    from components.model_endpoint.spec import ModelEndpointSpec
    from falaj.catalog.data_flows import DataFlow


def flows_of(spec: ModelEndpointSpec) -> tuple[DataFlow, ...]:
    """Return the data flows of the router: requests in, the same on to a runtime, measurements, log lines."""
    own = spec.own
    router = f"{own.namespace}/{own.endpoint}"
    return (
        *from_clients(own),
        *between(spec.cpu, router),
        *between(spec.gpu, router),
        *measurements(spec.gpu, METRICS_PORT),
        log_of(own),
    )
