"""ENC-005: an AKS cluster encrypts its store with a key of our own."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.encryption import VAULT_KEY
from policies.examples.kubernetes import service, without_none
from policies.outcomes import Outcome
from policies.ownership.own_keys import OWN_VAULT_KEY, is_own_vault_key
from policies.resources import Resource, resource
from policies.templates import is_true
from policies.values import UNKNOWN

CLUSTER = "azure-native:containerservice:ManagedCluster"
AT = "securityProfile.azureKeyVaultKms"

CONTROL = Control(
    id="ENC-005",
    title="An AKS cluster encrypts its store with a key of our own",
    harm="Every Secret of the cluster lies with Microsoft under a key that nobody here may take away.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(CLUSTER,), view=as_is),
    reads=(f"{AT}.enabled", f"{AT}.keyId"),
    remedy="Switch securityProfile.azureKeyVaultKms on and give it the address of your key, with its version.",
)


@CONTROL.check
def store_is_encrypted(cluster: Resource) -> Iterator[Outcome]:
    """Find a cluster that does not encrypt its store, or not with a key of ours."""
    service_for_keys = cluster["securityProfile"]["azureKeyVaultKms"]
    yield from is_true(service_for_keys["enabled"])
    yield from is_own_vault_key(service_for_keys["keyId"])


def cluster(**properties: object) -> Resource:
    """Make a cluster that encrypts its store with a key."""
    encryption = without_none({"enabled": True, "keyId": VAULT_KEY} | properties)
    return resource(CLUSTER, {"securityProfile": {"azureKeyVaultKms": encryption}})


CONTROL.good("a key of ours", cluster(keyVaultNetworkAccess="Private"))
CONTROL.bad(
    "nothing said",
    resource(CLUSTER, {}),
    finding=(f"{AT}.enabled: found nothing, expected true", f"{AT}.keyId: found nothing, expected {OWN_VAULT_KEY}"),
)
CONTROL.bad("switched off", cluster(enabled=False), finding=f"{AT}.enabled: found false, expected true")
CONTROL.bad(
    "a secret for a key",
    cluster(keyId="https://acme.vault.azure.net/secrets/data"),
    finding=f"{AT}.keyId: found https://acme.vault.azure.net/secrets/data, expected {OWN_VAULT_KEY}",
)
CONTROL.unknown("a key of another resource", cluster(keyId=UNKNOWN), at=f"{AT}.keyId")
CONTROL.not_applicable("a Service is no cluster", service())
