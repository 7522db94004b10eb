"""Brings every image a cluster pulls into the registry of its own country, by digest."""

from falaj.mirror.copying import Outcome, Status, copy_all
from falaj.mirror.image import Image, read_reference
from falaj.mirror.skopeo import Skopeo

__all__ = ["Image", "Outcome", "Skopeo", "Status", "copy_all", "read_reference"]
