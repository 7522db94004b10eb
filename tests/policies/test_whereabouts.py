"""Where a resource lies that another one names, and where its copies may lie."""

from __future__ import annotations

import pytest

from policies.controls import res_012, res_014
from policies.days import EXAMPLE_DAY
from policies.evaluator import Verdict, evaluate
from policies.examples.azure_residency import ABROAD, GROUP, HOME, made, other_stack
from policies.geography.copies import PairedCopies, stays
from policies.geography.whereabouts import BUCKET, LOG_GROUP, STORAGE_ACCOUNT, WORKSPACE, Vouched, refers_home
from policies.node import Node
from policies.outcomes import Finding, Undecided
from policies.parameters import Parameters
from policies.path import Path
from policies.resources import Plan, Resource
from policies.values import UNKNOWN

LOGS = Path(("logs",))
LOGS_ID = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/acme-logs"
WORKSPACE_HERE = made(WORKSPACE, "logs", location=HOME, workspaceName="acme-logs")
WORKSPACE_ABROAD = made(WORKSPACE, "logs", location=ABROAD, workspaceName="acme-logs")


def outcomes(value: object, *others: Resource, made_from: Resource | None = None, vouched: str = "") -> list[object]:
    """What is said of a value that names a workspace, a bucket, a log group or an account."""
    owner = made("acme:index:Sender", logs=value, made_from={"logs": [made_from] if made_from else []})
    plan = Plan(EXAMPLE_DAY, resources=(owner, *others))
    tokens = (WORKSPACE, BUCKET, LOG_GROUP, STORAGE_ACCOUNT)
    return list(refers_home(owner["logs"], owner, plan, tokens, Vouched(in_the_uae=(vouched,))))


def test_nothing_named_lies_nowhere() -> None:
    assert outcomes(None) == []


@pytest.mark.parametrize("value", [UNKNOWN, LOGS_ID, LOGS_ID.upper()])
def test_what_the_stack_makes_says_where_it_lies(value: object) -> None:
    assert outcomes(value, WORKSPACE_HERE, made_from=WORKSPACE_HERE) == []
    (finding,) = outcomes(value, WORKSPACE_ABROAD, made_from=WORKSPACE_ABROAD)
    assert isinstance(finding, Finding)
    assert (str(finding.at), finding.found, finding.urn) == ("location", ABROAD, WORKSPACE_ABROAD.urn)


def test_an_id_says_nothing_of_where_it_lies() -> None:
    (undecided,) = outcomes(LOGS_ID, WORKSPACE_HERE)

    assert isinstance(undecided, Undecided)
    assert undecided.at == LOGS
    assert "in_the_uae" in str(undecided)


def test_an_id_beside_what_the_stack_makes_is_not_taken_for_it() -> None:
    (undecided,) = outcomes(LOGS_ID.replace("acme-logs", "other"), WORKSPACE_HERE, made_from=WORKSPACE_HERE)

    assert isinstance(undecided, Undecided)


@pytest.mark.parametrize("name", ["", UNKNOWN])
def test_no_name_is_the_name_of_nothing(name: object) -> None:
    unnamed = made(WORKSPACE, "logs", location=HOME, workspaceName=name)
    (undecided,) = outcomes(LOGS_ID, unnamed, made_from=unnamed)

    assert isinstance(undecided, Undecided)


def test_a_resource_is_known_by_its_output_as_well() -> None:
    known = made(WORKSPACE, "logs", location=HOME, name="acme-logs")

    assert outcomes(LOGS_ID, known, made_from=known) == []


def test_a_name_that_is_unique_in_the_world_needs_no_trace() -> None:
    account = made(STORAGE_ACCOUNT, "store", location=HOME, accountName="acmelogs")

    assert outcomes("acmelogs", account) == []
    assert outcomes(f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acmelogs", account) == []
    assert outcomes("arn:aws:s3:::acme-logs/prefix", made(BUCKET, "store", bucket="acme-logs")) == []
    (finding,) = outcomes("acme-logs", made(BUCKET, "store", bucket="acme-logs", region="eu-west-1"))
    assert isinstance(finding, Finding)


def test_the_operator_may_vouch_for_what_others_made() -> None:
    assert outcomes(LOGS_ID, vouched=LOGS_ID) == []


def test_an_arn_with_a_region_says_where_it_lies_whatever_it_was_made_from() -> None:
    arn = "arn:aws:logs:me-central-1:111122223333:log-group:/acme:*"
    group = made(LOG_GROUP, "logs", region="eu-west-1")

    assert outcomes(arn) == []
    (finding,) = outcomes(arn.replace("me-central-1", "eu-west-1"), group, made_from=group)
    assert isinstance(finding, Finding)
    assert finding.at == LOGS


@pytest.mark.parametrize("name", ["environment", "project/environment", "organization/project/environment"])
def test_another_stack_of_the_project_answers_for_what_it_makes(name: str) -> None:
    assert outcomes(UNKNOWN, other_stack(name), made_from=other_stack(name)) == []


@pytest.mark.parametrize("name", ["another/environment", "organization/another/environment", UNKNOWN])
def test_a_stack_of_another_project_or_of_no_known_name_does_not(name: object) -> None:
    other = made("pulumi:pulumi:StackReference", "environment", name=name)

    assert outcomes(UNKNOWN, other, made_from=other) == [Undecided(LOGS)]


HERE, PAIRED = ("Local", "Zone"), ("Geo",)


def copied(redundancy: object, location: object, *, pair: bool) -> list[str]:
    """What is said of a redundancy where the operator allows the pair or does not."""
    found = made("acme:index:Store", location=location)
    node = Node(redundancy, Path(("redundancy",)))
    return [str(each) for each in stays(node, found, PairedCopies(in_country_pair=pair), here=HERE, paired=PAIRED)]


def test_copies_of_the_region_are_always_allowed() -> None:
    assert copied("Zone", ABROAD, pair=False) == copied("Zone", ABROAD, pair=True) == []


def test_copies_in_the_pair_need_the_operator_and_a_pair_in_the_country() -> None:
    assert copied("Geo", HOME, pair=False) == ["redundancy: found Geo, expected Local, Zone"]
    assert copied("Geo", HOME, pair=True) == copied("Geo", "UAE Central", pair=True) == []
    assert copied("Geo", ABROAD, pair=True) == [
        f"location: found {ABROAD}, expected a location whose pair lies in the UAE: uaenorth, uaecentral"
    ]
    assert copied("Geo", UNKNOWN, pair=True) == ["location: not known yet"]


@pytest.mark.parametrize("pair", [True, False])
def test_what_is_no_redundancy_is_never_allowed(pair: bool) -> None:
    words = "Local, Zone, Geo" if pair else "Local, Zone"
    assert copied("Everywhere", HOME, pair=pair) == [f"redundancy: found Everywhere, expected {words}"]
    assert copied(UNKNOWN, HOME, pair=pair) == ["redundancy: not known yet"]


def test_the_controls_ask_the_operators_configuration() -> None:
    account = made(STORAGE_ACCOUNT, location=HOME, sku={"name": "Standard_GZRS"}, allowCrossTenantReplication=False)
    vault = made(
        "azure-native:recoveryservices:Vault",
        location=HOME,
        properties={"redundancySettings": {"standardTierStorageRedundancy": "GeoRedundant"}},
    )
    replication = made(
        "azure-native:storage:ObjectReplicationPolicy", sourceAccount="acmeone", destinationAccount="acmetwo"
    )
    given: dict[type[Parameters], Parameters] = {
        res_012.AccountCopies: res_012.AccountCopies(in_country_pair=True, in_the_uae=("acmeone", "acmetwo")),
        res_014.BackupCopies: res_014.BackupCopies(in_country_pair=True),
    }

    results = evaluate([account, vault, replication], controls=[res_012.CONTROL, res_014.CONTROL], given=given)

    assert [result.verdict for result in results] == [Verdict.PASS] * 3
