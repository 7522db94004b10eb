"""What it means that a part for GPUs could not be made: everything else stands, and serves on CPUs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from falaj.cli.console import messages
from falaj.cli.display import Display
from falaj.errors import DeploymentError

FOR_GPUS = re.compile(
    r"falaj:index:(EksNodePool|AksNodePool|GpuRuntime|StartupTaint|ExpanderPriorities)\b.*::gpu-[^:]*$"
)
"""URNs of what an environment makes for GPUs alone; none of its other parts needs any of these."""
POOL = re.compile(r"::gpu-pool-([a-z0-9]+)(-[^:]*)?$")


@contextmanager
def reported(stack: str, display: Display) -> Iterator[None]:
    """Say what stands where nothing failed but a part for GPUs; the failure is raised as it is."""
    try:
        yield
    except DeploymentError:
        sentence = serves_on_cpus(stack, display.failed)
        if sentence is not None:
            messages.print(sentence, style="yellow", markup=False)
        raise


def serves_on_cpus(stack: str, failed: Collection[str]) -> str | None:
    """Return what to tell whoever deployed, where nothing failed but what is there for GPUs; None otherwise."""
    if not failed or not all(FOR_GPUS.search(urn) for urn in failed):
        return None
    pools = sorted({found[1] for urn in failed if (found := POOL.search(urn))})
    what = f"The GPU pool{'s' if len(pools) > 1 else ''} {' and '.join(pools)}" if pools else "What makes GPUs usable"
    return (
        f"{what} could not be made; everything else of {stack} stands and serves on CPUs, endpoints that ask for GPUs "
        f"wait, and `falaj up -s {stack}` tries again what is missing."
    )
