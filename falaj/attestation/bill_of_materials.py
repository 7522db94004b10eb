"""The bill of materials of an image, CycloneDX 1.6 in JSON. The same image, the same bytes.

Source: https://cyclonedx.org/docs/1.6/json/
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from falaj.attestation.archive import Image
from falaj.attestation.inventory import Inventory
from falaj.attestation.wheel_lock import LockedWheel

NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "falaj.dev")


def bill_of_materials(image: Image, inventory: Inventory, wheels: Mapping[str, LockedWheel]) -> bytes:
    """Return the document: the image itself, then its wheels, Debian packages and files, each with its hash."""
    root = Component(
        name=image.name,
        version=f"sha256:{image.digest}",
        type=ComponentType.CONTAINER,
        bom_ref=image.name,
        hashes=_hashes(image.digest),
    )
    bom = Bom(serial_number=uuid.uuid5(NAMESPACE, image.digest))
    bom.metadata = BomMetaData(component=root, timestamp=datetime.fromtimestamp(0, UTC))
    components = [*_wheels(inventory, wheels), *_debian(inventory), *_files(inventory)]
    bom.components.update(components)
    bom.register_dependency(root, components)
    return f"{JsonV1Dot6(bom).output_as_string(indent=2)}\n".encode()


def references(inventory: Inventory) -> frozenset[str]:
    """Return what the components of an inventory are called in a bill of materials."""
    return frozenset(
        each.bom_ref.value or "" for each in (*_wheels(inventory, {}), *_debian(inventory), *_files(inventory))
    )


def _wheels(inventory: Inventory, locked: Mapping[str, LockedWheel]) -> Iterator[Component]:
    licences = LicenseFactory()
    for wheel in inventory.wheels:
        file = locked.get(wheel.name)
        url = PackageURL("pypi", None, wheel.name, wheel.version)
        yield Component(
            name=wheel.name,
            version=wheel.version,
            purl=url,
            bom_ref=str(url),
            hashes=_hashes(file.sha256 if file else ""),
            properties=[Property(name="falaj:wheel", value=file.file)] if file else (),
            licenses=[licences.make_from_string(wheel.licence)] if wheel.licence else (),
        )


def _debian(inventory: Inventory) -> Iterator[Component]:
    for package in inventory.debian:
        qualifiers = {"arch": package.architecture, "distro": inventory.release}
        url = PackageURL("deb", "debian", package.name, package.version, qualifiers)
        yield Component(
            name=package.name,
            version=package.version,
            purl=url,
            bom_ref=str(url),
            hashes=_hashes(package.sha256),
        )


def _files(inventory: Inventory) -> Iterator[Component]:
    for path, digest in inventory.files.items():
        yield Component(name=f"/{path}", type=ComponentType.FILE, bom_ref=f"file:/{path}", hashes=_hashes(digest))


def _hashes(sha256: str) -> Iterable[HashType]:
    return [HashType(alg=HashAlgorithm.SHA_256, content=sha256)] if sha256 else ()
