from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from falaj.standin.differences import Difference, difference, replacing_inputs
from falaj.standin.library import resource_type
from falaj.standin.wire import UNKNOWN
from tests.standin.strategies import objects

CLUSTER = "aws:eks/cluster:Cluster"
NODES = "aws:eks/nodeGroup:NodeGroup"
AKS = "azure-native:containerservice:ManagedCluster"
FILES = "aws:efs/fileSystem:FileSystem"
WORKGROUP = "aws:athena/workgroup:Workgroup"
POOL = "azure-native:containerservice:AgentPool"


def urn_of(token: str) -> str:
    return f"urn:pulumi:prod::falaj::{token}::main"


@pytest.mark.parametrize(
    ("token", "old", "new", "expected"),
    [
        (CLUSTER, {"version": "1.33"}, {"version": "1.34"}, Difference(("version",), (), delete_first=False)),
        (CLUSTER, {"name": "a"}, {"name": "b"}, Difference(("name",), ("name",), delete_first=False)),
        (
            CLUSTER,
            {"name": "a", "encryptionConfig": {"provider": {"keyArn": "k1"}, "resources": ["secrets"]}},
            {"name": "a", "encryptionConfig": {"provider": {"keyArn": "k2"}, "resources": ["secrets"]}},
            Difference(("encryptionConfig.provider.keyArn",), ("encryptionConfig.provider.keyArn",), delete_first=True),
        ),
        (
            CLUSTER,
            {"vpcConfig": {"subnetIds": ["a"]}},
            {"vpcConfig": {"subnetIds": ["a", "b"]}},
            Difference(("vpcConfig.subnetIds[1]",), (), delete_first=False),
        ),
        (
            NODES,
            {"launchTemplate": {"id": "lt-1", "version": "1"}},
            {"launchTemplate": {"id": "lt-1", "version": "2"}},
            Difference(("launchTemplate.version",), (), delete_first=False),
        ),
        (
            NODES,
            {"instanceTypes": ["m7i.large"]},
            {"instanceTypes": ["m7i.xlarge"]},
            Difference(("instanceTypes[0]",), ("instanceTypes[0]",), delete_first=False),
        ),
        (
            NODES,
            {"launchTemplate": {"id": "lt-1"}},
            {},
            Difference(("launchTemplate.id",), ("launchTemplate.id",), delete_first=False),
        ),
        (NODES, {"tags": {"a": "1"}}, {"tags": {"b": "1"}}, Difference(("tags.a", "tags.b"), (), delete_first=False)),
        (
            AKS,
            {"networkProfile": {"podCidr": "10.0.0.0/16", "loadBalancerSku": "Standard"}},
            {"networkProfile": {"podCidr": "10.1.0.0/16", "loadBalancerSku": "Basic"}},
            Difference(
                ("networkProfile.loadBalancerSku", "networkProfile.podCidr"),
                ("networkProfile.podCidr",),
                delete_first=False,
            ),
        ),
        (
            AKS,
            {"location": "uaenorth"},
            {"location": "uaecentral"},
            Difference(("location",), ("location",), delete_first=False),
        ),
        (POOL, {"vmSize": "a"}, {"vmSize": UNKNOWN}, Difference(("vmSize",), ("vmSize",), delete_first=False)),
        (
            POOL,
            {"resourceGroupName": "a", "agentPoolName": "p"},
            {"resourceGroupName": "b", "agentPoolName": "p"},
            Difference(("resourceGroupName",), ("resourceGroupName",), delete_first=True),
        ),
        (FILES, {"region": "me-central-1"}, {}, Difference(("region",), ("region",), delete_first=False)),
        (WORKGROUP, {"name": "a"}, {"name": "b"}, Difference(("name",), ("name",), delete_first=False)),
    ],
)
def test_a_change_is_made_in_place_or_replaces(
    token: str, old: dict[str, Any], new: dict[str, Any], expected: Difference
) -> None:
    assert difference(token, urn_of(token), old, new) == expected


def test_a_type_nobody_knows_is_never_replaced() -> None:
    assert replacing_inputs("aws:nothing/such:Such") == ()


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_the_same_is_no_change_and_only_what_changed_replaces(data: st.DataObject) -> None:
    token = data.draw(st.sampled_from([CLUSTER, NODES, POOL]))
    found = resource_type(token)
    assert found is not None
    old, new = (data.draw(objects(found, found.inputs)) for _ in range(2))

    assert difference(token, urn_of(token), old, copy.deepcopy(old)) == Difference((), (), delete_first=False)
    forth, back = (difference(token, urn_of(token), *pair) for pair in ((old, new), (new, old)))
    assert (forth.changed, forth.replacing) == (back.changed, back.replacing)
    assert set(forth.replacing) <= set(forth.changed)
