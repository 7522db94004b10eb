"""A tenant is judged by the profiles of its environment, and by its own besides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pulumi.runtime.proto import analyzer_pb2

from falaj.cli.policy_sources import settings_of
from policies.analyzer.adapter import Analyzer, RefusedError
from policies.environments import with_profiles_of_environment
from policies.node import MalformedError
from policies.stack import described
from policies.waiver_files import read_waivers

HOME = "aws-me-central-1-prod"


def tenant(**keys: object) -> dict[str, str]:
    return {"falaj:tenant": json.dumps({"environment": HOME, "tier": "smb"} | keys)}


def environment(folder: Path, text: str) -> Path:
    (folder / f"Pulumi.{HOME}.yaml").write_text(text, encoding="utf-8")
    return folder


def profiles_in(folder: Path, **keys: object) -> tuple[str, ...]:
    return described(with_profiles_of_environment(tenant(**keys), folder)).profiles


def test_a_tenant_has_the_profiles_of_its_environment(tmp_path: Path) -> None:
    folder = environment(tmp_path, "config: {falaj:environment: {profiles: [cbuae, gdpr]}}")

    assert profiles_in(folder) == ("cbuae", "gdpr")
    assert profiles_in(folder, profiles=["gov", "cbuae"]) == ("gov", "cbuae", "gdpr")


def test_what_a_tenant_adds_to_an_environment_without_profiles_does_not_loosen_the_baseline(tmp_path: Path) -> None:
    folder = environment(tmp_path, "config: {falaj:environment: {budget: {starts: 2026-12-01}}}")

    assert profiles_in(folder) == ()
    assert profiles_in(folder, profiles=["smb"]) == ("smb", "baseline")


def test_an_environment_without_a_file_adds_nothing(tmp_path: Path) -> None:
    assert profiles_in(tmp_path) == ()


@pytest.mark.parametrize(
    "text", ["config: [", "", "[]", "config: {}", "config: {falaj:tenant: {}}", "config: {falaj:environment: [1]}"]
)
def test_an_environment_that_cannot_be_read_is_told(tmp_path: Path, text: str) -> None:
    folder = environment(tmp_path, text)

    with pytest.raises(MalformedError) as refused:
        profiles_in(folder)

    expected = {
        "config: {falaj:environment: [1]}": "configuration falaj:environment: expected an object in JSON",
    }
    assert str(refused.value) == expected.get(
        text, f"Pulumi.{HOME}.yaml: expected a stack file with falaj:environment, as a tenant names it"
    )


def test_a_stack_that_is_no_tenant_stays_as_it_is() -> None:
    config = {"falaj:environment": '{"profiles": ["cbuae"]}'}

    assert with_profiles_of_environment(config) is config


def test_the_command_judges_shipped_tenants_by_their_environments() -> None:
    assert described(settings_of("aws-smb")).profiles == ("cbuae",)
    assert described(settings_of("local-smb")).profiles == ()


def test_the_engines_pack_judges_shipped_tenants_by_their_environments() -> None:
    analyzer = Analyzer(waivers=read_waivers())

    analyzer.configure_stack(analyzer_pb2.AnalyzerStackConfigureRequest(stack="aws-smb", config=tenant()))

    assert analyzer._profiles == ("cbuae",)


def test_the_engine_is_told_of_a_tenant_that_is_no_object() -> None:
    with pytest.raises(RefusedError) as refused:
        Analyzer().configure_stack(analyzer_pb2.AnalyzerStackConfigureRequest(config={"falaj:tenant": "[]"}))

    assert str(refused.value) == "configuration falaj:tenant: expected an object in JSON"
