"""How long CloudWatch can be told to keep a log."""

from __future__ import annotations

OFFERED_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""
FOR_EVER = 0


def log_group_days(wanted: int) -> int:
    """Return the shortest retention CloudWatch offers that is no shorter than wanted; 0, for ever, above ten years."""
    return next((days for days in OFFERED_DAYS if days >= wanted), FOR_EVER)
