"""What a stack file may say: the only reader of Pulumi's configuration.

Everything is checked here, before any resource is registered. A wrong file is refused with every mistake in it: where,
what was found, what is allowed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from components.serving.spec import Calls, DnsLabel
from falaj.catalog.data_flows import DataClass
from falaj.catalog.regions import Provider, regions
from falaj.catalog.tiers import Resources, tiers
from stacks.images import Images, read_images
from stacks.problems import Problem, problems_of, refuse
from stacks.rules import environment_problems, tenant_problems

PROJECT = "Pulumi.yaml"


def _project_folder() -> Path:
    """Pulumi runs a program in the folder of its main file: the project's is that or one above."""
    here = Path.cwd()
    return next(folder for folder in (here, *here.parents, Path(__file__).parents[1]) if (folder / PROJECT).is_file())


ROOT = _project_folder()
"""The project's folder; paths in stack files are relative to it."""


def _known_tier(tier: str) -> str:
    if tier not in tiers():
        raise ValueError(f"allowed: {', '.join(tiers())}")
    return tier


def _usable_regions() -> list[str]:
    return [key for key, region in regions().items() if region.provider is Provider.LOCAL]


def _usable_region(region: str) -> str:
    if region not in _usable_regions():
        raise ValueError(f"allowed: {', '.join(_usable_regions())}")
    return region


TierName = Annotated[str, AfterValidator(_known_tier), Field(json_schema_extra={"enum": [*tiers()]})]
RegionKey = Annotated[str, AfterValidator(_usable_region), Field(json_schema_extra={"enum": [*_usable_regions()]})]
Team = Annotated[str, Field(pattern=r"^[a-z0-9-]{2,40}$", examples=["risk"])]


class EnvironmentSettings(BaseModel):
    """A cluster's shared part: certificate authority and gateway."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: RegionKey = Field(description="Where it lies, as a region of the catalog.")
    owner: Team = Field(description="Team that answers for it: 2 to 40 of a-z, 0-9 and -.")
    domain: str = Field(
        pattern=r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]([-a-z0-9]{0,61}[a-z0-9])?$",
        max_length=150,
        description="Domain under which every endpoint answers, in lower case, at least two labels.",
        examples=["local.falaj.internal"],
    )


class EndpointSettings(BaseModel):
    """One model behind one host name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(
        min_length=1,
        description="Image that holds the model: a name in the image lock, or name@sha256:<64 hex>.",
        examples=["falaj.local/models/iris"],
    )
    model_name: DnsLabel | None = Field(
        default=None, description="Name of the model inside the image; the endpoint's own name if absent."
    )
    data_class: DataClass = Field(description="What kind of data its requests hold.")
    replicas: int | None = Field(default=None, ge=1, description="Pods that answer; the tier's number if absent.")
    resources: Resources | None = Field(default=None, description="One pod's size; the tier's if absent.")
    calls: Calls = Field(default=(), description="Services outside the cluster that it may call.")


class TenantSettings(BaseModel):
    """One tenant of an environment, and the models it serves."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: str = Field(
        pattern=r"^[A-Za-z0-9._-]{1,100}$", description="Stack of the environment it lives in.", examples=["local"]
    )
    region: RegionKey = Field(description="Where the tenant's data must stay; the environment has to lie there.")
    tier: TierName = Field(description="Decides compute, isolation, availability and retention.")
    owner: Team = Field(description="Team that answers for it: 2 to 40 of a-z, 0-9 and -.")
    endpoints: Annotated[
        dict[Annotated[str, Field(pattern=r"^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$")], EndpointSettings],
        Field(description="The models it serves, by the first label of their host names.", max_length=50),
    ] = {}


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


def read_settings() -> tuple[Settings, Images]:
    """Read and check this stack's file. Refuses it with `ConfigurationError` and every mistake in it."""
    file = f"stacks/config/Pulumi.{pulumi.get_stack()}.yaml"
    given, problems = _parse(_configured(pulumi.get_project()))
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        refuse(file, [*problems, *problems_of(error, Settings)])
    images = read_images(ROOT / settings.images)
    stack = pulumi.get_stack()
    problems = problems or [*environment_problems(settings, images), *tenant_problems(settings, stack, images)]
    if problems:
        refuse(file, problems)
    return settings, images


def _configured(project: str) -> dict[str, str]:
    """Return this project's keys, misspelt ones too, which `pulumi.Config` would hide."""
    everything = {**get_config_env(), **CONFIG.get()}
    return {
        key.removeprefix(f"{project}:"): value for key, value in everything.items() if key.startswith(f"{project}:")
    }


def _parse(configured: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    """Return the file as plain data; blocks come as JSON."""
    given: dict[str, Any] = dict(configured)
    problems = []
    for block in ("environment", "tenant"):
        try:
            given[block] = json.loads(given[block]) if block in given else None
        except ValueError:
            problems.append(Problem(block, f"found {given.pop(block)!r}, allowed: keys and values, indented below it."))
    return given, problems
