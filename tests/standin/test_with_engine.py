"""A program of the real SDKs, run by the embedded engine against the stand-ins: no account, no network."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest

from falaj.engine import Diagnostic, Event, Options, Project, StepOp, destroy, passphrase, preview, stack_outputs, up
from falaj.errors import FalajError

PROVIDERS = {package: (sys.executable, "-m", "falaj.standin", package) for package in ("aws", "azure-native")}
PROGRAM = """
    import pulumi
    import pulumi_aws as aws
    import pulumi_azure_native as azure_native

    config = pulumi.Config()
    provider = aws.Provider("aws", region="me-central-1", allowed_account_ids=["210987654321"])
    inside = pulumi.ResourceOptions(provider=provider)
    key = aws.kms.Key("key", description=config.get("description"), enable_key_rotation=True, opts=inside)
    alias = aws.kms.Alias("alias", target_key_id=key.key_id, opts=inside)
    group = azure_native.resources.ResourceGroup("group", location=config.get("location") or "uaenorth")
    who = aws.get_caller_identity_output(opts=pulumi.InvokeOptions(provider=provider))
    pulumi.export("arn", key.arn)
    pulumi.export("alias", alias.arn)
    pulumi.export("group", group.id)
    pulumi.export("account", who.account_id)
"""

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_stacks")]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "correct horse")
    monkeypatch.setattr(passphrase, "ITERATIONS", 1000)
    (tmp_path / "stacks").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: test\nruntime: python\nmain: stacks\n", encoding="utf-8")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n", encoding="utf-8")
    (tmp_path / "stacks" / "__main__.py").write_text(textwrap.dedent(PROGRAM), encoding="utf-8")
    return Project.load(tmp_path)


def test_from_a_preview_to_nothing(project: Project) -> None:
    events: list[Event] = []
    options = Options(providers=PROVIDERS, listener=events.append)

    planned = preview(project, "dev", options)
    made = up(project, "dev", options)
    settled = up(project, "dev", options)
    changed = preview(project, "dev", Options(providers=PROVIDERS, config={"test:description": "other"}))
    gone = destroy(project, "dev", options)

    assert planned.outputs == {"arn": None, "alias": None, "group": None, "account": "210987654321"}
    assert planned.summary == {StepOp.CREATE: 5}
    assert set(made.outputs["arn"].split(":")[:5]) == {"arn", "aws", "kms", "me-central-1", "210987654321"}
    assert made.outputs["group"].startswith("/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/group")
    assert settled.summary == {StepOp.SAME: 5}
    assert changed.summary == {StepOp.SAME: 4, StepOp.UPDATE: 1}
    assert gone.summary == {StepOp.DELETE: 5}
    told = {event.message for event in events if isinstance(event, Diagnostic) and "stand-in" in event.message}
    assert {message.partition(": ")[0] for message in told} == {"aws", "azure-native"}


def test_what_the_cloud_would_refuse_is_refused_before_anything_is_made(project: Project) -> None:
    with pytest.raises(FalajError, match="westeurope does not lie in the UAE, allowed: uaecentral, uaenorth"):
        up(project, "dev", Options(providers=PROVIDERS, config={"test:location": "westeurope"}))
    with pytest.raises(FalajError, match="not deployed"):
        stack_outputs(project, "dev")


def test_after_an_ordered_failure_the_next_update_goes_on(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FALAJ_STANDIN_FAULTS", "partial@*::key")
    with pytest.raises(FalajError, match="it was created and its state is FAILED"):
        up(project, "dev", Options(providers=PROVIDERS))
    monkeypatch.delenv("FALAJ_STANDIN_FAULTS")

    assert up(project, "dev", Options(providers=PROVIDERS)).summary[StepOp.CREATE] > 0
    assert up(project, "dev", Options(providers=PROVIDERS)).summary == {StepOp.SAME: 5}
