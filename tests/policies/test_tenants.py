from __future__ import annotations

import components.labels
from falaj.catalog import labels
from policies.capacity.pools import Taint, taint_of
from policies.controls.tag_001 import CONTROL, Vocabulary
from policies.evaluator import Verdict, evaluate
from policies.examples.tags import tagged
from policies.parameters import Parameters
from policies.values import UNKNOWN


def test_controls_and_components_mean_the_same_labels() -> None:
    assert (labels.ROLE, labels.TENANT) == (components.labels.ROLE, components.labels.TENANT)


def test_a_taint_is_read_as_either_cloud_writes_it() -> None:
    kept = Taint("falaj.dev/tenant", "acme", "NoSchedule")

    assert taint_of("falaj.dev/tenant=acme:NoSchedule") == kept
    assert taint_of({"key": "falaj.dev/tenant", "value": "acme", "effect": "NO_SCHEDULE"}) == kept
    assert taint_of("spot:NoExecute") == Taint("spot", "", "NoExecute")
    assert taint_of({"key": "spot", "effect": "PREFER_NO_SCHEDULE"}) == Taint("spot", "", "PreferNoSchedule")
    assert [taint_of(each) for each in ("spot", ":NoSchedule", {"key": UNKNOWN}, UNKNOWN, None)] == [None] * 5


def test_an_operator_may_class_data_otherwise() -> None:
    found = tagged("aws:s3/bucket:Bucket", **{"data-classification": "shared-secret"})
    own: dict[type[Parameters], Parameters] = {Vocabulary: Vocabulary(data_classes=("open", "shared-secret"))}

    assert evaluate([found], controls=[CONTROL])[0].verdict is Verdict.FAIL
    assert evaluate([found], controls=[CONTROL], given=own)[0].verdict is Verdict.PASS
