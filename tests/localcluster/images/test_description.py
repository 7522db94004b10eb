from __future__ import annotations

from pathlib import Path

import pytest

from falaj.errors import ImageError
from falaj.localcluster import images
from falaj.localcluster.images import Description, read


def folder(directory: Path, description: str) -> Path:
    (directory / "image.toml").write_text(description)
    (directory / "Containerfile").write_text("FROM scratch\n")
    return directory


def test_a_folder_says_what_its_image_is_made_of(tmp_path: Path) -> None:
    text = (
        'name = "falaj.local/models/iris"\nbase = "falaj.local/debian-python"\ninputs = ["*.onnx"]\non_demand = true\n'
    )
    text += '[arguments]\nPYTHON_VERSION = "3.11"\n'

    assert read(folder(tmp_path, text)).description == Description(
        name="falaj.local/models/iris",
        base="falaj.local/debian-python",
        inputs=("*.onnx",),
        arguments={"PYTHON_VERSION": "3.11"},
        on_demand=True,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('name = "falaj.local/x"\nimputs = []', "imputs: there is no such key."),
        ("inputs = []", "name: field required."),
        ('name = "x"', "name: string should match pattern '^falaj\\.local(/[a-z0-9]+([._-][a-z0-9]+)*)+$'."),
        ('name = "falaj.local/x:latest"', "name: string should match pattern"),
        ('name = "falaj.local/x"\ninputs = "*.py"', "inputs: input should be a valid tuple."),
        ('name = "falaj.local/x"\n[arguments]\nVERSION = 3', "arguments.VERSION: input should be a valid string."),
    ],
)
def test_a_wrong_key_or_value_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ImageError) as refused:
        read(folder(tmp_path, text))

    assert refused.value.code == "FAL-IMG-003"
    assert refused.value.where == f"{tmp_path}/image.toml"
    assert refused.value.message.startswith(message)
    assert refused.value.hint == "the keys are name, base, inputs, arguments, binaries, on_demand, packages"


def test_what_is_not_toml_is_refused_with_the_line(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"It is not TOML: .*line 1"):
        read(folder(tmp_path, "name = falaj"))


@pytest.mark.parametrize("missing", ["image.toml", "Containerfile"])
def test_a_folder_without_one_of_its_two_files_is_refused(tmp_path: Path, missing: str) -> None:
    (folder(tmp_path, 'name = "falaj.local/x"') / missing).unlink()

    with pytest.raises(ImageError, match=f"It has no {missing}"):
        read(tmp_path)


def test_a_stage_script_that_can_not_be_run_is_refused(tmp_path: Path) -> None:
    (folder(tmp_path, 'name = "falaj.local/x"') / "stage").write_text("#!/bin/sh\n")

    with pytest.raises(ImageError, match="The stage script is not executable"):
        read(tmp_path)


def test_every_folder_of_the_platform_is_right() -> None:
    folders = images.find_folders([images.PLATFORM_FOLDERS])

    assert {read(path).description.name for path in folders} == {
        "falaj.local/cert-manager",
        "falaj.local/coredns",
        "falaj.local/debian-python",
        "falaj.local/pause",
        "falaj.local/traefik",
    }
