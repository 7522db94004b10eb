"""``falaj images``: build the images of this project and load them into a local cluster."""

from __future__ import annotations

import click

from falaj.cli.console import messages, output, print_json, steps
from falaj.cli.project import IMAGE_LOCK, image_folders, project_root
from falaj.localcluster import images as local_images


@click.group()
def images() -> None:
    """Images for a local cluster: built here, named by digest, loaded without a registry."""


@images.command()
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print names and digests as JSON.")
def build(*, names: tuple[str, ...], as_json: bool) -> None:
    """Build NAMES, or every image that a stack of this project uses, and write their digests to .falaj/images.json."""
    root = project_root()
    with steps() as progress:
        lock = local_images.build(image_folders(root), root / IMAGE_LOCK, names=names or None, progress=progress)
    if as_json:
        print_json({name: entry.digest for name, entry in lock.images.items()})
        return
    for name, entry in lock.images.items():
        output.print(f"{name}@{entry.digest}", markup=False)


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
