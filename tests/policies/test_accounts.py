from __future__ import annotations

import pytest

from falaj.catalog.tags import Stage
from policies.controls.ten_006 import CONTROL, document, holding
from policies.evaluator import Verdict, evaluate
from policies.ownership.accounts import works_in_one_account
from policies.ownership.grants import Trusted
from policies.parameters import Parameters
from policies.resources import Resource, resource
from policies.stages import stage_in
from policies.values import UNKNOWN

PROD, DEV = "111122223333", "444455556666"


def provider(accounts: object) -> Resource:
    return resource("pulumi:providers:aws", {"allowedAccountIds": accounts})


@pytest.mark.parametrize(
    ("accounts", "stage", "production", "kept"),
    [
        ([PROD], None, (), True),
        (f'["{PROD}"]', Stage.PRODUCTION, (), True),
        ([PROD, DEV], Stage.PRODUCTION, (), False),
        ([], Stage.PRODUCTION, (), False),
        ("no list", Stage.PRODUCTION, (PROD,), False),
        (None, Stage.PRODUCTION, (), False),
        ([PROD], Stage.PRODUCTION, (PROD,), True),
        ([PROD], Stage.RECOVERY, (PROD,), True),
        ([PROD], None, (PROD,), True),
        ([DEV], Stage.PRODUCTION, (PROD,), False),
        ([PROD], Stage.DEVELOPMENT, (PROD,), False),
        ([DEV], Stage.DEVELOPMENT, (PROD,), True),
        (None, Stage.DEVELOPMENT, (PROD,), False),
    ],
)
def test_a_provider_works_in_one_account_of_its_stage(
    accounts: object, stage: Stage | None, production: tuple[str, ...], kept: bool
) -> None:
    assert (list(works_in_one_account(provider(accounts), stage, production)) == []) is kept


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("organization/falaj/aws-me-central-1-prod", Stage.PRODUCTION),
        ("acme/falaj/AWS_DR", Stage.RECOVERY),
        ("acme/falaj/product-staging", Stage.DEVELOPMENT),
        ("acme/dev-tools/prod", Stage.PRODUCTION),
        ("acme/falaj/product", None),
        (None, None),
    ],
)
def test_a_stacks_name_tells_its_stage(name: object, stage: Stage | None) -> None:
    assert stage_in(name) is stage


def test_whom_the_operator_trusts_may_be_granted_something() -> None:
    partner = holding(policy=document({"AWS": "arn:aws:iam::999988887777:role/auditor"}))
    organization = holding(policy=document("*", {"StringEquals": {"aws:PrincipalOrgID": "o-abc123"}}))
    trusting: dict[type[Parameters], Parameters] = {Trusted: Trusted(trusted=("999988887777", "o-abc123"))}

    for found in (partner, organization):
        assert evaluate([found], controls=[CONTROL])[0].verdict is Verdict.FAIL
        assert evaluate([found], controls=[CONTROL], given=trusting)[0].verdict is Verdict.PASS


def test_an_operator_is_told_which_accounts_will_do() -> None:
    (recovery,) = works_in_one_account(provider([DEV]), Stage.RECOVERY, (PROD, "0"))
    (development,) = works_in_one_account(provider([PROD]), Stage.DEVELOPMENT, (PROD,))
    (unknown,) = works_in_one_account(provider(UNKNOWN), Stage.RECOVERY, (PROD,))

    assert str(recovery) == f"allowedAccountIds: found {DEV}, expected one account, of {PROD}, 0"
    assert str(development) == f"allowedAccountIds: found {PROD}, expected one account that holds no production"
    assert str(unknown) == "allowedAccountIds: not known yet"
