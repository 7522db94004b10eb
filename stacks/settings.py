"""What a stack file may say: the only reader of Pulumi's configuration.

Everything is checked here, before any resource is registered. A wrong file is refused with every mistake in it: where,
what was found, what is allowed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from falaj.catalog.providers import Provider
from falaj.catalog.regions import regions
from falaj.errors import ConfigurationError
from stacks.environment_settings import AwsEnvironment, AzureEnvironment, EnvironmentSettings, LocalEnvironment
from stacks.images import Images, read_images
from stacks.problems import Problem, problems_of, refuse
from stacks.rules import environment_problems, tenant_problems
from stacks.tenant_settings import TenantSettings

PROJECT = "Pulumi.yaml"
PREFIX = "falaj"
"""Name of the project, which is the namespace of its keys."""


def _project_folder() -> Path:
    """Pulumi runs a program in the folder of its main file: the project's is that or one above."""
    here = Path.cwd()
    return next(folder for folder in (here, *here.parents, Path(__file__).parents[1]) if (folder / PROJECT).is_file())


ROOT = _project_folder()
"""The project's folder; paths in stack files are relative to it."""


class Settings(BaseModel):
    """A whole stack file."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    environment: EnvironmentSettings | None = Field(default=None, description="Makes the stack an environment.")
    tenant: TenantSettings | None = Field(default=None, description="Makes the stack a tenant.")
    kubeconfig: str | None = Field(
        default=None,
        min_length=1,
        description="Path of the cluster's kubeconfig, relative to the project. A tenant takes its environment's.",
        examples=["/run/falaj/falaj/kubeconfig"],
    )
    context: str | None = Field(default=None, description="Context in the kubeconfig; its current one if absent.")
    images: str = Field(default=".falaj/images.json", description="Path of the image lock, relative to the project.")
    local_country: str | None = Field(
        default=None,
        alias="localCountry",
        pattern=r"^[A-Z]{2}$",
        description="Country in which a local cluster stands, as ISO 3166 code, for the residency control.",
        examples=["AE"],
    )

    def kubeconfig_path(self) -> str | None:
        """Return the kubeconfig's absolute path."""
        return None if self.kubeconfig is None else str(ROOT / Path(self.kubeconfig).expanduser())


BLOCKS: Mapping[str, type[BaseModel]] = {"tenant": TenantSettings}
ENVIRONMENTS: Mapping[Provider, type[BaseModel]] = {
    Provider.LOCAL: LocalEnvironment,
    Provider.AWS: AwsEnvironment,
    Provider.AZURE: AzureEnvironment,
}


@dataclass(frozen=True, slots=True)
class StackFile:
    """A stack's file, checked as far as it can be by itself."""

    name: str
    """The stack."""
    settings: Settings
    """What it says."""
    images: Images
    """What each image name stands for."""
    home: EnvironmentSettings
    """The environment of a tenant, or the environment itself."""


def stack_file(stack: str) -> str:
    """Return the path of a stack's file, relative to the project."""
    return f"stacks/config/Pulumi.{stack}.yaml"


def load(stack: str, *, images_built: bool = True) -> StackFile:
    """Read and check a stack's file as it lies in the project, without Pulumi.

    Refuses with `ConfigurationError` a stack without a file, and a file with every mistake in it; images that were not
    built are none unless `images_built` says that they have to be.
    """
    return check(stack, configuration(stack), images_built=images_built)


def configuration(stack: str) -> dict[str, str]:
    """Return this project's keys of a stack's file; blocks as JSON, as Pulumi hands them over."""
    try:
        text = (ROOT / stack_file(stack)).read_text(encoding="utf-8")
    except OSError:
        raise ConfigurationError(
            f"There is no stack {stack}. There are: {', '.join(stack_names())}.",
            code="FAL-CFG-104",
            where=stack_file(stack),
            hint="name one of these, or write its file",
        ) from None
    given = (yaml.load(text, yaml.CSafeLoader) or {}).get("config") or {}
    return {
        key.removeprefix(f"{PREFIX}:"): value if isinstance(value, str) else json.dumps(value, default=str)
        for key, value in given.items()
        if key.startswith(f"{PREFIX}:")
    }


def stack_names() -> list[str]:
    """Return the stacks that have a file."""
    files = (ROOT / stack_file("*")).parent.glob("Pulumi.*.yaml")
    return sorted(file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in files)


def check(stack: str, configured: Mapping[str, str], *, images_built: bool = True) -> StackFile:
    """Check a stack's configuration. Refuses it with `ConfigurationError` and every mistake in it."""
    file = stack_file(stack)
    given, problems = _parse(configured)
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        refuse(file, [*problems, *problems_of(error, Settings)])
    if problems:
        refuse(file, problems)
    images = replace(read_images(ROOT / settings.images), assumed=not images_built)
    home = settings.environment
    if home is None and settings.tenant is not None:
        home = environment_of(settings.tenant.environment)
    alone = settings.tenant is not None and home is not None
    others = {} if alone else other_environments(stack)
    problems = [
        *environment_problems(settings, images, stack=stack, others=others),
        *tenant_problems(settings, stack, images, home=home, environments=[*others]),
    ]
    if problems or home is None:
        refuse(file, problems)
    return StackFile(stack, settings, images, home)


def other_environments(stack: str) -> dict[str, EnvironmentSettings]:
    """Return every other environment of the project whose file is well formed; its own run refuses one that is not."""
    found = {name: environment_of(name) for name in stack_names() if name != stack}
    return {name: environment for name, environment in found.items() if environment is not None}


def environment_of(stack: str) -> EnvironmentSettings | None:
    """Return the environment that a stack's file describes, if there is such a file and it does."""
    if not (ROOT / stack_file(stack)).is_file():
        return None
    configured = configuration(stack)
    given, _ = _parse({key: value for key, value in configured.items() if key == "environment"})
    found = given.get("environment")
    return found if isinstance(found, EnvironmentSettings) else None


def _parse(configured: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    """Return the file with its blocks as models; what is wrong with a block is said in the words of the file."""
    given: dict[str, Any] = dict(configured)
    problems: list[Problem] = []
    for block in ("environment", "tenant"):
        if block not in given:
            continue
        found = given.pop(block)
        try:
            plain = json.loads(found)
        except ValueError:
            problems.append(Problem(block, f"found {found!r}, allowed: keys and values, indented below it."))
            continue
        model = BLOCKS.get(block) or _environment_model(plain)
        try:
            given[block] = model.model_validate(plain)
        except ValidationError as error:
            problems += problems_of(error, model, above=block)
    return given, problems


def _environment_model(plain: object) -> type[BaseModel]:
    """Return the model of an environment: the region decides, or what only one cloud asks for."""
    keys = plain if isinstance(plain, dict) else {}
    region = regions().get(str(keys.get("region")))
    if region is not None:
        return ENVIRONMENTS[region.provider]
    if "subscription" in keys:
        return AzureEnvironment
    return AwsEnvironment if {"account", "stage", "network"} & {*keys} else LocalEnvironment
