"""Pulumi's own command calls nobody abroad: what its variables leave open is said, with what closes it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from falaj.catalog.tags import Stage
from falaj.preflight import Finding, Verdict, Wanted
from falaj.preflight.pulumi_command import command_findings
from falaj.preflight.pulumi_files import read_pulumi_command
from tests.preflight.stacks import on_a_cluster_of_ones_own, on_aws

SILENT = {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1"}
NOT_SET = "PULUMI_SKIP_UPDATE_CHECK is not set, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION is not set"


def told(variables: Mapping[str, str], wanted: Wanted | None = None) -> Finding:
    (finding,) = command_findings((wanted or on_aws()).model_copy(update={"pulumi": read_pulumi_command(variables)}))
    return finding


def test_a_command_told_to_be_silent_is_fine() -> None:
    finding = told(SILENT)

    assert (finding.what, finding.verdict, finding.found, finding.next_step) == (
        "pulumi command",
        Verdict.OK,
        "calls nobody outside the country",
        "",
    )


@pytest.mark.parametrize(
    ("variables", "found", "next_step"),
    [
        (
            {},
            NOT_SET,
            "export PULUMI_SKIP_UPDATE_CHECK=true PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
        ),
        (
            SILENT | {"PULUMI_SKIP_UPDATE_CHECK": "False"},
            "PULUMI_SKIP_UPDATE_CHECK is not set",
            "export PULUMI_SKIP_UPDATE_CHECK=true",
        ),
        (
            SILENT | {"PULUMI_ACCESS_TOKEN": "pul-sesame", "PULUMI_COPILOT": "true", "PULUMI_NEO": "false"},
            "PULUMI_ACCESS_TOKEN is set, PULUMI_COPILOT is set",
            "unset PULUMI_ACCESS_TOKEN PULUMI_COPILOT",
        ),
        (
            {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_ACCESS_TOKEN": "pul-sesame"},
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION is not set, PULUMI_ACCESS_TOKEN is set",
            "export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true; unset PULUMI_ACCESS_TOKEN",
        ),
    ],
)
def test_what_would_be_called_abroad_is_named_with_what_closes_it(
    variables: Mapping[str, str], found: str, next_step: str
) -> None:
    finding = told(variables)

    assert (finding.verdict, finding.found, finding.next_step) == (Verdict.ASK, found, next_step)


@pytest.mark.parametrize("wanted", [on_a_cluster_of_ones_own(), on_aws(stage=Stage.DEVELOPMENT)])
def test_development_and_clusters_of_ones_own_may_call_anybody(wanted: Wanted) -> None:
    finding = told({}, wanted)

    assert (finding.verdict, finding.needed, finding.found) == (Verdict.OK, "anything", NOT_SET)


def test_no_token_is_kept() -> None:
    assert "sesame" not in repr(read_pulumi_command({"PULUMI_ACCESS_TOKEN": "pul-sesame"}))
