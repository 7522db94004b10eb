"""Reads a resource type out of the source of its SDK."""

from __future__ import annotations

import ast
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from falaj.standin.annotations import Names, optional, shape_of
from falaj.standin.sdk import Sdk
from falaj.standin.shapes import Kind, Property, ResourceType, Shape, Structure


def read_type(sdk: Sdk, token: str) -> ResourceType:
    """The resource type with this token, and every structure and choice that its properties lead to."""
    path = sdk.file_of(token)
    folder, name = sdk.resources[token]
    resource = sdk.class_in(path, name)
    if resource is None:
        raise FileNotFoundError(f"{path} of {sdk.package} {sdk.version} does not define {name}")
    # The arguments are called otherwise where a structure of the module already has the usual name.
    arguments = sdk.class_in(path, f"{name}InitArgs") or sdk.class_in(path, f"{name}Args")
    reading = _Reading(sdk)
    names = reading.names(folder, path)
    inputs = reading.inputs(arguments, names) if arguments is not None else {}
    outputs = {wire: _output(annotation, names) for wire, _, annotation in _getters(resource)}
    reading.finish()
    return ResourceType(token, inputs, outputs, _secrets(resource), reading.structures, reading.choices)


@dataclass
class _Reading:
    """What was found so far, and what was named but not yet read."""

    sdk: Sdk
    structures: dict[str, Structure] = field(default_factory=dict)
    choices: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    waiting: deque[tuple[str, str, ast.ClassDef]] = field(default_factory=deque)

    def names(self, folder: str, path: str) -> Names:
        """How the names in one file are understood."""
        aliases = self.sdk.aliases(path)

        def resolve(name: str) -> Shape:
            *modules, last = name.split(".")
            place = folder
            if modules and modules[0] in aliases:
                place = aliases[modules.pop(0)]
            is_output = modules[-1:] == ["outputs"]
            place += "".join(f"{each}/" for each in modules if each != "outputs")
            return self._resolve(place, last.removesuffix("Dict"), "outputs.py" if is_output else "_inputs.py")

        return resolve

    def _resolve(self, folder: str, name: str, file: str) -> Shape:
        reference = f"{folder}{name}"
        if reference in self.choices:
            return Shape(Kind.CHOICE, name=reference)
        if reference in self.structures:
            return Shape(Kind.OBJECT, name=reference)
        found = self.sdk.class_in(f"{folder}{file}", name)
        if found is not None:
            self.structures[reference] = {}
            self.waiting.append((folder, file, found))
            return Shape(Kind.OBJECT, name=reference)
        listed = self.sdk.class_in(f"{folder}_enums.py", name)
        if listed is not None:
            self.choices[reference] = tuple(_members(listed))
            return Shape(Kind.CHOICE, name=reference)
        return Shape(Kind.ANYTHING)

    def inputs(self, arguments: ast.ClassDef, names: Names) -> Structure:
        """The properties of a class of arguments."""
        constants = _constants(arguments)
        required = _required(arguments)
        return {
            wire: Property(constants.get(name) or shape_of(annotation, names), name in required)
            for wire, name, annotation in _getters(arguments)
        }

    def finish(self) -> None:
        """Read every structure that was named, and what those name."""
        while self.waiting:
            folder, file, found = self.waiting.popleft()
            names = self.names(folder, f"{folder}{file}")
            if file == "_inputs.py":
                structure = self.inputs(found, names)
            else:
                structure = {wire: _output(annotation, names) for wire, _, annotation in _getters(found)}
            self.structures[f"{folder}{found.name}"] = structure


def _output(annotation: ast.expr, names: Names) -> Property:
    return Property(shape_of(annotation, names), required=not optional(annotation))


def _getters(found: ast.ClassDef) -> list[tuple[str, str, ast.expr]]:
    """Every property with a getter: its name on the wire, its name in Python, its annotation."""
    getters = []
    for method in found.body:
        if not isinstance(method, ast.FunctionDef) or method.returns is None:
            continue
        for decorator in method.decorator_list:
            if ast.unparse(decorator) == "pulumi.getter":
                getters.append((method.name, method.name, method.returns))
            elif isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pulumi.getter":
                (wire,) = [str(ast.literal_eval(keyword.value)) for keyword in decorator.keywords]
                getters.append((wire, method.name, method.returns))
    return getters


def _method(found: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    methods = [each for each in found.body if isinstance(each, ast.FunctionDef) and each.name == name]
    return methods[-1] if methods else None


def _required(arguments: ast.ClassDef) -> set[str]:
    """Names, in Python, of the arguments without a default."""
    constructor = _method(arguments, "__init__")
    if constructor is None:
        return set()
    pairs = zip(constructor.args.kwonlyargs, constructor.args.kw_defaults, strict=True)
    return {argument.arg for argument, default in pairs if default is None}


def _constants(arguments: ast.ClassDef) -> dict[str, Shape]:
    """Arguments that the constructor sets to one value whatever was given."""
    constants = {}
    for node in ast.walk(_method(arguments, "__init__") or ast.Module([], [])):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="set"), args=[_, ast.Constant(value=name), ast.Constant(value=str(value))]
            ):
                constants[str(name)] = Shape(Kind.CONSTANT, name=value)
    return constants


def _members(found: ast.ClassDef) -> list[Any]:
    return [
        statement.value.value
        for statement in found.body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
    ]


def _secrets(resource: ast.ClassDef) -> tuple[str, ...]:
    for node in ast.walk(resource):
        match node:
            case ast.keyword(arg="additional_secret_outputs", value=ast.List() as names):
                return tuple(ast.literal_eval(names))
    return ()
