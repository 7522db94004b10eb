from __future__ import annotations

import pytest

from falaj.engine.kubernetes.reading import prune


def test_a_refresh_keeps_what_the_program_gave_where_the_meaning_is_the_same() -> None:
    live = {"cpu": "500m", "memory": "1Gi", "replicas": 3, "added": 1, "list": [{"port": 80, "protocol": "TCP"}]}
    wanted = {"cpu": 0.5, "memory": "1024Mi", "replicas": 2, "absent": 1, "list": [{"port": 80}]}
    assert prune(live, wanted) == {"cpu": 0.5, "memory": "1024Mi", "replicas": 3, "list": [{"port": 80}]}


def test_a_list_of_another_length_is_taken_from_the_cluster() -> None:
    assert prune([1, 2], [1]) == [1, 2]


@pytest.mark.parametrize(
    ("live", "wanted", "same"),
    [
        ("1", 1, True),
        ("1500m", "1.5", True),
        ("1k", "1000", True),
        ("1Ki", "1024", True),
        ("1e3", "1k", True),
        ("1M", "1Mi", False),
        (True, "1", False),
        ("a", "b", False),
        ("100n", "0.1u", True),
    ],
)
def test_quantities_are_compared_by_their_worth(live: object, wanted: object, same: bool) -> None:
    assert prune(live, wanted) == (wanted if same else live)
