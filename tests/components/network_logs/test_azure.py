from __future__ import annotations

import pulumi

from components.identities.azure import Identity
from components.network.spec import NetworkSpec
from components.network_logs.azure import AzureNetworkLogs
from tests.components.conftest import Run
from tests.components.network.networks import AZURE_TRANSLATED, SUBSCRIPTION, THROUGH_FIREWALL, in_azure
from tests.fakes.golden import assert_golden
from tests.fakes.monitor import Plan

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/platform/providers"
IDENTITY = f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/logs"
POLICY = f"{GROUP}/Microsoft.Network/dnsResolverPolicies/names"
PRINCIPAL, CLIENT = "22222222-3333-4444-5555-666666666666", "33333333-4444-5555-6666-777777777777"
ARCHIVE = f"{GROUP}/Microsoft.Storage/storageAccounts/flows"
FIREWALL = f"{GROUP}/Microsoft.Network/azureFirewalls/firewall"


def logged(run: Run, spec: NetworkSpec) -> Plan:
    def program() -> None:
        AzureNetworkLogs(
            "network-logs",
            spec,
            vnet_id=f"{GROUP}/Microsoft.Network/virtualNetworks/network",
            name_policy_id=None if spec.egress == "nat" else POLICY,
            firewall_id=FIREWALL if spec.egress == "firewall" else None,
            workspace_id=f"{GROUP}/Microsoft.OperationalInsights/workspaces/logs",
            archive_id=ARCHIVE,
            identity=Identity(*(pulumi.Output.from_input(each) for each in (IDENTITY, PRINCIPAL, CLIENT))),
        )

    return run(program)


def test_equals_its_snapshot(run: Run) -> None:
    assert_golden("azure_network_logs", logged(run, in_azure(**THROUGH_FIREWALL)))


def test_connections_are_written_by_an_identity_that_may_do_just_that(run: Run) -> None:
    plan = logged(run, in_azure())

    (log,) = plan.typed("azure-native:network:FlowLog")
    assert log.inputs["identity"] == {"type": "UserAssigned", "userAssignedIdentities": [IDENTITY]}
    assert (log.inputs["networkWatcherName"], log.inputs["enabled"]) == ("NetworkWatcher_uaenorth", True)
    (grant,) = plan.typed("azure-native:authorization:RoleAssignment")
    assert grant.inputs["scope"].endswith("/storageAccounts/flows")
    assert grant.urn in log.dependencies


def test_a_log_that_is_kept_for_long_is_left_to_the_lifecycle_of_its_store(run: Run) -> None:
    for days, kept in ((90, 90), (365, 365), (1826, 0)):
        (log,) = logged(run, in_azure(retention_days=days)).typed("azure-native:network:FlowLog")
        assert log.inputs["retentionPolicy"] == {"enabled": True, "days": kept}


def test_names_and_the_firewalls_verdicts_go_to_workspace_and_archive_where_there_are_any(run: Run) -> None:
    for spec, sources in (
        (in_azure(**THROUGH_FIREWALL), {POLICY, FIREWALL}),
        (in_azure(), {POLICY}),
        (in_azure(**AZURE_TRANSLATED), set[str]()),
    ):
        settings = logged(run, spec).typed("azure-native:monitor:DiagnosticSetting")
        assert {each.inputs["resourceUri"] for each in settings} == sources
        assert all(each.inputs["storageAccountId"] == ARCHIVE for each in settings)
