"""TEN-009: a pool of AKS with GPUs says who installs their driver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.capacity.gpu_pools import AZURE_SIZES, judged_pools, of_azure
from policies.capacity.pools import AGENT_POOL, AKS, Pool
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import service
from policies.examples.pools import AZURE_GPU, agent_pool, aks, profile
from policies.outcomes import Outcome
from policies.templates import is_absent, is_one_of
from policies.values import UNKNOWN

RETIRED_TAG = "SkipGPUDriverInstall"
OWNERS = ("Install", "None")

CONTROL = Control(
    id="TEN-009",
    title="A pool of AKS with GPUs says who installs their driver",
    harm="AKS and the GPU operator both install one: nodes come up without GPUs, and nobody decided how pods get them.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=(AGENT_POOL, AKS), view=situated),
    reads=(*AZURE_SIZES, *of_azure("gpuProfile.driver", f"tags.{RETIRED_TAG}")),
    remedy=(
        f"Set gpuProfile.driver to Install or None when the pool is made, and take the tag {RETIRED_TAG} away; a pool "
        "that exists can't be changed, so make another."
    ),
    note="AKS installs a driver where nothing is said. The tag was its older way, which it no longer follows.",
)


@CONTROL.check
def names_the_owner(found: Situated) -> Iterator[Outcome]:
    """Find a pool with GPUs whose driver comes by default, or by a tag that means nothing any more."""
    yield from judged_pools(found, owner_of)


def owner_of(pool: Pool) -> Iterator[Outcome]:
    """Judge one pool with GPUs."""
    yield from is_one_of(pool.root["gpuProfile"]["driver"], OWNERS)
    yield from is_absent(pool.root["tags"][RETIRED_TAG], "no such tag")


def with_driver(driver: object, **properties: object) -> dict[str, Any]:
    """Describe a pool with GPUs and the owner of their driver."""
    return {"vmSize": AZURE_GPU, "gpuProfile": {"driver": driver}} | properties


CONTROL.good("AKS installs it", agent_pool(**with_driver("Install")))
CONTROL.good("the operator installs it", aks(profile(), profile(**with_driver("None", tags={"owner": "platform"}))))
CONTROL.bad(
    "nobody says",
    agent_pool(vmSize=AZURE_GPU),
    finding="gpuProfile.driver: found nothing, expected Install or None",
)
CONTROL.bad(
    "the tag of old",
    aks(profile(), profile(**with_driver("None", tags={RETIRED_TAG: "true"}))),
    finding=f"agentPoolProfiles[1].tags.{RETIRED_TAG}: found true, expected no such tag",
)
CONTROL.bad(
    "a pool that may have one of several sizes",
    agent_pool(
        vmSize=None, virtualMachinesProfile={"scale": {"manual": [{"size": "Standard_D8s_v5"}, {"size": AZURE_GPU}]}}
    ),
    finding="gpuProfile.driver: found nothing, expected Install or None",
)
CONTROL.unknown("a size made elsewhere", agent_pool(vmSize=UNKNOWN), at="vmSize")
CONTROL.unknown("an owner made elsewhere", agent_pool(**with_driver(UNKNOWN)), at="gpuProfile.driver")
CONTROL.not_applicable("a pool without GPUs", agent_pool())
CONTROL.not_applicable("a Service is no pool", service())
