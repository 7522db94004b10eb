from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

IMPORT = """
from falaj.engine.generated_code import GeneratedCodeLoader, import_quickly
import_quickly()
import pulumi_aws.kms.alias as alias
from pulumi._types import input_type_types, resource_types
assert isinstance(alias.__spec__.loader, GeneratedCodeLoader)
assert isinstance(alias.AliasArgs.__init__.__annotations__["target_key_id"], str)
print(sorted(input_type_types(alias.AliasArgs)), resource_types(alias.Alias)["arn"])
"""


def imported(cache: Path) -> str:
    environment = {**os.environ, "FALAJ_CACHE": str(cache)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_types_kept_as_text_are_what_pulumi_reads_from_it(tmp_path: Path) -> None:
    first = imported(tmp_path)

    assert first == "['name', 'namePrefix', 'region', 'targetKeyId'] <class 'str'>\n"
    assert imported(tmp_path) == first
    assert len(list(tmp_path.rglob("alias-*.pyc"))) == 1


def test_a_damaged_or_unwritable_cache_costs_time_alone(tmp_path: Path) -> None:
    first = imported(tmp_path)
    for kept in tmp_path.rglob("*.pyc"):
        kept.write_bytes(b"damaged")

    assert imported(tmp_path) == first
    (tmp_path / "file").touch()
    assert imported(tmp_path / "file") == first
