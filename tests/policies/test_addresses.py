"""Ranges of addresses: some, or nearly everyone."""

from __future__ import annotations

import pytest

from policies.networks.addresses import is_everyone, is_some, is_source
from policies.values import UNKNOWN


@pytest.mark.parametrize(
    ("value", "everyone", "some"),
    [
        ("10.0.0.0/8", False, True),
        ("10.1.2.3/8", False, True),
        ("10.0.0.0/7", True, False),
        ("fd00::/16", False, True),
        ("fd00::/15", True, False),
        ("Internet", True, False),
        ("AzureCloud.uaenorth", True, False),
        ("VirtualNetwork", False, False),
        ("10.0.0.0/33", False, False),
        (7, False, False),
        (None, False, False),
        (UNKNOWN, False, False),
    ],
)
def test_a_range_stands_for_everyone_some_or_none(value: object, everyone: bool, some: bool) -> None:
    assert (is_everyone(value), is_some(value)) == (everyone, some)


@pytest.mark.parametrize(("value", "source"), [("10.1.2.3/8", True), ("Storage.uaenorth", True), ("a b", False)])
def test_a_rule_comes_from_a_range_or_a_service(value: object, source: bool) -> None:
    assert is_source(value) is source
