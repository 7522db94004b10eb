"""What a program sees of the engine, and what its end means."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from pulumi.runtime import stack

from falaj.engine import Diagnostic, Severity, StepOp
from falaj.engine.program import refusal
from falaj.errors import ConfigurationError, DeploymentError
from tests.engine.conftest import Workbench


@pytest.fixture
def quick_programs() -> None:
    """Programs start from nothing here, as the engine starts them."""


def test_the_program_sees_its_configuration_and_where_it_runs(bench: Workbench) -> None:
    bench.stack_file("""
        config:
          test:word: hello
          test:size: 3
          test:open: true
          test:nested: {a: [1, {b: c}]}
          short: yes it is
    """)
    bench.program("""
        import os
        config = pulumi.Config()
        pulumi.export("config", {
            "word": config.require("word"), "size": config.require_int("size"), "open": config.require_bool("open"),
            "nested": config.require_object("nested"), "short": config.require("short"),
        })
        pulumi.export("where", [pulumi.get_project(), pulumi.get_stack(), pulumi.get_organization(), os.getcwd()])
        pulumi.export("root", pulumi.runtime.get_root_directory())
    """)

    result = bench.preview(config={"test:word": "override"})

    assert result.outputs == {
        "config": {
            "word": "override",
            "size": 3,
            "open": True,
            "nested": {"a": [1, {"b": "c"}]},
            "short": "yes it is",
        },
        "where": ["test", "dev", "organization", str(bench.root / "stacks")],
        "root": str(bench.root),
    }


def test_nothing_but_configuration_is_added_to_the_environment(bench: Workbench) -> None:
    bench.program('import os\npulumi.export("added", sorted(os.environ))')

    seen = set(bench.preview().outputs["added"])

    assert seen - set(os.environ) == {"PULUMI_CONFIG", "PULUMI_CONFIG_SECRET_KEYS"}


def test_what_the_program_prints_is_told(bench: Workbench) -> None:
    bench.program('import sys\nprint("on stdout")\nprint("on stderr", file=sys.stderr)\npulumi.log.warn("careful")')

    bench.preview()

    told = {(event.severity, event.message) for event in bench.told(Diagnostic)}
    assert {
        (Severity.INFO, "on stdout"),
        (Severity.INFO, "on stderr"),
        (Severity.WARNING, "careful"),
    } <= told


def test_what_nobody_asked_to_see_is_not_told(bench: Workbench) -> None:
    bench.program('Thing("one")\npulumi.log.debug("quiet")\npulumi.log.info("aloud")')

    bench.preview()

    assert "aloud" in {event.message for event in bench.told(Diagnostic)}
    assert [event for event in bench.told(Diagnostic) if event.severity is Severity.DEBUG] == []


def test_an_output_that_fails_ends_the_program_though_others_are_still_open(bench: Workbench) -> None:
    bench.program("""
        import asyncio
        async def never():
            await asyncio.Event().wait()
        def fail(_):
            raise ValueError("wrong in an output")
        pulumi.Output.from_input(never()).apply(str)
        pulumi.Output.from_input("x").apply(fail)
    """)

    with pytest.raises(DeploymentError, match="ValueError: wrong in an output"):
        bench.preview()


def test_what_outputs_make_when_all_calls_have_ended_is_made(bench: Workbench) -> None:
    bench.program("""
        def make(number):
            Thing(f"thing-{number}")
            if number < 3:
                pulumi.Output.from_input(number + 1).apply(make)
        Thing("first").urn.apply(lambda _: make(1))
    """)

    assert bench.preview().summary == {StepOp.CREATE: 5}


def test_pulumi_still_looks_up_what_is_put_in_its_place() -> None:
    assert "wait_for_rpcs" in stack.run_pulumi_func.__code__.co_names


def test_a_run_error_is_one_message_without_a_traceback(bench: Workbench) -> None:
    bench.program('Thing("one")\nraise pulumi.RunError("the size is wrong")')

    with pytest.raises(ConfigurationError) as caught:
        bench.up()

    assert str(caught.value) == (
        f"FAL-ENG-402  {bench.root / 'stacks'}\n  the size is wrong\n  Next: mend what the message names and run again."
    )
    assert bench.world.things == {}


def test_a_refusal_written_as_ours_keeps_its_words() -> None:
    original = ConfigurationError(
        "g4dn is not sold here.\nSold: g5.", code="FAL-CFG-014", where="Pulumi.dev.yaml, key a", hint="choose g5."
    )

    assert str(refusal(str(original), "stacks")) == str(original)


def test_a_crash_gives_its_traceback_once_from_the_programs_first_frame(bench: Workbench) -> None:
    bench.program("def trouble():\n    return {}['absent']\n\ntrouble()")

    with pytest.raises(DeploymentError) as caught:
        bench.preview()

    text = str(caught.value)
    assert caught.value.code == "FAL-ENG-403"
    assert text.count("Traceback") == 1
    assert text.count("KeyError: 'absent'") == 1
    assert "program_runner" not in text


def test_a_program_that_leaves_is_told_with_its_status(bench: Workbench) -> None:
    bench.program('import sys\nprint("last words", file=sys.stderr, flush=True)\nsys.exit(7)')

    with pytest.raises(DeploymentError) as caught:
        bench.preview()

    assert caught.value.code == "FAL-ENG-404"
    assert "exit status 7" in caught.value.message


def test_secrets_are_masked_in_results_and_encrypted_in_the_state(bench: Workbench) -> None:
    bench.program("""
        hidden = pulumi.Output.secret("PLAIN-TEXT-PEARL")
        thing = Thing("safe", word=hidden, opts=pulumi.ResourceOptions(additional_secret_outputs=["serial"]))
        pulumi.export("word", hidden)
        pulumi.export("serial", thing.serial)
        pulumi.export("deep", {"open": 1, "hidden": pulumi.Output.format("{0}-x", hidden)})
    """)

    result = bench.up()

    assert result.outputs == {
        "word": "[secret]",
        "serial": "[secret]",
        "deep": {"open": 1, "hidden": "[secret]"},
    }
    text = bench.store().file.read_text(encoding="utf-8")
    assert "PLAIN-TEXT-PEARL" not in text
    assert "PLAIN-TEXT-PEARL" not in repr([event for event in bench.events if not isinstance(event, Diagnostic)])
    entry = bench.resources()["safe"]
    assert set(entry["outputs"]["serial"]) == {"4dabf18193072939515e22adb298388d", "ciphertext"}
    assert json.loads(text)["deployment"]["secrets_providers"]["type"] == "passphrase"
    from falaj.engine import stack_outputs  # noqa: PLC0415 - only here

    assert stack_outputs(bench.project, "dev", show_secrets=True)["word"] == "PLAIN-TEXT-PEARL"
    assert bench.up().summary == {StepOp.SAME: 2}


def test_a_secret_in_the_stack_file_reaches_the_program_as_one(bench: Workbench) -> None:
    from falaj.engine.passphrase import Crypter, new_salt  # noqa: PLC0415 - only here

    salt = new_salt("correct horse")
    sealed = Crypter("correct horse", salt, "a test").encrypt("pearl")
    bench.stack_file(f"encryptionsalt: {salt}\nconfig:\n  test:token:\n    secure: {sealed}\n")
    bench.program("""
        pulumi.export("token", pulumi.Config().require_secret("token"))
        pulumi.export("length", len(pulumi.Config().require("token")))
    """)

    assert bench.preview().outputs == {"token": "[secret]", "length": 5}
    bench.up()
    state = bench.store().document()["deployment"]
    assert state["secrets_providers"]["state"]["salt"] == salt


def test_another_stacks_outputs_can_be_read(bench: Workbench) -> None:
    bench.stack_file("config: {}\n", stack="tenant")
    bench.program("""
        if pulumi.get_stack() == "dev":
            pulumi.export("address", "10.0.0.1")
            pulumi.export("token", pulumi.Output.secret("pearl"))
        else:
            other = pulumi.StackReference("organization/test/dev")
            pulumi.export("address", other.require_output("address"))
            pulumi.export("token", other.get_output("token"))
    """)
    bench.up()

    result = bench.up("tenant")

    assert result.outputs == {"address": "10.0.0.1", "token": "[secret]"}
    resources = bench.resources("tenant")
    reference = resources["organization/test/dev"]
    assert reference["external"] is True
    assert reference["id"] == "organization/test/dev"
    assert reference["outputs"]["secretOutputNames"] == ["token"]
    assert resources["default"]["urn"] == "urn:pulumi:tenant::test::pulumi:providers:pulumi::default"
    assert "pearl" not in bench.store("tenant").file.read_text(encoding="utf-8")
    assert StepOp.READ in result.summary


def test_a_stack_that_is_not_deployed_can_not_be_referenced(bench: Workbench) -> None:
    bench.program('pulumi.export("x", pulumi.StackReference("prod").get_output("x"))')

    with pytest.raises(DeploymentError, match=r"the stack prod of the project test is not deployed \(deployed: none\)"):
        bench.preview()


def test_transforms_see_and_change_properties_and_options(bench: Workbench) -> None:
    bench.program("""
        def label(args):
            if args.type_ != "fake:index:Thing":
                return None
            return pulumi.ResourceTransformResult(
                props={**args.props, "label": "by stack"},
                opts=pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(protect=True)),
            )
        pulumi.runtime.register_resource_transform(label)
        base = Thing("base", word="w")
        Thing("own", origin=base.serial, opts=pulumi.ResourceOptions(transforms=[
            lambda args: pulumi.ResourceTransformResult({**args.props, "extra": 1}, args.opts)
        ]))
    """)

    bench.up()

    resources = bench.resources()
    assert resources["base"]["inputs"]["label"] == "by stack"
    assert resources["own"]["inputs"]["extra"] == 1
    assert resources["own"]["inputs"]["label"] == "by stack"
    assert resources["own"]["protect"] is True
    assert resources["own"]["dependencies"] == [resources["base"]["urn"]]


def test_invokes_are_answered_and_their_failures_are_the_programs(bench: Workbench) -> None:
    bench.program("""
        answer = pulumi.runtime.invoke("fake:index:double", {"word": "ha"}).value
        pulumi.export("answer", answer["answer"])
        try:
            pulumi.runtime.invoke("fake:index:fails", {"word": "ha"})
        except Exception as error:
            pulumi.export("failure", str(error))
    """)

    assert bench.preview().outputs == {
        "answer": "haha",
        "failure": "invoke of fake:index:fails failed: is not one (word)",
    }


def test_hooks_run_around_steps(bench: Workbench, tmp_path: Path) -> None:
    journal = tmp_path / "hooks"
    bench.program(f"""
        def note(kind):
            def write(args):
                with open({str(journal)!r}, "a") as file:
                    file.write(kind + " " + args.name + "\\n")
            return pulumi.ResourceHook(kind, write)
        hooks = pulumi.ResourceHookBinding(
            before_create=[note("before")], after_create=[note("after")], after_delete=[note("gone")]
        )
        if pulumi.Config().get("keep") != "no":
            Thing("one", opts=pulumi.ResourceOptions(hooks=hooks))
    """)
    bench.up()
    assert journal.read_text(encoding="utf-8") == "before one\nafter one\n"

    bench.up(config={"test:keep": "no"})

    assert journal.read_text(encoding="utf-8").splitlines()[-1] == "gone one"


def test_a_resource_that_others_own_is_read_and_never_deleted(bench: Workbench) -> None:
    bench.world.things["theirs"] = {"name": "theirs", "serial": 42}
    bench.program("""
        class Theirs(pulumi.CustomResource):
            serial: pulumi.Output[int]
            def __init__(self, name, opts):
                super().__init__("fake:index:Thing", name, {"serial": None}, opts)
        pulumi.export("serial", Theirs("t", pulumi.ResourceOptions(id="theirs")).serial)
    """)
    assert bench.up().outputs == {"serial": 42}

    bench.program("pass")
    bench.up()

    assert "theirs" in bench.world.things
    assert list(bench.resources()) == ["test-dev"]


def test_a_resource_that_does_not_exist_can_not_be_read(bench: Workbench) -> None:
    bench.program('Thing("t", opts=pulumi.ResourceOptions(id="nobody"))')

    with pytest.raises(DeploymentError, match="there is no fake:index:Thing with the identifier nobody"):
        bench.preview()


@pytest.mark.parametrize(
    ("program", "what"),
    [
        ('Thing("t", opts=pulumi.ResourceOptions(import_="x"))', "the import of x"),
        ('pulumi.ComponentResource("fake:index:Far", "f", {}, remote=True)', "a component that another process builds"),
        ('pulumi.runtime.call("fake:index:Thing/go", {}, None)', "a method call on a resource"),
    ],
)
def test_what_the_engine_does_not_do_is_refused_by_name(bench: Workbench, program: str, what: str) -> None:
    bench.program(program)

    with pytest.raises(DeploymentError, match=what) as caught:
        bench.up()

    assert caught.value.code == "FAL-ENG-401"
    assert bench.world.things == {}


def test_a_package_without_a_provider_is_refused(bench: Workbench) -> None:
    bench.program('pulumi.CustomResource("aws:s3/bucket:Bucket", "b", {}, None)')

    with pytest.raises(DeploymentError) as caught:
        bench.preview()

    assert caught.value.code == "FAL-ENG-501"
    assert caught.value.message == "The embedded engine has no provider for the package aws; it has kubernetes."
