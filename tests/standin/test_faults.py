from __future__ import annotations

import threading

import pytest

from falaj.errors import ConfigurationError, DeploymentError
from falaj.standin.faults import Fault, FaultKind, Faults

URN = "urn:pulumi:prod::falaj::aws:eks/nodeGroup:NodeGroup::main-system"


def strike(text: str, urn: str = URN, package: str = "aws") -> str:
    return Faults.parse(text).strike(package, urn, threading.Event())


def test_entries_are_read_with_what_is_usual_for_their_kind() -> None:
    text = "throttle(times=2, seconds=0.1)@*::main-*; quota@*NodeGroup*;partial@x"

    assert Faults.parse(text).entries == (
        Fault(FaultKind.THROTTLE, "*::main-*", times=2, seconds=0.1),
        Fault(FaultKind.QUOTA, "*NodeGroup*", times=0, seconds=0.05),
        Fault(FaultKind.PARTIAL, "x", times=1, seconds=0.05),
    )
    assert Faults.parse("").entries == ()


@pytest.mark.parametrize("text", ["fire@x", "quota", "quota@", "quota(time=1)@x", "quota(times=many)@x", "@x"])
def test_what_orders_nothing_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Faults.parse(text)

    assert (caught.value.code, caught.value.where) == ("FAL-STD-010", "FALAJ_STANDIN_FAULTS")
    assert caught.value.message == (
        f"{text!r} orders no failure; the kinds are throttle, quota, capacity, partial, timeout."
    )


def test_a_throttled_provider_asks_again() -> None:
    assert strike("throttle(times=3,seconds=0)@*") == ""


@pytest.mark.parametrize(
    ("text", "package", "message"),
    [
        (
            "throttle(times=4,seconds=0)@*",
            "aws",
            "ThrottlingException: Rate exceeded; asked 4 times, each time told to wait 0 s.",
        ),
        ("quota@*", "aws", "LimitExceededException: the quota of the account is used up."),
        ("quota@*", "azure-native", "QuotaExceeded: the operation exceeds the approved quota of the subscription."),
        (
            "capacity@*",
            "aws",
            "InsufficientInstanceCapacity: there is no capacity in the Availability Zone you requested.",
        ),
        (
            "capacity@*",
            "azure-native",
            "AllocationFailed: there is not sufficient capacity for the requested size in this zone.",
        ),
        ("quota@*", "kubernetes", "quota."),
    ],
)
def test_nothing_is_made_and_the_cloud_says_why(text: str, package: str, message: str) -> None:
    with pytest.raises(DeploymentError) as caught:
        strike(text, package=package)

    assert (caught.value.code, caught.value.where, caught.value.message) == ("FAL-STD-011", URN, message)


def test_what_is_made_half_happens_once() -> None:
    faults, never = Faults.parse("partial@*; timeout(seconds=0)@*::slow"), threading.Event()

    assert faults.strike("aws", URN, never) == "it was created and its state is FAILED"
    assert faults.strike("aws", URN, never) == ""
    assert faults.strike("aws", "x::slow", never) == "it was created and its state is FAILED"
    assert faults.strike("aws", "x::slow", never) == (
        "timeout while waiting for it to become ready, last state CREATING"
    )


def test_other_resources_are_spared() -> None:
    assert strike("quota@*::main-gpu") == ""
