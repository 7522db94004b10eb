"""IAM-008: no service of Azure lets anybody in by a key of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from policies.control import Control, Severity, Subject, as_is
from policies.examples.identity import made
from policies.examples.kubernetes import service
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Resource
from policies.templates import is_false, is_off, is_true
from policies.values import UNKNOWN

Judgement = Callable[[Node], Iterator[Outcome]]

ACCOUNT = "azure-native:storage:StorageAccount"
REGISTRY = "azure-native:containerregistry:Registry"
WORKSPACE = "azure-native:operationalinsights:Workspace"
COGNITIVE = "azure-native:cognitiveservices:Account"
WITH_A_SWITCH = (
    "azure-native:appconfiguration:ConfigurationStore",
    "azure-native:applicationinsights:Component",
    "azure-native:automation:AutomationAccount",
    "azure-native:cosmosdb:DatabaseAccount",
    "azure-native:eventgrid:Domain",
    "azure-native:eventgrid:Topic",
    "azure-native:eventhub:Namespace",
    "azure-native:search:Service",
    "azure-native:servicebus:Namespace",
    "azure-native:signalrservice:SignalR",
)
"""Services whose keys one switch of the same name turns off."""
SWITCHES: Mapping[str, Mapping[str, Judgement]] = {
    ACCOUNT: {"allowSharedKeyAccess": is_false, "isLocalUserEnabled": is_off, "isSftpEnabled": is_off},
    REGISTRY: {"adminUserEnabled": is_off, "anonymousPullEnabled": is_off},
    WORKSPACE: {"features.disableLocalAuth": is_true},
    COGNITIVE: {"properties.disableLocalAuth": is_true},
    "azure-native:redis:Redis": {"disableAccessKeyAuthentication": is_true},
    **{token: {"disableLocalAuth": is_true} for token in WITH_A_SWITCH},
}
"""The switches of each type and what each has to be; where absence is safe, it may stay unsaid."""

CONTROL = Control(
    id="IAM-008",
    title="No service of Azure lets anybody in by a key of its own",
    harm="A key of an account names nobody and opens everything: whoever copied it reads on, unseen, until it changes.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=tuple(SWITCHES), view=as_is),
    reads=tuple(f"{token}:{path}" for token, switches in SWITCHES.items() for path in switches),
    remedy=(
        "Switch keys, local users and anonymous access off (allowSharedKeyAccess false, adminUserEnabled false, "
        "disableLocalAuth true) and give identities roles."
    ),
    note=(
        "Wider than the wording: SFTP and local users of a storage account count, and so does every other service "
        "whose keys can be switched off."
    ),
)


@CONTROL.check
def opens_to_identities_alone(found: Resource) -> Iterator[Outcome]:
    """Find each way in that asks for a key, a password or nothing."""
    for path, judge in SWITCHES[found.type].items():
        for switch in found.root.select(path):
            yield from judge(switch)


CLOSED: Mapping[str, dict[str, object]] = {
    ACCOUNT: {"allowSharedKeyAccess": False, "isLocalUserEnabled": False, "isSftpEnabled": False},
    REGISTRY: {"adminUserEnabled": False, "anonymousPullEnabled": False},
    WORKSPACE: {"features": {"disableLocalAuth": True}},
    COGNITIVE: {"properties": {"disableLocalAuth": True}},
    "azure-native:redis:Redis": {"disableAccessKeyAuthentication": True},
}
for token in SWITCHES:
    CONTROL.good(f"{token}: all closed", made(token, CLOSED.get(token, {"disableLocalAuth": True})))
CONTROL.good("a registry as Azure makes it", made(REGISTRY, {}))
CONTROL.good("an account without local users by default", made(ACCOUNT, {"allowSharedKeyAccess": False}))
OPEN: dict[str, tuple[dict[str, object], str]] = {
    ACCOUNT: (
        {"allowSharedKeyAccess": True},
        "allowSharedKeyAccess: found true, expected false",
    ),
    REGISTRY: ({"adminUserEnabled": True}, "adminUserEnabled: found true, expected false, or nothing"),
    WORKSPACE: (
        {"features": {"disableLocalAuth": False}},
        "features.disableLocalAuth: found false, expected true",
    ),
    COGNITIVE: (
        {"properties": {"disableLocalAuth": False}},
        "properties.disableLocalAuth: found false, expected true",
    ),
    "azure-native:redis:Redis": (
        {"disableAccessKeyAuthentication": False},
        "disableAccessKeyAuthentication: found false, expected true",
    ),
}
for token in SWITCHES:
    opened, finding = OPEN.get(token, ({}, "disableLocalAuth: found nothing, expected true"))
    CONTROL.bad(f"{token}: open", made(token, opened), finding=finding)
CONTROL.bad(
    "a storage account as Azure makes it",
    made(ACCOUNT, {}),
    finding="allowSharedKeyAccess: found nothing, expected false",
)
CONTROL.bad(
    "local users over SFTP",
    made(ACCOUNT, {"allowSharedKeyAccess": False, "isLocalUserEnabled": True, "isSftpEnabled": True}),
    finding=(
        "isLocalUserEnabled: found true, expected false, or nothing",
        "isSftpEnabled: found true, expected false, or nothing",
    ),
)
CONTROL.bad(
    "images for everyone",
    made(REGISTRY, {"anonymousPullEnabled": True}),
    finding="anonymousPullEnabled: found true, expected false, or nothing",
)
CONTROL.unknown("keys made elsewhere", made(ACCOUNT, {"allowSharedKeyAccess": UNKNOWN}), at="allowSharedKeyAccess")
CONTROL.unknown("features made elsewhere", made(WORKSPACE, {"features": UNKNOWN}), at="features")
CONTROL.unknown("administrator made elsewhere", made(REGISTRY, {"adminUserEnabled": UNKNOWN}), at="adminUserEnabled")
CONTROL.not_applicable("a Service of Kubernetes has no key", service())
