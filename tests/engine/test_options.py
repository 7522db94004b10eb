"""What a preview may be asked for beyond the stack: further providers, stacks and keys that are not at hand."""

from __future__ import annotations

import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from falaj.engine import Options, StepOp, preview, up
from falaj.errors import ConfigurationError, DeploymentError
from tests.engine.conftest import Workbench

ROOT = Path(__file__).parents[2]
SERVED = """
    import sys, threading
    sys.path.insert(0, {root!r})
    from tests.engine.fake_provider import World, serve
    server, port = serve(World())
    print(port, flush=True)
    threading.Event().wait()
"""
KEY = "awskms://alias/falaj?region=me-central-1"


@pytest.fixture
def command(tmp_path: Path) -> tuple[str, ...]:
    """How a provider of the fake package is started as a process."""
    program = tmp_path / "fake_plugin.py"
    program.write_text(textwrap.dedent(SERVED.format(root=str(ROOT))), encoding="utf-8")
    return (sys.executable, str(program))


@pytest.mark.slow
def test_the_provider_of_another_package_is_started_by_its_command(
    bench: Workbench, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PULUMI_DEBUG_PROVIDERS")
    bench.program('pulumi.export("serial", Thing("one").serial)')

    result = up(bench.project, "dev", replace(bench.options(), providers={"fake": command}))

    assert result.outputs == {"serial": 1}
    assert bench.world.things == {}, "the attached fake was not asked"


def test_a_package_without_a_command_is_refused_with_those_that_have_one(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PULUMI_DEBUG_PROVIDERS")
    bench.program('Thing("one")')

    with pytest.raises(DeploymentError) as caught:
        preview(bench.project, "dev", replace(bench.options(), providers={"other": ("true",)}))

    assert "The embedded engine has no provider for the package fake; it has kubernetes, other." in caught.value.message


def test_a_command_that_serves_nothing_is_named(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_DEBUG_PROVIDERS")
    bench.program('Thing("one")')

    with pytest.raises(DeploymentError) as caught:
        preview(bench.project, "dev", replace(bench.options(), providers={"fake": ("false", "--port")}))

    assert caught.value.code == "FAL-ENG-502"
    assert caught.value.hint == "run `false --port` by hand and read what it prints."


def test_an_attached_provider_is_preferred_to_a_command(bench: Workbench) -> None:
    bench.program('Thing("one")')

    assert preview(bench.project, "dev", replace(bench.options(), providers={"fake": ("false",)})).summary == {
        StepOp.CREATE: 2
    }


def test_offline_the_outputs_of_a_stack_that_is_not_deployed_are_unknown(bench: Workbench) -> None:
    bench.program("""
        other = pulumi.StackReference("organization/test/environment")
        thing = Thing("one", address=other.require_output("address"))
        pulumi.export("address", thing.serial)
        pulumi.export("token", other.get_output("token"))
    """)

    result = preview(bench.project, "dev", replace(bench.options(), offline=True))

    assert result.outputs == {"address": None, "token": None}
    assert result.summary == {StepOp.CREATE: 2, StepOp.READ: 1}
    assert bench.world.named("PreviewCreate") == ["one"]
    with pytest.raises(DeploymentError, match="the stack environment of the project test is not deployed"):
        bench.preview()


def test_offline_the_outputs_of_a_deployed_stack_are_what_they_are(bench: Workbench) -> None:
    bench.stack_file("config: {}\n", stack="tenant")
    bench.program("""
        if pulumi.get_stack() == "dev":
            pulumi.export("address", "10.0.0.1")
        else:
            pulumi.export("address", pulumi.StackReference("dev").require_output("address"))
    """)
    bench.up()

    result = preview(bench.project, "tenant", replace(bench.options(), offline=True))

    assert result.outputs == {"address": "10.0.0.1"}


@pytest.mark.parametrize("provider", [KEY, "azurekeyvault://falaj.vault.azure.net/keys/state"])
def test_a_preview_takes_a_stack_whose_secrets_a_clouds_key_would_encrypt(bench: Workbench, provider: str) -> None:
    bench.stack_file(f"secretsprovider: {provider}\nencryptedkey: abc\nconfig: {{test:word: hello}}\n")
    bench.program('pulumi.export("word", pulumi.Config().require("word"))')

    assert bench.preview().outputs == {"word": "hello"}
    with pytest.raises(ConfigurationError) as caught:
        bench.up()

    assert caught.value.message == f"`secretsprovider` is {provider}."
    assert not bench.store().exists()


@pytest.mark.parametrize(
    "value", ["{secure: abc}", "[{secure: abc}]", "{inside: {secure: abc}}", "{inside: [1, {secure: abc}]}"]
)
def test_a_preview_refuses_secrets_that_it_can_not_decrypt(bench: Workbench, value: str) -> None:
    bench.stack_file(f"secretsprovider: {KEY}\nconfig:\n  test:token: {value}\n")
    bench.program("pass")

    with pytest.raises(ConfigurationError) as caught:
        preview(bench.project, "dev", Options())

    assert caught.value.message == f"`config` holds values that {KEY} encrypted."
    assert caught.value.hint == "allowed is none; the Pulumi CLI decrypts them."


def test_another_secrets_provider_is_refused_in_a_preview_too(bench: Workbench) -> None:
    bench.stack_file("secretsprovider: gcpkms://k\nconfig: {}\n")
    bench.program("pass")

    with pytest.raises(ConfigurationError, match="`secretsprovider` is gcpkms://k"):
        bench.preview()
