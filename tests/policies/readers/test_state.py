"""A state, judged without its program: what was asked for, what was made, and secrets that nobody can read."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from policies.analyzer.wire import SECRET, SIGNATURE, UNKNOWNS
from policies.controls import named
from policies.evaluator import Verdict
from policies.judgement import judge
from policies.readers.source import SourceKind
from policies.readers.state import read_state
from policies.unreadable import UnreadableError
from policies.values import UNKNOWN, Secret

TODAY = date(2026, 11, 22)

ROOT = "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod"
PROVIDER = "urn:pulumi:prod::shop::pulumi:providers:aws::uae"
ARN = "arn:aws:kms:me-central-1:1:key/key-1"
HIDDEN = {SIGNATURE: SECRET, "ciphertext": "x"}
NO_EXPORT = "expected the output of `pulumi stack export`"
KEY = "urn:pulumi:prod::shop::aws:kms/key:Key::models"


def exported(*resources: dict[str, Any], version: int = 3) -> str:
    return json.dumps({"version": version, "deployment": {"manifest": {}, "resources": list(resources)}})


def stack() -> list[dict[str, Any]]:
    return [
        {"urn": ROOT, "type": "pulumi:pulumi:Stack", "custom": False},
        {"urn": PROVIDER, "type": "pulumi:providers:aws", "id": "1", "inputs": {"region": "me-central-1"}},
        {
            "urn": KEY,
            "type": "aws:kms/key:Key",
            "id": "key-1",
            "parent": ROOT,
            "provider": f"{PROVIDER}::1",
            "protect": True,
            "inputs": {
                "enableKeyRotation": True,
                "__defaults": [],
                "description": {SIGNATURE: SECRET, "ciphertext": "x"},
            },
            "outputs": {
                "arn": "arn:aws:kms:me-central-1:1:key/key-1",
                "rotationPeriodInDays": 365.0,
                "tags": UNKNOWNS[0],
            },
            "propertyDependencies": {"description": [ROOT]},
        },
    ]


def written(folder: Path, text: str) -> Path:
    file = folder / "state.json"
    file.write_text(text, encoding="utf-8")
    return file


def no_settings(_stack: str) -> dict[str, str]:
    return {}


def test_a_resource_has_what_was_asked_for_and_what_was_made(tmp_path: Path) -> None:
    source = read_state(written(tmp_path, exported(*stack())), no_settings)

    asked, made = source.resources[2], source.whole[2]
    assert (source.kind, source.stack) == (SourceKind.STATE, "prod")
    assert (asked.protected, asked.parent, asked.property_dependencies) == (True, ROOT, {"description": [ROOT]})
    assert asked.provider is not None
    assert asked.provider["region"].value == "me-central-1"
    assert asked["enableKeyRotation"].value is True
    assert asked["arn"].value is None
    assert (made["arn"].value, made["id"].value) == (ARN, "key-1")
    assert (made["rotationPeriodInDays"].value, made["tags"].value) == (365, UNKNOWN)
    assert asked["__defaults"].value is None


def test_a_secret_is_seen_and_not_read(tmp_path: Path) -> None:
    source = read_state(written(tmp_path, exported(*stack())), no_settings)

    secret = source.resources[2]["description"].value
    assert isinstance(secret, Secret)
    assert str(secret) == "[secret]"


def test_controls_judge_it_with_the_configuration_of_its_stack(tmp_path: Path) -> None:
    asked: list[str] = []

    def settings_of(name: str) -> dict[str, str]:
        asked.append(name)
        return {"falaj:profiles": "gov"}

    broken = stack()
    del broken[2]["inputs"]["enableKeyRotation"]
    judgement = judge(read_state(written(tmp_path, exported(*broken)), settings_of), named("KEY-001"), today=TODAY)

    (result,) = judgement.results
    assert asked == ["prod"]
    assert (result.urn, result.verdict) == (KEY, Verdict.FAIL)
    assert judgement.stops


def test_the_same_state_has_the_same_digest_and_another_has_another(tmp_path: Path) -> None:
    first = read_state(written(tmp_path, exported(*stack())), no_settings).digest
    again = read_state(written(tmp_path, exported(*reversed(stack()))), no_settings).digest
    changed = stack()
    changed[2]["inputs"]["enableKeyRotation"] = False

    assert first == again
    assert read_state(written(tmp_path, exported(*changed)), no_settings).digest != first


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (
            "{",
            ":1: is no JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1); " + NO_EXPORT,
        ),
        ("[]", ": holds no deployment; " + NO_EXPORT),
        (exported(version=9), ": is of version 9; expected version 3 or 4"),
        (
            exported({"urn": 1}),
            ": a resource has no urn and type; expected resources with urn, type, inputs and outputs",
        ),
    ],
)
def test_what_is_no_state_is_refused_whole(tmp_path: Path, text: str, wrong: str) -> None:
    file = written(tmp_path, text)

    with pytest.raises(UnreadableError) as caught:
        read_state(file, no_settings)

    assert str(caught.value) == f"{file}{wrong}"


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_state(tmp_path / "none.json", no_settings)

    assert str(caught.value) == f"{tmp_path}/none.json: can't be opened: No such file or directory; expected a file"
