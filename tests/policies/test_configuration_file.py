"""An operator's policy configuration is read whole, as Pulumi reads it, or refused with the line of the mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2

from falaj.catalog.controls import Level
from policies.analyzer.adapter import Analyzer, RefusedError
from policies.configuration import Configuration
from policies.configuration_file import A_FILE, A_LEVEL, AN_ID, read_configuration
from policies.controls import named
from policies.controls.bdr_003 import Backups
from policies.unreadable import UnreadableError
from policies.workloads.registries import OwnRegistries

LEAST_DAYS = Backups.model_fields["least_days"].description
REGISTRIES = OwnRegistries.model_fields["registries"].description
SOME = named("BDR-003", "SUP-001", "SUP-002")


def read(tmp_path: Path, text: str) -> Configuration:
    file = tmp_path / "levels.json"
    file.write_text(text, encoding="utf-8")
    return read_configuration(file, SOME)


@pytest.mark.parametrize(
    ("text", "levels", "given"),
    [
        ("{}", {}, {}),
        ('{"SUP-001": "advisory"}', {"SUP-001": Level.ADVISORY}, {}),
        ('{"SUP-001": {"enforcementLevel": "disabled"}}', {"SUP-001": Level.DISABLED}, {}),
        ('{"SUP-001": "remediate"}', {"SUP-001": Level.MANDATORY}, {}),
        ('{"BDR-003": {"least_days": 30}}', {}, {Backups: Backups(least_days=30)}),
        (
            '{"BDR-003": {"enforcementLevel": "mandatory", "least_days": 30}}',
            {"BDR-003": Level.MANDATORY},
            {Backups: Backups(least_days=30)},
        ),
        (
            '{"SUP-001": "mandatory", "all": "advisory"}',
            {"BDR-003": Level.ADVISORY, "SUP-001": Level.MANDATORY, "SUP-002": Level.ADVISORY},
            {},
        ),
        ('{"all": {}, "SUP-001": {}}', {}, {}),
    ],
)
def test_levels_and_parameters_are_read(
    tmp_path: Path, text: str, levels: dict[str, Level], given: dict[type[Backups], Backups]
) -> None:
    found = read(tmp_path, text)

    assert {name: found.levels[name] for name in found.levels} == levels
    # What says nothing of parameters leaves every default.
    assert {kind: each for kind, each in found.given.items() if each != kind()} == given


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('{\n "SUP-001": advisory\n}', 2, f"is no JSON: Expecting value; expected {A_FILE}"),
        ('["SUP-001"]', 1, f'holds ["SUP-001"]; expected {A_FILE}'),
        ('{"SUP-001": "advisory",\n"SUP-1": "disabled"}', 2, f"SUP-1 is no control of this pack; expected {AN_ID}"),
        ('{"SUP-001":\n"warn"}', 1, f"SUP-001: warn is no level; expected {A_LEVEL}"),
        ('{"SUP-001": null}', 1, f"SUP-001: nothing is no level; expected {A_LEVEL}"),
        (
            '{"SUP-001": "advisory",\n"SUP-002": {\n"enforcementLevel": 2}}',
            3,
            f"SUP-002, enforcementLevel: 2 is no level; expected {A_LEVEL}",
        ),
        ('{"all": {\n"hosts": []}}', 2, "all holds hosts; expected a level alone"),
        ('{"SUP-001": {\n"hosts": []}}', 2, "SUP-001, hosts: is no parameter of it; expected a level alone"),
        ('{"BDR-003": {\n"days": 30}}', 2, "BDR-003, days: is no parameter of it; expected least_days"),
        (
            '{"BDR-003": {"enforcementLevel": "advisory",\n"least_days": 0}}',
            2,
            f"BDR-003, least_days: Input should be greater than or equal to 1; expected {LEAST_DAYS}",
        ),
        (
            '{"SUP-002": {"registries": ["a.ae",\n7]}}',
            1,
            f"SUP-002, registries.1: Input should be a valid string; expected {REGISTRIES}",
        ),
        ('{"SUP-001": "advisory",\n"SUP-001": "disabled"}', 1, "SUP-001 is there twice; expected each name once"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_is_allowed(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(tmp_path, text)

    assert str(caught.value) == f"{tmp_path}/levels.json:{line}: {said}"


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe")

    with pytest.raises(UnreadableError) as absent:
        read_configuration(tmp_path / "none.json", SOME)
    with pytest.raises(UnreadableError) as binary:
        read_configuration(tmp_path / "binary.json", SOME)

    assert str(absent.value) == (
        f"{tmp_path}/none.json: can't be opened: No such file or directory; expected a file to read"
    )
    assert str(binary.value) == f"{tmp_path}/binary.json:1: is no text; expected text in UTF-8"


@pytest.mark.parametrize(
    "properties", [{"least_days": 30}, {}, {"least_days": 0}, {"days": 30}, {"least_days": "thirty"}]
)
def test_the_engine_is_given_the_same_or_refused_as_well(tmp_path: Path, properties: dict[str, int | str]) -> None:
    struct = Struct()
    struct.update(properties)
    policy = analyzer_pb2.PolicyConfig(enforcementLevel=analyzer_pb2.ADVISORY, properties=struct)
    analyzer = Analyzer(SOME)
    text = json.dumps({"BDR-003": {"enforcementLevel": "advisory", **properties}})

    try:
        found = read(tmp_path, text)
    except UnreadableError:
        with pytest.raises(RefusedError):
            analyzer.configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig={"BDR-003": policy}))
        return
    analyzer.configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig={"BDR-003": policy}))

    assert analyzer.configuration == found
