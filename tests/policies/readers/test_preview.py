"""What `pulumi preview --json` prints, judged without its program."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from policies.analyzer.wire import UNKNOWNS
from policies.controls import named
from policies.evaluator import Verdict
from policies.judgement import judge
from policies.readers.preview import read_preview
from policies.readers.source import SourceKind, tightened
from policies.stack import described
from policies.unreadable import UnreadableError

TODAY = date(2026, 11, 22)

URN = "urn:pulumi:prod::shop::aws:kms/key:Key::"


def step(name: str, operation: str = "create", **inputs: object) -> dict[str, Any]:
    state = {"urn": URN + name, "type": "aws:kms/key:Key", "inputs": inputs}
    return {"op": operation, "urn": URN + name, "newState": state} if operation != "delete" else {"op": operation}


def read(folder: Path, *steps: object, **rest: object) -> Any:  # noqa: ANN401 - a source
    file = folder / "preview.json"
    file.write_text(json.dumps({"steps": list(steps), **rest}), encoding="utf-8")
    return read_preview(file, lambda stack: {"falaj:profiles": "smb"} if stack == "prod" else {})


def test_what_will_be_there_is_judged_and_what_goes_is_not(tmp_path: Path) -> None:
    source = read(
        tmp_path,
        step("kept", "same", enableKeyRotation=True),
        step("made", enableKeyRotation=UNKNOWNS[2]),
        step("gone", "delete"),
        step("weak", "update"),
    )

    judgement = judge(source, named("KEY-001"), today=TODAY)
    verdicts = {result.urn.removeprefix(URN): result.verdict for result in judgement.results}
    assert source.kind is SourceKind.PREVIEW
    assert verdicts == {"kept": Verdict.PASS, "made": Verdict.UNKNOWN, "weak": Verdict.FAIL}


def test_what_is_not_known_yet_is_told_and_stops_nothing(tmp_path: Path) -> None:
    judgement = judge(read(tmp_path, step("made", enableKeyRotation=UNKNOWNS[2])), named("KEY-001"), today=TODAY)

    assert [message.level for _, message in judgement.messages] == ["advisory"]
    assert not judgement.stops


def test_profiles_can_be_added_and_never_taken_away(tmp_path: Path) -> None:
    source = read(tmp_path, step("kept"), config={"shop:size": "3"})

    assert described(source.config).profiles == ("smb",)
    assert described(tightened(source, ("gov",)).config).profiles == ("smb", "gov")
    assert source.config["shop:size"] == "3"


@pytest.mark.parametrize("steps", [None, [{"op": "create"}], [3]])
def test_what_is_no_preview_is_refused_whole(tmp_path: Path, steps: object) -> None:
    file = tmp_path / "preview.json"
    file.write_text(json.dumps({"steps": steps}), encoding="utf-8")

    with pytest.raises(UnreadableError) as caught:
        read_preview(file, lambda _: {})

    assert str(caught.value) == (
        f"{file}: holds no steps with op, urn and newState; expected the output of `pulumi preview --json`"
    )
