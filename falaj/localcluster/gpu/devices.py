"""The made-up cards of a node, and the units of them that pods ask for, as the device plugin and exporter read them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter

from falaj.catalog.gpus import mig_resource
from falaj.localcluster.gpu.parts import DEVICES
from falaj.localcluster.gpu.request import GpuNode
from falaj.localcluster.places import Places

WHOLE_RESOURCE = "nvidia.com/gpu"
MEBIBYTES = 1024
"""In what makers call a gigabyte of a card."""
IDLE_WATTS, LIMIT_WATTS = 60.0, 400.0
"""Of every card, whatever its kind: nothing draws power here."""
_PROFILE_MEMORY = re.compile(r"\.(\d+)gb")


@dataclass(frozen=True)
class Instance:
    """A MIG slice of a card."""

    uuid: str
    id: int
    profile: str
    memory: int


@dataclass(frozen=True)
class Card:
    """A card, whole or divided."""

    uuid: str
    index: int
    model: str
    pci_bus_id: str
    memory: int
    instances: tuple[Instance, ...]
    idle_watts: float = IDLE_WATTS
    limit_watts: float = LIMIT_WATTS


@dataclass(frozen=True)
class Unit:
    """What a pod gets that asks for one."""

    id: str
    uuid: str
    gpu: str
    file: str


@dataclass(frozen=True)
class Resource:
    """What pods ask for, and the units of it."""

    name: str
    units: tuple[Unit, ...]


@dataclass(frozen=True)
class Devices:
    """All that a node has."""

    node: str
    gpus: tuple[Card, ...]
    resources: tuple[Resource, ...]

    def memory(self) -> dict[str, int]:
        """The memory of each card and slice that can be held, in MiB, by its UUID."""
        whole = {card.uuid: card.memory for card in self.gpus}
        return whole | {part.uuid: part.memory for card in self.gpus for part in card.instances}

    def capacity(self) -> dict[str, int]:
        """How many units of each resource there are."""
        return {resource.name: len(resource.units) for resource in self.resources}

    def text(self) -> str:
        """What the device plugin and the exporter read."""
        return json.dumps(asdict(self), indent=1)


_DEVICES = TypeAdapter(Devices)


def make(node: str, wanted: GpuNode) -> Devices:
    """Make the cards that were asked for, and the resources they are handed out as."""
    divided = wanted.divided if wanted.divided is not None else wanted.count if wanted.mig else 0
    cards = tuple(_card(index, wanted, divided=index >= wanted.count - divided) for index in range(wanted.count))
    units: dict[str, list[Unit]] = {}
    for card in cards:
        for resource, unit in _units(card, wanted.time_slices):
            units.setdefault(resource, []).append(unit)
    return Devices(node, cards, tuple(Resource(name, tuple(held)) for name, held in units.items()))


def read(places: Places) -> Devices:
    """The devices that the node of this cluster has now; FileNotFoundError where it has no such node."""
    return _DEVICES.validate_json((places.gpu_node.configuration / DEVICES).read_bytes())


def model_name(wanted: GpuNode) -> str:
    """What the cards call themselves: the maker's name, and what they are."""
    return f"NVIDIA {wanted.card.model} {wanted.card.memory_gb}GB SIMULATED"


def profile_memory(profile: str) -> int:
    """The memory of a part, in MiB, by the name of its size."""
    found = _PROFILE_MEMORY.search(profile)
    if found is None:
        raise ValueError(f"the MIG profile {profile} does not name its memory")
    return int(found[1]) * MEBIBYTES


def _card(index: int, wanted: GpuNode, *, divided: bool) -> Card:
    placed = wanted.card.placement(wanted.mig) if divided else ()
    instances = tuple(
        Instance(f"MIG-simulated-{index}-{number}", number, profile, profile_memory(profile))
        for number, (profile, _) in enumerate(placed or (), 1)
    )
    return Card(
        uuid=f"GPU-simulated-{index}",
        index=index,
        model=model_name(wanted),
        pci_bus_id=f"00000000:{index + 1:02X}:00.0",
        memory=wanted.card.memory_gb * MEBIBYTES,
        instances=instances,
    )


def _units(card: Card, time_slices: int) -> Iterator[tuple[str, Unit]]:
    file = f"/dev/nvidia-simulated{card.index}"
    if card.instances:
        for part in card.instances:
            yield mig_resource(part.profile), Unit(part.uuid, part.uuid, card.uuid, file)
    elif time_slices > 1:
        for turn in range(time_slices):
            yield WHOLE_RESOURCE, Unit(f"{card.uuid}::{turn}", card.uuid, card.uuid, file)
    else:
        yield WHOLE_RESOURCE, Unit(card.uuid, card.uuid, card.uuid, file)
