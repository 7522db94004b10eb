from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from falaj.engine.generated_source import lightened

DICTIONARIES = '''
if not MYPY:
    class OneArgsDict(TypedDict):
        """
        What it is.
        """
        size: NotRequired[pulumi.Input[int]]
        """
        How large.
        """
elif False:
    OneArgsDict: TypeAlias = Mapping[str, Any]

class TwoArgsDict(TypedDict):
    name: pulumi.Input[str]

@pulumi.input_type
class OneArgs:
    size = 3
'''
LIGHTER = """
if not MYPY:
    class OneArgsDict(TypedDict): pass
elif False:
    OneArgsDict: TypeAlias = Mapping[str, Any]

class TwoArgsDict(TypedDict): pass
@pulumi.input_type
class OneArgs:
    size = 3
"""
EQUALS = """
import importlib, sys
from falaj.engine.generated_code import import_quickly
name, quickly = sys.argv[1], sys.argv[2] == "quickly"
if quickly:
    import_quickly()
package = importlib.import_module(name)
modules = getattr(package, "_modules", {})
assert bool(modules) == quickly
for each in sorted({*vars(package), *modules}):
    value = getattr(package, each)
    if not each.startswith("_") and not type(value).__name__ == "module":
        print(each, getattr(value, "__module__", value), getattr(value, "__qualname__", ""))
"""


def test_fields_of_typed_dictionaries_are_left_out_and_nothing_else() -> None:
    assert lightened(DICTIONARIES, Path("_inputs.py"), "pulumi_kubernetes") == LIGHTER


def names(package: str, how: str) -> list[str]:
    command = [sys.executable, "-W", "error", "-c", EQUALS, package, how]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout.splitlines()


@pytest.mark.parametrize(
    "package", ["pulumi_aws.kms", "pulumi_aws.eks", "pulumi_azure_native.keyvault", "pulumi_azure_native.monitor"]
)
def test_a_package_on_demand_gives_what_it_gives_at_once(package: str) -> None:
    assert names(package, "quickly") == names(package, "plainly")


def test_an_unknown_name_is_refused_as_python_does() -> None:
    asking = (
        "from falaj.engine.generated_code import import_quickly; import_quickly(); "
        "import pulumi_aws.kms as kms; kms.Keyy"
    )
    done = subprocess.run([sys.executable, "-c", asking], capture_output=True, text=True, check=False, timeout=60)

    assert done.stderr.splitlines()[-1] == "AttributeError: module 'pulumi_aws.kms' has no attribute 'Keyy'"
