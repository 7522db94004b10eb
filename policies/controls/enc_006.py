"""ENC-006: AKS nodes encrypt their disks on the host and with a key of our own."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.encryption import DISK_KEY
from policies.examples.kubernetes import service
from policies.outcomes import Outcome
from policies.ownership.own_keys import OWN_DISK_KEY, is_own_disk_key
from policies.resources import Resource, resource
from policies.templates import is_true
from policies.values import UNKNOWN

CLUSTER = "azure-native:containerservice:ManagedCluster"
POOL = "azure-native:containerservice:AgentPool"

CONTROL = Control(
    id="ENC-006",
    title="AKS nodes encrypt their disks on the host and with a key of our own",
    harm="What a node caches and swaps lies in the clear on Microsoft's hosts, the rest under Microsoft's key.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(CLUSTER, POOL), view=as_is),
    reads=(
        "AgentPool:enableEncryptionAtHost",
        "ManagedCluster:diskEncryptionSetID",
        "ManagedCluster:agentPoolProfiles[*].enableEncryptionAtHost",
    ),
    remedy="Set enableEncryptionAtHost on every pool and diskEncryptionSetID on the cluster, when it is first made.",
)


@CONTROL.check
def nodes_are_encrypted(found: Resource) -> Iterator[Outcome]:
    """Find a pool without encryption on its hosts, and a cluster whose disks have no key of ours."""
    if found.type == POOL:
        yield from is_true(found["enableEncryptionAtHost"])
        return
    yield from is_own_disk_key(found["diskEncryptionSetID"])
    for pool in found["agentPoolProfiles"].items():
        yield from is_true(pool["enableEncryptionAtHost"])


def cluster(*hosts: object, key: object = DISK_KEY) -> Resource:
    """Make a cluster with a pool for each of these switches."""
    pools = [{"name": f"pool{number}", "enableEncryptionAtHost": on} for number, on in enumerate(hosts)]
    return resource(CLUSTER, {"agentPoolProfiles": pools, "diskEncryptionSetID": key})


CONTROL.good("a cluster with two pools", cluster(True, True))
CONTROL.good("a cluster whose pools are made apart", cluster())
CONTROL.good("a pool", resource(POOL, {"agentPoolName": "cpu", "enableEncryptionAtHost": True}))
CONTROL.bad(
    "nothing said",
    resource(CLUSTER, {"agentPoolProfiles": [{"name": "first"}]}),
    finding=(
        f"diskEncryptionSetID: found nothing, expected {OWN_DISK_KEY}",
        "agentPoolProfiles[0].enableEncryptionAtHost: found nothing, expected true",
    ),
)
CONTROL.bad(
    "one pool left out",
    cluster(True, False),
    finding="agentPoolProfiles[1].enableEncryptionAtHost: found false, expected true",
)
CONTROL.bad(
    "a vault for a disk encryption set",
    cluster(True, key="/subscriptions/0/resourceGroups/acme/providers/Microsoft.KeyVault/vaults/acme"),
    finding=(
        "diskEncryptionSetID: found /subscriptions/0/resourceGroups/acme/providers/Microsoft.KeyVault/vaults/acme, "
        f"expected {OWN_DISK_KEY}"
    ),
)
CONTROL.bad(
    "a pool switched off",
    resource(POOL, {"enableEncryptionAtHost": False}),
    finding="enableEncryptionAtHost: found false, expected true",
)
CONTROL.unknown("a disk encryption set of another resource", cluster(True, key=UNKNOWN), at="diskEncryptionSetID")
CONTROL.unknown(
    "a pool decided elsewhere", resource(POOL, {"enableEncryptionAtHost": UNKNOWN}), at="enableEncryptionAtHost"
)
CONTROL.not_applicable("a Service has no node", service())
