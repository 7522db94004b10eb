from __future__ import annotations

import math

import pytest

from policies.continuity.schedules import longest_wait


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("cron(0 3 * * ? *)", 1),
        ("cron(0 3 1 */3 ? *)", 3),
        ("cron(0 3 1 1/6 ? *)", 6),
        ("cron(0 3 1 JAN,jul ? *)", 6),
        ("cron(0 3 1 1-3 ? *)", 10),
        ("cron(0 3 1 2-8/3 ? *)", 6),
        ("cron(0 3 1 12 ? *)", 12),
        ("cron(0 3 1 * ? ?)", 1),
        ("cron(0 3 1 * ? 2027)", math.inf),
        ("cron(0 3 1 13 ? *)", math.inf),
        ("cron(0 3 1 JAN,13 ? *)", math.inf),
        ("cron(0 3 1 */0 ? *)", math.inf),
        ("cron(0 3 1 L ? *)", math.inf),
        ("cron(0 3 1 * ?)", math.inf),
        ("cron(0 3 1 #6 ? *)", math.inf),
        ("rate(30 days)", math.inf),
        (None, math.inf),
    ],
)
def test_the_longest_wait_between_two_months_with_a_run(text: object, months: float) -> None:
    assert longest_wait(text) == months
