"""``falaj mirror``: bring every image a stack's cluster pulls into the registry of its environment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from falaj.cli.console import messages, output, print_json, steps
from falaj.cli.project import project_root
from falaj.errors import ConfigurationError
from falaj.localcluster.images import Lock
from falaj.mirror import Image, Outcome, Skopeo, Status, copy_all, read_reference

if TYPE_CHECKING:
    from stacks.settings import StackFile


@click.command()
@click.option("-s", "--stack", required=True, help="Which stack: an environment with its tenants, or one tenant.")
@click.option("--dry-run", is_flag=True, help="Only say which images are there and which are not.")
@click.option("--json", "as_json", is_flag=True, help="Print every image as JSON.")
@click.option("--registry", help="Copy to this registry instead, such as localhost:5000 or a staging registry.")
@click.option(
    "--credentials",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File written by `skopeo login --authfile`; skopeo's own if absent.",
)
def mirror(*, stack: str, dry_run: bool, as_json: bool, registry: str | None, credentials: Path | None) -> None:
    """Copy every image that the stack's cluster pulls into its registry, by digest, and read it back.

    What is there already is left alone, so an interrupted run is simply run again. Exit code 9 if an image could not be
    copied. What add-ons of the cluster's provider pull comes from the provider's own registry and is not copied.

    The registry has to be there and its cluster must not wait for images, so first make everything but the cluster:

    \b
    pulumi up -s STACK --exclude '**EksCluster**' --exclude '**AksCluster**' --exclude-dependents
    """  # noqa: D301 - click's own mark for lines that are not to be wrapped
    images = images_of(stack, registry)
    outcomes = []
    with steps() as progress:
        for outcome in copy_all(images, Skopeo(credentials), dry_run=dry_run, progress=progress.step):
            outcomes.append(outcome)
            if not as_json:
                output.print(f"{outcome.status:8} {outcome.image.reference}", markup=False)
    if as_json:
        print_json([_as_json(outcome) for outcome in outcomes])
    else:
        counts = {status: sum(outcome.status is status for outcome in outcomes) for status in Status}
        said = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        messages.print(f"{len(outcomes)} images: {said}", markup=False)


def images_of(stack: str, registry: str | None) -> list[Image]:
    """Return every image of a stack with its place in the environment's registry, or below another one.

    Refuses a stack of a local cluster, whose images are loaded, and an image that was not built.
    """
    from stacks import settings  # noqa: PLC0415 - the project's own program, read only when asked for

    file = settings.load(stack)
    prefix = registry or _prefix(file)
    lock = Lock.read(project_root() / file.settings.images)
    names = dict.fromkeys([*file.images.served(), *(name for each in _files(file) for name in _from_elsewhere(each))])
    return [_image(name, lock, prefix) for name in names]


def _files(file: StackFile) -> Iterator[StackFile]:
    """The stack's file and, for an environment, those of its tenants: all that its nodes will pull for."""
    from stacks import settings  # noqa: PLC0415 - as above

    yield file
    for name in settings.stack_names():
        tenant = json.loads(settings.configuration(name).get("tenant", "{}"))
        if isinstance(tenant, dict) and tenant.get("environment") == file.name:
            yield settings.load(name)


def _from_elsewhere(file: StackFile) -> list[str]:
    """What the file names by digest instead of by a name in the image lock: models, and what was not built here."""
    from stacks.brought_along import brought_along  # noqa: PLC0415 - as above
    from stacks.environment_settings import LocalEnvironment  # noqa: PLC0415 - as above

    tenant, home = file.settings.tenant, file.home
    if tenant is None:
        return [] if isinstance(home, LocalEnvironment) else list(brought_along(home))
    models = sorted(end.model for end in tenant.endpoints.values() if "@" in end.model)
    on_triton = any(end.runtime == "triton" for end in tenant.endpoints.values())
    triton = None if isinstance(home, LocalEnvironment) else home.triton_image
    return [*models, triton] if on_triton and triton is not None else models


def _prefix(file: StackFile) -> str:
    """What the names of images begin with in the environment that the stack is or lives in, as its program says."""
    from stacks.environment_settings import LocalEnvironment  # noqa: PLC0415 - as above
    from stacks.specs import registry_prefix_of  # noqa: PLC0415 - as above

    home, tenant = file.home, file.settings.tenant
    if not isinstance(home, LocalEnvironment):
        return registry_prefix_of(file.name if tenant is None else tenant.environment, home, file.images)
    raise ConfigurationError(
        "A local cluster has no registry: its images are loaded.",
        code="FAL-MIR-012",
        where=f"stack {file.name}",
        hint="run: falaj images load",
    )


def _image(name: str, lock: Lock, prefix: str) -> Image:
    """An image built here, by its name in the lock; or one of another registry, by name and digest."""
    from components.registry.names import repository_of  # noqa: PLC0415 - as above

    if "@" in name:
        plain, digest = read_reference(name)
        return Image(plain, digest, f"docker://{plain}@{digest}", f"{prefix}/{repository_of(plain)}")
    entry = lock.find(name)
    return Image(name, entry.digest, f"oci-archive:{entry.archive}", f"{prefix}/{repository_of(name)}")


def _as_json(outcome: Outcome) -> dict[str, Any]:
    image = outcome.image
    return {
        "name": image.name,
        "digest": image.digest,
        "source": image.source,
        "image": image.reference,
        "status": outcome.status.value,
    }
