"""``falaj images``: build the images of this project, prove what they are, and load them into a local cluster."""

from __future__ import annotations

from pathlib import Path

import click

from falaj import attestation
from falaj.cli.console import messages, output, print_json, steps
from falaj.cli.image_keys import OWN_KEY, PASSWORD, private, public
from falaj.cli.project import IMAGE_LOCK, image_folders, project_root
from falaj.errors import ImageError
from falaj.localcluster import images as local_images

KEY_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def images() -> None:
    """Images for a local cluster: built here, named by digest, signed, loaded without a registry."""


@images.command()
@click.argument("names", nargs=-1)
@click.option(
    "--key",
    type=KEY_FILE,
    help=f"Sign with this private key, its password in {PASSWORD}; without it with {OWN_KEY}, made if absent.",
)
@click.option("--json", "as_json", is_flag=True, help="Print names and digests as JSON.")
def build(*, names: tuple[str, ...], key: Path | None, as_json: bool) -> None:
    """Build NAMES, or every image that a stack of this project uses, and write their digests to .falaj/images.json.

    Into .falaj/attestations go the bill of materials of each (CycloneDX 1.6), its provenance (SLSA 1) and the
    signatures of both and of its digest.
    """
    root = project_root()
    signer = private(root, key)
    with steps() as progress:
        lock = local_images.build(
            image_folders(root), root / IMAGE_LOCK, names=names or None, signer=signer, progress=progress
        )
    if as_json:
        print_json({name: entry.digest for name, entry in lock.images.items()})
        return
    for name, entry in lock.images.items():
        output.print(f"{name}@{entry.digest}", markup=False)


@images.command()
@click.argument("name", metavar="IMAGE")
@click.option("--key", required=True, type=KEY_FILE, help="The public key of whoever signed.")
def verify(*, name: str, key: Path) -> None:
    """Prove that IMAGE is what the holder of a key built and signed, every byte of it. Works without a network.

    Checked are the signature of its digest, every blob, its bill of materials against what the layers hold, and its
    provenance. Exit code 9 where any of it was changed, is missing, or is signed with another key.
    """
    trusted = public(key)
    lock = project_root() / IMAGE_LOCK
    entry = local_images.Lock.read(lock).find(name)
    documents = local_images.attestations(lock.parent, name)
    try:
        held = attestation.verify(entry.archive, documents, name, entry.digest, trusted)
    except attestation.UnprovenError as error:
        raise ImageError(
            f"It is not proven: {error}.",
            code="FAL-IMG-023",
            where=f"image {name}",
            hint="do not run it; build it again, or ask whoever built it for another copy or for the right key",
        ) from None
    output.print(f"{name}@{entry.digest}", markup=False)
    counts = f"{len(held.wheels)} wheels, {len(held.debian)} Debian packages, {len(held.files)} other files"
    output.print(f"proven: signature, digests, bill of materials and provenance; {counts}", markup=False)
    output.print(f"documents: {documents}", markup=False)


@images.command()
@click.argument("names", nargs=-1)
@click.option("--name", "cluster", default="falaj", show_default=True, help="Which cluster.")
def load(*, names: tuple[str, ...], cluster: str) -> None:
    """Load NAMES, or every image built here, into a local cluster."""
    load_into(cluster, names)


def load_into(cluster: str, names: tuple[str, ...]) -> None:
    """Load images of the lock into a cluster; those it has already are left alone."""
    lock = local_images.Lock.read(project_root() / IMAGE_LOCK)
    with steps() as progress:
        loaded = local_images.load(cluster, lock, names or None, progress=progress)
    messages.print(f"{len(loaded)} images loaded into cluster {cluster}, {len(lock.images)} in the lock", markup=False)
