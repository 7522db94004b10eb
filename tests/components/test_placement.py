from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from components.cloud_names import global_name
from components.placement import Placement
from falaj.catalog.data_flows import DataClass
from falaj.catalog.tags import Stage

STACKS = st.from_regex(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?", fullmatch=True)


def placement(data_class: DataClass, *, tenant: str | None = None, record: str | None = None) -> Placement:
    return Placement(
        stack="aws-prod",
        region="me-central-1",
        stage=Stage.PRODUCTION,
        owner="platform",
        cost_centre="cc-1001",
        data_class=data_class,
        tenant=tenant,
        processing_record=record,
    )


def test_tags_say_whose_it_is_what_for_and_where() -> None:
    assert placement(DataClass.FINANCIAL, record="ropa-7").tags() == {
        "owner": "platform",
        "environment": "prod",
        "stack": "aws-prod",
        "cost-centre": "cc-1001",
        "data-classification": "financial",
        "data-residency": "AE",
        "tenant": "shared",
        "personal-data": "yes",
        "ropa-id": "ropa-7",
    }


def test_what_says_nothing_of_persons_is_tagged_so() -> None:
    tags = placement(DataClass.INTERNAL, tenant="acme").tags()

    assert (tags["personal-data"], tags["tenant"]) == ("no", "acme")
    assert "ropa-id" not in tags


@given(STACKS, st.sampled_from(["models", "audit"]), st.sampled_from([24, 50, 63]))
def test_a_global_name_is_steady_short_and_a_customers_own(stack: str, role: str, longest: int) -> None:
    name = global_name(stack, role, "111122223333", longest=longest)

    assert name == global_name(stack, role, "111122223333", longest=longest)
    assert name != global_name(stack, role, "444455556666", longest=longest)
    assert len(name) <= longest
    assert re.fullmatch(r"[a-z][a-z0-9-]*[a-z0-9]", name)
    assert re.fullmatch(r"[a-z][a-z0-9]*", global_name(stack, role, "1", longest=longest, separator=""))
