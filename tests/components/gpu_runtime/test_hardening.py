"""The script that hides GPUs, run for real on settings as toolkits write them."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from components.gpu.hardening import SCRIPT, hardening
from falaj.catalog.gpu_operator_images import Part
from tests.components.gpu_runtime.examples import gpu, images, runtime

ENVIRONMENT = "accept-nvidia-visible-devices-envvar-when-unprivileged"
MOUNTS = "accept-nvidia-visible-devices-as-volume-mounts"
AS_PACKAGED = f"""\
#{ENVIRONMENT} = true
#{MOUNTS} = false
#disable-require = false
supported-driver-capabilities = "compat32,compute,display,graphics,ngx,utility,video"

[nvidia-container-cli]
environment = []
#ldcache = "/etc/ld.so.cache"
ldconfig = "@/sbin/ldconfig.real"

[nvidia-container-runtime]
mode = "auto"
"""
SHELLS = [["sh"], *([["busybox", "sh"]] if shutil.which("busybox") else [])]
"""The operator's image has busybox; where this machine has it too, its words are tried."""


def run(folder: Path, shell: list[str]) -> tuple[bool, str]:
    """One turn of the loop: whether the mark stands, and what was said."""
    mark = folder / "mark"
    mark.mkdir(exist_ok=True)
    once = SCRIPT.replace("while :; do", "for turn in once; do").replace('sleep "$pause" & wait $!', ":")
    assert once != SCRIPT
    done = subprocess.run(
        [*shell, "-c", once, "gpu-hardening", str(folder), str(mark)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return (mark / "hidden").exists(), done.stdout


@pytest.fixture(params=SHELLS, ids=" ".join)
def shell(request: pytest.FixtureRequest) -> list[str]:
    words: list[str] = request.param
    return words


@pytest.mark.parametrize(
    "before",
    [
        AS_PACKAGED,
        AS_PACKAGED.replace("#accept", "accept"),
        f"  {MOUNTS}=true\n{ENVIRONMENT}   =   true\n{AS_PACKAGED}",
        "[nvidia-container-cli]\nenvironment = []\n",
        "swarm-resource = 'DOCKER_RESOURCE_GPU'",
    ],
)
def test_both_ways_to_a_gpu_that_nobody_handed_out_are_closed_and_all_else_stays(
    tmp_path: Path, shell: list[str], before: str
) -> None:
    settings = tmp_path / "config.toml"
    settings.write_text(before)
    others = {
        key: value
        for key, value in tomllib.loads(before.replace("accept", "#accept", 0)).items()
        if key not in (ENVIRONMENT, MOUNTS)
    }

    assert run(tmp_path, shell) == (True, "")
    assert tomllib.loads(settings.read_text()) == {ENVIRONMENT: False, MOUNTS: False, **others}
    assert settings.stat().st_mode & 0o777 == 0o644
    assert sorted(each.name for each in tmp_path.iterdir()) == ["config.toml", "mark"]


def test_settings_that_are_right_are_not_written_again(tmp_path: Path, shell: list[str]) -> None:
    settings = tmp_path / "config.toml"
    settings.write_text(AS_PACKAGED)
    run(tmp_path, shell)
    before = settings.stat()

    assert run(tmp_path, shell) == (True, "")
    assert (settings.stat().st_ino, settings.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_settings_that_something_rewrote_are_hidden_again(tmp_path: Path, shell: list[str]) -> None:
    settings = tmp_path / "config.toml"
    settings.write_text(AS_PACKAGED)
    run(tmp_path, shell)
    settings.write_text(f"{ENVIRONMENT} = true\n")

    assert run(tmp_path, shell) == (True, "")
    assert tomllib.loads(settings.read_text()) == {ENVIRONMENT: False, MOUNTS: False}


@pytest.mark.parametrize("content", [None, ""])
def test_without_a_toolkits_settings_the_pod_is_not_ready(
    tmp_path: Path, shell: list[str], content: str | None
) -> None:
    (tmp_path / "mark").mkdir()
    (tmp_path / "mark" / "hidden").touch()
    if content is not None:
        (tmp_path / "config.toml").write_text(content)

    assert run(tmp_path, shell) == (False, f"no container toolkit in {tmp_path} to set\n")


def test_the_pod_has_one_folder_of_the_node_and_no_power_of_root_besides() -> None:
    spec = runtime({"a": gpu("aks-ubuntu-driver-install"), "b": gpu("aks-ubuntu-driver-install")})
    pod = hardening(spec, {"app.kubernetes.io/name": "gpu-hardening"})["template"]["spec"]
    (container,) = pod["containers"]

    assert [each["host_path"] for each in pod["volumes"] if "host_path" in each] == [
        {"path": "/etc/nvidia-container-runtime", "type": "Directory"}
    ]
    assert container["security_context"] == {
        "run_as_user": 0,
        "run_as_group": 0,
        "run_as_non_root": False,
        "allow_privilege_escalation": False,
        "privileged": False,
        "read_only_root_filesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["env"] == [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"}]
    assert container["image"] == images()[Part.OPERATOR]
    terms = pod["affinity"]["node_affinity"]["required_during_scheduling_ignored_during_execution"]
    assert terms["node_selector_terms"] == [
        {"match_expressions": [{"key": "falaj.dev/pool-name", "operator": "In", "values": ["a", "b"]}]}
    ]
