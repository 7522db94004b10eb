"""What runs on GPUs, release by release: NVIDIA's driver, operator and Triton, and what can be taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Annotated, Literal

from pydantic import Field

from falaj.catalog.availability import Availability
from falaj.catalog.facts import Fact, Unknown, read_rows
from falaj.catalog.recipes import Minor, Target

DriverBranch = Annotated[str, Field(pattern=r"^(\d{3}|unknown)$")]
"""The number a driver's version begins with, or `unknown`."""
DriverVersion = Annotated[str, Field(pattern=r"^(\d{3}(\.\d+){1,2}|unknown)$")]
"""A whole driver version such as 580.178.04, or `unknown`."""
Cuda = Annotated[str, Field(pattern=r"^\d{2}\.\d{1,2}(\.\d+)?$")]
"""A CUDA toolkit, such as 13.3 or 13.3.1."""
ReleaseVersion = Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]


class DriverBranchFacts(Fact):
    """One branch of NVIDIA's data centre driver."""

    designation: Literal["long_term", "production", "new_feature"] = Field(description="What NVIDIA keeps it for.")
    supported_until: date | Unknown = Field(description="Last day on which NVIDIA mends it.")
    cuda_major: int = Field(ge=11, description="Newest CUDA major that runs on it without the compatibility package.")
    notes: str = Field(default="", description="What else to know before choosing it.")


class GpuOperatorRelease(Fact):
    """One release of the GPU operator, with what NVIDIA validated it with."""

    first_minor: Minor = Field(description="Oldest Kubernetes minor.")
    last_minor: Minor = Field(description="Newest Kubernetes minor.")
    driver_branches: tuple[DriverBranch, ...] = Field(description="Driver branches it may install.")
    default_driver: DriverVersion = Field(description="The driver it installs unless told otherwise.")
    toolkit: ReleaseVersion = Field(description="Its container toolkit.")
    device_plugin: ReleaseVersion = Field(description="Its device plugin.")
    state: Literal["supported", "deprecated", "ended"] = Field(description="Whether NVIDIA still mends it.")
    notes: str = Field(default="", description="What else to know before choosing it.")


class TritonRelease(Fact):
    """One release of the Triton image, by its tag."""

    server: ReleaseVersion = Field(description="Version of the server.")
    cuda: Cuda = Field(description="CUDA toolkit inside.")
    onnxruntime: ReleaseVersion = Field(description="ONNX Runtime of its backend.")
    compute_capability: str = Field(pattern=r"^\d{1,2}\.\d$", description="The oldest GPU it runs on.")
    built_with_driver: DriverBranch = Field(description="Driver branch that its CUDA came with.")
    notes: str = Field(default="", description="What else to know before choosing it.")


class Rollback(Fact):
    """Whether a provider takes back an upgrade of Kubernetes."""

    target: Target = Field(description="Where.")
    part: Literal["control_plane", "pool"] = Field(description="Of what.")
    possible: Availability = Field(description="Whether the provider does it.")
    within_days: int | Unknown = Field(description="For how long after the upgrade.")
    notes: str = Field(description="How, and what is not taken back.")


@cache
def driver_branches() -> Mapping[str, DriverBranchFacts]:
    """Return every driver branch by its number, the oldest first."""
    return read_rows("driver_branches.yaml", DriverBranchFacts)


@cache
def gpu_operators() -> Mapping[str, GpuOperatorRelease]:
    """Return every release of the GPU operator by its version, the oldest first."""
    return read_rows("gpu_operators.yaml", GpuOperatorRelease)


@cache
def triton_releases() -> Mapping[str, TritonRelease]:
    """Return every release of the Triton image by its tag, the oldest first."""
    return read_rows("triton_releases.yaml", TritonRelease)


@cache
def rollbacks() -> Mapping[tuple[str, str], Rollback]:
    """Return what is taken back, by target and part."""
    return {(row.target, row.part): row for row in read_rows("rollbacks.yaml", Rollback).values()}


def branch_of(driver: str) -> str:
    """Return the branch of a driver version: 580 of 580.178.04; `unknown` of `unknown`."""
    return driver.partition(".")[0]
