"""The types as read from source, against the SDK itself and against an SDK written for the purpose."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
from pulumi import _types

from falaj.errors import ConfigurationError
from falaj.standin.library import package_of, resource_type
from falaj.standin.notes import _notes
from falaj.standin.reader import _Reading, read_type
from falaj.standin.sdk import Sdk, sdk
from falaj.standin.shapes import Kind, Property, ResourceType, Shape

TEXT = Shape(Kind.STRING)
TYPES = (
    "aws:kms/key:Key",
    "aws:eks/nodeGroup:NodeGroup",
    "aws:ecr/repository:Repository",
    "azure-native:keyvault:Vault",
    "azure-native:managedidentity:UserAssignedIdentity",
    "azure-native:operationalinsights:Workspace",
)
INIT = """
_utilities.register(
    resource_modules=\"\"\"
[{"pkg": "toy", "mod": "shop", "fqn": "pulumi_toy.shop", "classes": {"toy:shop:Cart": "Cart"}}]
\"\"\",
    resource_packages=\"\"\"
[{"pkg": "toy", "token": "pulumi:providers:toy", "fqn": "pulumi_toy", "class": "Provider"}]
\"\"\"
)
"""
CART = """
from . import outputs
from .. import _utilities
from .. import money
from .. import money as _money
from ._inputs import *

class CartInitArgs:
    def __init__(__self__, *, owner: pulumi.Input[_builtins.str],
                 kind: pulumi.Input[Optional[Union[_builtins.str, 'Kind']]] = None,
                 items: pulumi.Input[Optional[Sequence[pulumi.Input[Union['ItemArgs', 'ItemArgsDict']]]]] = None):
        pulumi.set(__self__, "owner", owner)

    @_builtins.property
    @pulumi.getter(name="ownerName")
    def owner(self) -> pulumi.Input[_builtins.str]:
        return pulumi.get(self, "owner")

    @_builtins.property
    @pulumi.getter
    def kind(self) -> pulumi.Input[Optional[Union[_builtins.str, 'Kind']]]:
        return pulumi.get(self, "kind")

    @_builtins.property
    @pulumi.getter
    def items(self) -> pulumi.Input[Optional[Sequence[pulumi.Input[Union['ItemArgs', 'ItemArgsDict']]]]]:
        return pulumi.get(self, "items")

class CartArgs:
    pass

@pulumi.type_token("toy:shop:Cart")
class Cart(pulumi.CustomResource):
    def _internal_init(__self__):
        secret_opts = pulumi.ResourceOptions(additional_secret_outputs=["key"])

    @_builtins.property
    @pulumi.getter(name="ownerName")
    def owner(self) -> pulumi.Output[_builtins.str]:
        return pulumi.get(self, "owner")

    @_builtins.property
    @pulumi.getter
    def key(self) -> pulumi.Output[Optional['outputs.KeyResponse']]:
        return pulumi.get(self, "key")
"""
INPUTS = """
from .. import money
from .. import money as _money

class ItemArgsDict(TypedDict):
    price: int

class ItemArgs:
    def __init__(__self__, *, price: pulumi.Input['money.PriceArgs'],
                 type: pulumi.Input[_builtins.str],
                 parts: pulumi.Input[Optional[Mapping[str, pulumi.Input['ItemArgs']]]] = None,
                 paid: pulumi.Input[Optional['_money.PriceArgs']] = None,
                 odd: Any = None, lost: pulumi.Input[Optional['NowhereArgs']] = None):
        pulumi.set(__self__, "price", price)
        pulumi.set(__self__, "type", 'Thing')

    @_builtins.property
    @pulumi.getter
    def price(self) -> pulumi.Input['money.PriceArgs']:
        return pulumi.get(self, "price")

    @_builtins.property
    @pulumi.getter
    def type(self) -> pulumi.Input[_builtins.str]:
        return pulumi.get(self, "type")

    @_builtins.property
    @pulumi.getter
    def parts(self) -> pulumi.Input[Optional[Mapping[str, pulumi.Input['ItemArgs']]]]:
        return pulumi.get(self, "parts")

    @_builtins.property
    @pulumi.getter
    def paid(self) -> pulumi.Input[Optional['_money.PriceArgs']]:
        return pulumi.get(self, "paid")

    @_builtins.property
    @pulumi.getter
    def odd(self) -> Any:
        return pulumi.get(self, "odd")

    @_builtins.property
    @pulumi.getter
    def lost(self) -> pulumi.Input[Optional['NowhereArgs']]:
        return pulumi.get(self, "lost")
"""
PRICE = """
class PriceArgs:
    def __init__(__self__, *, amount: pulumi.Input[_builtins.float], exact: pulumi.Input[_builtins.bool]):
        pulumi.set(__self__, "amount", amount)

    @_builtins.property
    @pulumi.getter
    def amount(self) -> pulumi.Input[_builtins.float]:
        return pulumi.get(self, "amount")

    @_builtins.property
    @pulumi.getter
    def exact(self) -> pulumi.Input[_builtins.bool]:
        return pulumi.get(self, "exact")
"""
OUTPUTS = """
class KeyResponse(dict):
    @_builtins.property
    @pulumi.getter
    def size(self) -> _builtins.int:
        return pulumi.get(self, "size")

    @_builtins.property
    @pulumi.getter
    def made(self) -> Optional[_builtins.str]:
        return pulumi.get(self, "made")
"""
ENUMS = 'class Kind(_builtins.str, Enum):\n    """Kinds."""\n    BIG = "Big"\n    """Large."""\n    SMALL = "Small"\n'


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sdk:
    root = tmp_path / "pulumi_toy"
    (root / "shop").mkdir(parents=True)
    (root / "money").mkdir()
    (root / "__init__.py").write_text(INIT, encoding="utf-8")
    (root / "pulumi-plugin.json").write_text('{"name": "toy", "version": "1.2.3"}', encoding="utf-8")
    (root / "shop" / "a_cart_of_another_name.py").write_text(CART, encoding="utf-8")
    (root / "shop" / "_inputs.py").write_text(INPUTS, encoding="utf-8")
    (root / "shop" / "_enums.py").write_text(ENUMS, encoding="utf-8")
    (root / "shop" / "outputs.py").write_text(OUTPUTS, encoding="utf-8")
    (root / "money" / "_inputs.py").write_text(PRICE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return Sdk("toy")


def test_reads_names_shapes_and_what_is_required(toy: Sdk) -> None:
    cart = read_type(toy, "toy:shop:Cart")
    item = Shape(Kind.OBJECT, name="shop/ItemArgs")

    assert toy.version == "1.2.3"
    assert cart.inputs == {
        "ownerName": Property(TEXT, required=True),
        "kind": Property(Shape(Kind.UNION, (TEXT, Shape(Kind.CHOICE, name="shop/Kind"))), required=False),
        "items": Property(Shape(Kind.LIST, (item,)), required=False),
    }
    assert cart.outputs == {
        "ownerName": Property(TEXT, required=True),
        "key": Property(Shape(Kind.OBJECT, name="shop/KeyResponse"), required=False),
    }
    assert cart.structures == {
        "shop/ItemArgs": {
            "price": Property(Shape(Kind.OBJECT, name="money/PriceArgs"), required=True),
            "type": Property(Shape(Kind.CONSTANT, name="Thing"), required=True),
            "parts": Property(Shape(Kind.MAP, (item,)), required=False),
            "paid": Property(Shape(Kind.OBJECT, name="money/PriceArgs"), required=False),
            "odd": Property(Shape(Kind.ANYTHING), required=False),
            "lost": Property(Shape(Kind.ANYTHING), required=False),
        },
        "money/PriceArgs": {
            "amount": Property(Shape(Kind.NUMBER), required=True),
            "exact": Property(Shape(Kind.BOOLEAN), required=True),
        },
        "shop/KeyResponse": {
            "size": Property(Shape(Kind.INTEGER), required=True),
            "made": Property(TEXT, required=False),
        },
    }
    assert cart.choices == {"shop/Kind": ("Big", "Small")}
    assert (cart.server_made, cart.secrets) == (("key",), ("key",))
    assert ResourceType.from_json(cart.as_json()).as_json()["inputs"] == cart.as_json()["inputs"]


def test_an_sdk_that_is_not_installed_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Sdk("nothing-of-this-name")

    assert caught.value.message == (
        "The Pulumi SDK of the package nothing-of-this-name is not installed; the stand-in knows types from it alone."
    )
    assert caught.value.hint == "install pulumi-nothing-of-this-name, in the version that uv.lock names."


@pytest.mark.slow
@pytest.mark.parametrize("token", TYPES)
def test_what_is_read_is_what_the_sdk_itself_says(token: str) -> None:
    library, found = sdk(package_of(token)), resource_type(token)
    assert found is not None
    folder, name = library.resources[token]
    module = importlib.import_module(f"{library.directory.name}.{folder.strip('/').replace('/', '.')}")
    arguments: Any = getattr(module, f"{name}Args")
    resource: Any = getattr(module, name)

    assert set(found.inputs) == set(_types.input_type_py_to_pulumi_names(arguments).values())
    assert set(found.outputs) == set(_types.resource_py_to_pulumi_names(resource).values())
    keywords = arguments.__init__.__kwdefaults__ or {}
    by_wire = {wire: python for python, wire in _types.input_type_py_to_pulumi_names(arguments).items()}
    assert {wire for wire, each in found.inputs.items() if each.required} == {
        wire for wire, python in by_wire.items() if python not in keywords
    }


@pytest.mark.slow
@pytest.mark.parametrize("package", ["aws", "azure-native"])
def test_every_class_that_a_noted_type_leads_to_is_found(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lost, resolve = set(), _Reading._resolve

    def watched(self: _Reading, folder: str, name: str, file: str) -> Shape:
        shape = resolve(self, folder, name, file)
        if shape.kind is Kind.ANYTHING:
            lost.add(f"{folder}{file} {name}")
        return shape

    monkeypatch.setattr(_Reading, "_resolve", watched)
    for token in _notes(package):
        read_type(sdk(package), token)

    assert lost == set()


def test_no_sdk_is_imported(toy: Sdk) -> None:
    read_type(toy, "toy:shop:Cart")

    assert "pulumi_toy" not in sys.modules
