"""How the simulated devices are: how busy, how full, and whether they have failed. Set by whoever tries something."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from falaj.errors import ClusterError
from falaj.localcluster.gpu import devices
from falaj.localcluster.gpu.parts import CONDITIONS
from falaj.localcluster.locks import lock
from falaj.localcluster.places import DEFAULT_NAME, Places


class Condition(BaseModel):
    """How one device is. How busy and how full it is counts only while a pod holds it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    utilisation: int = Field(default=0, ge=0, le=100, description="How much of its time it computes, in percent.")
    memory_used: int = Field(default=0, ge=0, description="How full its memory is, in MiB.")
    xid: int = Field(default=0, ge=0, le=1000, description="NVIDIA's number of its last error; 0 for none.")


_ALL = TypeAdapter(dict[str, Condition])


def read(cluster: str = DEFAULT_NAME) -> Mapping[str, Condition]:
    """The condition of every device of the cluster, by its UUID; refuses a cluster without simulated GPUs."""
    places = Places(cluster)
    known = _memory(places)
    file = path(places)
    set_before = _ALL.validate_json(file.read_bytes()) if file.exists() else {}
    return {uuid: set_before.get(uuid, Condition()) for uuid in known}


def change(cluster: str, device: str, **changes: int) -> Condition:
    """Change some of a device's condition by the fields of ``Condition``, and say what it is now.

    The kubelet knows of a failed device a moment later, and gives it to nobody. Refuses a device that there is none of
    and a value that can't be.
    """
    places = Places(cluster)
    memory = _memory(places)
    if device not in memory:
        raise _refusal(f"There is none of that name; there are: {', '.join(memory)}.", device)
    with lock(f"conditions-{cluster}"):
        everything = dict(read(cluster))
        try:
            changed = Condition.model_validate(everything[device].model_dump() | changes)
        except ValidationError as error:
            problem = error.errors()[0]
            raise _refusal(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}.", device) from None
        if changed.memory_used > memory[device]:
            raise _refusal(f"Its memory holds {memory[device]} MiB, not {changed.memory_used}.", device)
        _write(path(places), everything | {device: changed})
    return changed


def path(places: Places) -> Path:
    """Where the conditions lie: gone with the cluster's processes, as a reset would."""
    return places.gpu_node.run / CONDITIONS


def _memory(places: Places) -> Mapping[str, int]:
    try:
        return devices.read(places).memory()
    except FileNotFoundError:
        raise ClusterError(
            "It has no node with simulated GPUs.",
            code="FAL-CLU-013",
            where=f"cluster {places.name}",
            hint=f"run: falaj cluster up --name {places.name} --gpu-node",
        ) from None


def _write(file: Path, everything: Mapping[str, Condition]) -> None:
    unfinished = file.with_suffix(".new")
    unfinished.write_bytes(_ALL.dump_json(dict(everything)))
    unfinished.replace(file)


def _refusal(sentence: str, device: str) -> ClusterError:
    return ClusterError(
        sentence, code="FAL-CLU-014", where=f"simulated device {device}", hint="`falaj cluster gpu` lists them all"
    )
