"""What is read out of ONNX files agrees with the onnx package, and bytes that are no model only get refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import onnx
import onnxruntime
import pytest
from google.protobuf.message import DecodeError
from hypothesis import example, given, settings
from hypothesis import strategies as st
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, helper
from onnxruntime_server.errors import RepositoryError
from onnxruntime_server.repository.inspection import (
    DEEPEST,
    SUPPORTED_OPSETS,
    Inspection,
    MalformedError,
    check,
    inspect,
)

from tests.serving_images import models


def external(file: str, name: str = "w") -> TensorProto:
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=file)
    tensor.external_data.add(key="offset", value="0")
    return tensor


def graph(nodes: list[NodeProto], constants: list[TensorProto] | None = None) -> GraphProto:
    return helper.make_graph(nodes, "g", [], [], constants or [])


def model_of(content: GraphProto, **opsets: int) -> ModelProto:
    imports = [helper.make_opsetid(domain, version) for domain, version in {"": 17, **opsets}.items()]
    return helper.make_model(content, opset_imports=imports)


def nested(depth: int, node: NodeProto) -> NodeProto:
    for _ in range(depth):
        node = helper.make_node("If", ["c"], [], then_branch=graph([node]))
    return node


def full_model() -> ModelProto:
    """A model that asks for something in every place where a model can."""
    constant = helper.make_node("Constant", [], ["k"], value=external("constant.bin"))
    other = helper.make_node("ConstantOfShape", ["s"], ["o"], value=external("other.bin"))
    inner = graph([helper.make_node("Inner", [], [], domain="inner")], [external("inner.bin")])
    loop = helper.make_node("Loop", [], [], body=inner)
    several = helper.make_node("Several", [], [], domain="several")
    several.attribute.append(
        helper.make_attribute("graphs", [graph([helper.make_node("Deep", [], [], domain="deep")])])
    )
    several.attribute.append(helper.make_attribute("tensors", [external("tensors.bin")]))
    several.attribute.append(helper.make_attribute("ints", list(range(1000))))
    several.attribute.append(helper.make_attribute("floats", [0.5] * 1000))
    several.attribute.append(helper.make_attribute("strings", ["LEAF", "x" * 1000] * 100))
    model = model_of(graph([constant, other, loop, several], [external("weights.bin")]), **{"ai.onnx.ml": 3})
    sparse = model.graph.sparse_initializer.add()
    sparse.values.CopyFrom(external("sparse.bin"))
    sparse.indices.CopyFrom(external("indices.bin"))
    function = model.functions.add(name="Twice", domain="own")
    function.node.append(helper.make_node("Within", [], [], domain="within"))
    function.opset_import.append(helper.make_opsetid("within", 2))
    default = helper.make_attribute("default", 1)
    default.type, default.i = AttributeProto.GRAPH, 0
    default.g.CopyFrom(graph([helper.make_node("Default", [], [], domain="default")]))
    function.attribute_proto.append(default)
    training = model.training_info.add()
    training.algorithm.CopyFrom(graph([helper.make_node("Learn", [], [], domain="training")]))
    return model


def test_finds_what_is_asked_for_in_every_place() -> None:
    found = inspect(full_model().SerializeToString())
    assert found.opsets == {"": 17, "ai.onnx.ml": 3, "within": 2}
    assert found.operators == {
        "": {"Constant", "ConstantOfShape", "Loop"},
        "inner": {"Inner"},
        "several": {"Several"},
        "deep": {"Deep"},
        "within": {"Within"},
        "default": {"Default"},
        "training": {"Learn"},
    }
    assert found.functions == {"own": {"Twice"}}
    assert found.external_files == {"weights.bin", "constant.bin"}
    assert found.nested_external_files == {"inner.bin", "other.bin", "tensors.bin", "sparse.bin", "indices.bin"}


@pytest.mark.parametrize(
    ("model", "bounded"),
    [(models.addition(), True), (models.lookup(), True), (models.counting(), False), (full_model(), False)],
    ids=["sum", "table", "loop", "full"],
)
def test_tells_whether_cost_follows_the_size_of_the_inputs(model: ModelProto, bounded: bool) -> None:
    assert inspect(model.SerializeToString()).is_bounded is bounded


def test_a_loop_is_found_inside_a_branch_and_in_a_function() -> None:
    loop = helper.make_node("Loop", [], [], body=graph([]))
    inside = model_of(graph([helper.make_node("Own", [], [], domain="own", body=graph([loop]))]), own=1)
    function = model_of(graph([helper.make_node("Twice", [], [], domain="own")]), own=1)
    function.functions.add(name="Twice", domain="own").node.append(loop)
    assert not inspect(inside.SerializeToString()).is_bounded
    assert not inspect(function.SerializeToString()).is_bounded


def test_takes_the_long_name_of_the_domain_without_a_name_for_the_same() -> None:
    node = helper.make_node("Identity", ["x"], ["y"], domain="ai.onnx")
    found = inspect(model_of(graph([node]), **{"ai.onnx": 18}).SerializeToString())
    assert (found.opsets, found.operators) == ({"": 18}, {"": {"Identity"}})


def test_reads_a_large_forest_in_a_moment() -> None:
    node = helper.make_node("TreeEnsembleClassifier", ["x"], ["y"], domain="ai.onnx.ml")
    count = 200_000
    node.attribute.append(helper.make_attribute("nodes_modes", ["BRANCH_LEQ"] * count))
    node.attribute.append(helper.make_attribute("nodes_values", [0.25] * count))
    node.attribute.append(helper.make_attribute("nodes_nodeids", list(range(count))))
    data = model_of(graph([node])).SerializeToString()
    started = time.process_time()
    assert inspect(data).operators == {"ai.onnx.ml": {"TreeEnsembleClassifier"}}
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is no ONNX model: it names no operator set"),
        (b"\x08\x08", "it is no ONNX model: it names no operator set"),
        (b"not a model", "it is no ONNX model: the field before byte 1 has no known kind"),
        (b"\x3a\x05\x0a", "it is no ONNX model: the field at byte 2 is cut off"),
        (b"\x0d\x00", "it is no ONNX model: the field before byte 5 is cut off"),
        (b"\x08" + b"\xff" * 11, "it is no ONNX model: the number at byte 1 has no end"),
        (b"\x3a\x05\x0a\x03\x22\x01\xff", "it is no ONNX model: the name at byte 6 is no text"),
        (b"\x08\x08\x00\x00ORTM", "it is in ONNX Runtime's own format; expected ONNX"),
    ],
)
def test_refuses_bytes_that_are_no_model(data: bytes, message: str) -> None:
    with pytest.raises(MalformedError) as caught:
        inspect(data)
    assert str(caught.value) == message


def test_refuses_graphs_that_are_nested_beyond_reason() -> None:
    node = helper.make_node("Identity", ["x"], ["y"])
    inspect(model_of(graph([nested(DEEPEST, node)])).SerializePartialToString())
    with pytest.raises(MalformedError, match=rf"^its graphs are nested more than {DEEPEST} deep$"):
        inspect(model_of(graph([nested(DEEPEST + 1, node)])).SerializePartialToString())


def field(number: int, content: bytes) -> bytes:
    size, length = b"", len(content)
    while length > 127:
        size, length = size + bytes([length & 127 | 128]), length >> 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + content


def test_refuses_thousands_of_graphs_within_graphs() -> None:
    data = b""
    for _ in range(2000):
        data = field(1, field(5, field(6, data)))
    with pytest.raises(MalformedError, match=rf"^its graphs are nested more than {DEEPEST} deep$"):
        inspect(field(7, data))


def everything(message: ModelProto) -> Iterator[tuple[str, str, str]]:
    """What the onnx package says the model asks for."""
    for each in message.opset_import:
        yield "opset", each.domain, str(each.version)
    graphs = [
        message.graph,
        *(part for info in message.training_info for part in (info.initialization, info.algorithm)),
    ]
    nodes = [node for function in message.functions for node in function.node]
    tensors: list[TensorProto] = []
    while graphs or nodes:
        for content in graphs:
            nodes += content.node
            tensors += content.initializer
            tensors += [part for each in content.sparse_initializer for part in (each.values, each.indices)]
        graphs, pending, nodes = [], nodes, []
        for node in pending:
            yield "operator", node.domain, node.op_type
            for attribute in node.attribute:
                graphs += [attribute.g, *attribute.graphs]
                tensors += [attribute.t, *attribute.tensors]
    for tensor in tensors:
        for entry in tensor.external_data:
            if entry.key == "location":
                yield "file", entry.value, ""


def known(found: Inspection, kind: str, first: str, second: str) -> bool:
    domain = "" if first == "ai.onnx" else first
    if kind == "opset":
        return domain in found.opsets
    if kind == "operator":
        return second in found.operators.get(domain, set())
    return first in found.external_files | found.nested_external_files


SEEDS = [full_model().SerializeToString(), models.counting().SerializeToString(), models.lookup().SerializeToString()]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(data) - 1))
        match draw(st.integers(0, 3)):
            case 0:
                data[at] = draw(st.integers(0, 255))
            case 1:
                del data[at : at + draw(st.integers(1, 8))]
                data = data or bytearray(1)
            case 2:
                data[at:at] = draw(st.binary(min_size=1, max_size=8))
            case _:
                data[at:at] = data[at : at + draw(st.integers(1, 64))]
    return bytes(data)


@settings(max_examples=500, deadline=None)
@given(st.one_of(mutated(), st.binary(max_size=300)))
@example(SEEDS[0] + SEEDS[1])  # messages that stand one after the other are one message
def test_whatever_the_onnx_package_reads_is_found_or_refused(data: bytes) -> None:
    try:
        found = inspect(data)
    except MalformedError:
        return
    message = ModelProto()
    try:
        message.ParseFromString(data)
        expected = list(everything(message))
    except (DecodeError, UnicodeDecodeError):
        return
    assert [each for each in expected if not known(found, *each)] == []


@pytest.mark.parametrize("domain", list(SUPPORTED_OPSETS))
def test_the_table_of_operator_sets_is_that_of_the_installed_onnxruntime(domain: str) -> None:
    def loads(version: int) -> bool:
        model = models.identity(TensorProto.FLOAT, [1])
        del model.opset_import[:]
        imports = {"": 17, domain: version}
        model.opset_import.extend(helper.make_opsetid(name, number) for name, number in imports.items())
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        try:
            onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        except Exception:  # noqa: BLE001 - any refusal is a no
            return False
        return True

    newest = SUPPORTED_OPSETS[domain]
    assert (loads(newest), loads(newest + 1)) == (True, False)


def test_refuses_an_operator_set_that_is_too_new() -> None:
    newest = SUPPORTED_OPSETS[""]
    check(Inspection(opsets={"": newest, "com.nobody": 99}))
    with pytest.raises(RepositoryError) as caught:
        check(Inspection(opsets={"": newest + 1}))
    assert str(caught.value) == (
        f"it asks for operator set {newest + 1} of domain 'ai.onnx'; "
        f"expected 1 to {newest}, which this ONNX Runtime has"
    )


def test_refuses_custom_operators_unless_the_model_defines_them() -> None:
    check(Inspection(operators={"own": {"Twice"}, "": {"Add"}}, functions={"own": {"Twice"}}))
    with pytest.raises(RepositoryError) as caught:
        check(Inspection(operators={"own": {"Twice", "Thrice"}}, functions={"own": {"Twice"}}))
    assert str(caught.value) == (
        "it uses operator 'Thrice' of domain 'own'; expected one of 'ai.onnx', 'ai.onnx.ml', 'com.microsoft', "
        "'com.microsoft.nchwc', 'com.ms.internal.nhwc' or a function of the model: custom operators are not loaded"
    )


def test_reads_a_model_of_the_onnx_package() -> None:
    folder = Path(onnx.__path__[0], "backend", "test", "data", "light")
    model = onnx.load(folder / "light_resnet50.onnx")
    assert inspect(model.SerializeToString()).operators == {"": {node.op_type for node in model.graph.node}}
