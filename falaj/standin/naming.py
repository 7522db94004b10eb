"""Names, ids and ARNs of resources that do not exist: shaped like real ones, the same each time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from falaj.standin.account import Account, digest, stable_uuid
from falaj.standin.notes import Note
from falaj.standin.shapes import Kind, ResourceType

_NAMESPACES = {
    "aad": "Microsoft.AAD",
    "authorization": "Microsoft.Authorization",
    "compute": "Microsoft.Compute",
    "consumption": "Microsoft.Consumption",
    "containerregistry": "Microsoft.ContainerRegistry",
    "containerservice": "Microsoft.ContainerService",
    "dataprotection": "Microsoft.DataProtection",
    "dnsresolver": "Microsoft.Network",
    "keyvault": "Microsoft.KeyVault",
    "managedidentity": "Microsoft.ManagedIdentity",
    "monitor": "Microsoft.Insights",
    "network": "Microsoft.Network",
    "operationalinsights": "Microsoft.OperationalInsights",
    "policyinsights": "Microsoft.PolicyInsights",
    "privatedns": "Microsoft.Network",
    "resources": "Microsoft.Resources",
    "storage": "Microsoft.Storage",
}


@dataclass(frozen=True, slots=True)
class Named:
    """A resource with its name in the cloud: what the templates of its notes may mention."""

    type: ResourceType
    account: Account
    urn: str
    inputs: Mapping[str, Any]
    """What was given, with nothing hidden in it."""

    name: str
    is_named: bool
    """Whether an input names it in the cloud; else its name is the one the program calls it by."""

    def fill(self, template: str, identifier: str = "") -> str:
        """A template with its places filled in."""
        return template.format(
            name=self.name,
            id=identifier,
            account=self.account.account,
            region=self.inputs.get("region") or self.account.region,
            subscription=self.account.subscription,
            directory=self.account.directory,
            location=self.inputs.get("location") or self.account.location,
            group=self.inputs.get("resourceGroupName", self.name),
            hex8=digest(self.urn, 8),
            hex17=digest(self.urn, 17),
            hex32=digest(self.urn, 32),
            uuid=stable_uuid(self.urn),
            other_uuid=stable_uuid(f"{self.urn}#"),
            input=_Given(self.inputs),
        )


class _Given(dict[str, Any]):
    """Inputs of which a template may mention one that was not given."""

    def __missing__(self, name: str) -> str:
        return ""


def naming_input(package: str, found: ResourceType, note: Note) -> str:
    """The input that names a resource of this type in the cloud; empty where nothing does."""
    if note.named_by:
        return note.named_by
    if package != "azure-native":
        return "name" if "name" in found.inputs else ""
    own = [name for name in address_inputs(found) if not found.inputs[name].required]
    return own[0] if len(own) == 1 else "name" if "name" in found.inputs else ""


def address_inputs(found: ResourceType) -> tuple[str, ...]:
    """The inputs that make up an Azure resource's address: it does not report them, but its id and name."""
    return tuple(
        name
        for name, each in found.inputs.items()
        if name not in found.outputs
        and each.shape.kind is Kind.STRING
        and (name.endswith("Name") or name in ("scope", "resourceUri"))
    )


def automatic_name(package: str, found: ResourceType, property_name: str, urn: str) -> str:
    """The name that the provider makes up when none is given; empty when it would not."""
    each = found.inputs.get(property_name)
    if each is None or each.shape.kind is not Kind.STRING:
        return ""
    logical = urn.rpartition("::")[2]
    if package == "azure-native":
        if found.token.endswith(":RoleAssignment"):
            return stable_uuid(urn)
        if property_name == "accountName":
            return f"{re.sub('[^a-z0-9]', '', logical.lower())[:16]}{digest(urn, 8)}"
        return f"{logical}{digest(urn, 8)}"
    reported = found.outputs.get(property_name)
    return f"{logical}-{digest(urn, 7)}" if reported is not None and reported.required else ""


def usual_identifier(package: str, named: Named) -> str:
    """The id of a resource of which nothing is noted."""
    return _azure_id(named) if package == "azure-native" else _aws_id(named)


def usual_arn(named: Named, identifier: str) -> str:
    """The ARN of an AWS resource of which nothing is noted."""
    module, _, kind = named.type.token.split(":")[1].partition("/")
    region = named.inputs.get("region") or named.account.region
    return f"arn:aws:{module}:{region}:{named.account.account}:{_words(kind)}/{identifier}"


def azure_type(token: str) -> str:
    """Azure's own name for a type, such as ``Microsoft.KeyVault/vaults``."""
    _, module, name = token.split(":")
    namespace = _NAMESPACES.get(module, f"Microsoft.{module[:1].upper()}{module[1:]}")
    return f"{namespace}/{_plural(name)}"


def _aws_id(named: Named) -> str:
    kind = named.type.token.split(":")[1].partition("/")[2]
    return named.name if named.is_named else f"{_words(kind)}-{digest(named.urn, 17)}"


def _azure_id(named: Named) -> str:
    """The address below the resource group: parents are the other names among the inputs."""
    kind = azure_type(named.type.token)
    namespace, _, last = kind.partition("/")
    parents = [
        f"{_plural(name.removesuffix('Name'))}/{value}"
        for name, value in named.inputs.items()
        if name.endswith("Name")
        and name not in named.type.outputs
        and name != "resourceGroupName"
        and value != named.name
    ]
    path = "/".join([*parents, last, named.name])
    group = named.inputs.get("resourceGroupName")
    within = f"/resourceGroups/{group}" if group else ""
    return f"/subscriptions/{named.account.subscription}{within}/providers/{namespace}/{path}"


def _plural(name: str) -> str:
    lower = f"{name[:1].lower()}{name[1:]}"
    return (
        f"{lower[:-1]}ies"
        if lower.endswith(("cy", "gy", "ry", "ty"))
        else f"{lower}es"
        if lower.endswith("s")
        else f"{lower}s"
    )


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
