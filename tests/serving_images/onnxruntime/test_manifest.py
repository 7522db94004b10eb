"""What is served is what was sealed: every way to change a repository after that is refused with its reason."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnxruntime_server.engine.session import Session
from onnxruntime_server.errors import RepositoryError
from onnxruntime_server.repository import seal
from onnxruntime_server.repository.admission import Admitted, admit, describe
from onnxruntime_server.repository.folder import Folder
from onnxruntime_server.repository.manifest import Manifests, Trust

from tests.serving_images import models

WEIGHTS = np.arange(8, dtype=np.float32)


def external(name: str, location: str) -> TensorProto:
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", location), ("offset", "16"), ("length", "16")):
        tensor.external_data.add(key=key, value=value)
    return tensor


def weighted(location: str = "weights.bin") -> ModelProto:
    """Adds four numbers that lie in another file."""
    node = helper.make_node("Add", ["x", "w"], ["y"])
    values = [models.value(name, TensorProto.FLOAT, ["n", 4]) for name in ("x", "y")]
    graph = helper.make_graph([node], "g", values[:1], values[1:], [external("w", location)])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def nested() -> ModelProto:
    """The same, but in a branch."""
    node = helper.make_node("Add", ["x", "w"], ["z"])
    values = [models.value(name, TensorProto.FLOAT, ["n", 4]) for name in ("x", "y", "z")]
    branch = helper.make_graph([node], "b", [], values[2:], [external("w", "weights.bin")])
    choice = helper.make_node("If", ["yes"], ["y"], then_branch=branch, else_branch=branch)
    yes = numpy_helper.from_array(np.array(True), "yes")
    graph = helper.make_graph([choice], "g", values[:1], values[1:2], [yes])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two models, one of them with weights and settings in files of their own."""
    folder = tmp_path / "models"
    models.save(models.addition(), folder, "addition")
    models.save(weighted(), folder, "weighted")
    (folder / "weighted" / "1" / "weights.bin").write_bytes(WEIGHTS.tobytes())
    (folder / "weighted" / "config.toml").write_text('warm_up = ["first.json"]')
    (folder / "weighted" / "first.json").write_text("{}")
    return folder


def sealed(root: Path) -> str:
    folder = Folder.at(root)
    return seal.seal(folder, folder.models(), "", None)


def admitted(root: Path, name: str, trust: Trust, version: str = "1") -> Admitted:
    folder = Folder.at(root)
    return admit(folder, describe(folder, name, Manifests(trust) if trust.asked_for else None), version)


def refusal(root: Path, name: str, trust: Trust) -> str:
    with pytest.raises(RepositoryError) as caught:
        admitted(root, name, trust)
    return str(caught.value)


def keys(folder: Path, algorithm: str) -> tuple[Path, Path]:
    """A private key and its public key, made by openssl."""
    private, public = folder / f"{algorithm}.pem", folder / f"{algorithm}.pub"
    options = ["-pkeyopt", "ec_paramgen_curve:" + algorithm] if algorithm.startswith("P-") else []
    kind = "EC" if options else algorithm
    subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", kind, *options, "-out", str(private)], check=True)
    subprocess.run(["openssl", "pkey", "-in", str(private), "-pubout", "-out", str(public)], check=True)
    return private, public


def test_gives_the_bytes_that_were_checked(root: Path) -> None:
    trust = Trust(frozenset({sealed(root)}))
    found = admitted(root, "weighted", trust)
    assert found.model == (root / "weighted" / "1" / "model.onnx").read_bytes()
    assert found.external == {"weights.bin": WEIGHTS.tobytes()}
    assert found.warm_up == (b"{}",)


def test_runs_on_those_bytes_whatever_becomes_of_the_files(root: Path) -> None:
    found = admitted(root, "weighted", Trust(frozenset({sealed(root)})))
    (root / "weighted" / "1" / "weights.bin").write_bytes((WEIGHTS * 100).tobytes())
    (root / "weighted" / "1" / "model.onnx").write_bytes(b"")
    session = Session("weighted", found.model, 1, found.external)
    assert session.run({"x": np.zeros((1, 4), np.float32)}, ["y"])[0].tolist() == [[4, 5, 6, 7]]


def test_a_session_of_bytes_reads_no_weights_from_the_disk(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root / "weighted" / "1")
    for model in (weighted(), nested()):
        with pytest.raises(RepositoryError, match=r"^onnxruntime can't load it: "):
            Session("weighted", model.SerializeToString(), 1, {"another.bin": WEIGHTS.tobytes()})


def test_without_a_manifest_the_path_is_given(root: Path) -> None:
    found = admitted(root, "weighted", Trust())
    assert found == Admitted(root / "weighted" / "1" / "model.onnx", {}, (b"{}",))


def change(root: Path, file: str) -> None:
    data = bytearray((root / file).read_bytes())
    data[-1] ^= 1
    (root / file).write_bytes(data)


@pytest.mark.parametrize(
    "file", ["weighted/1/model.onnx", "weighted/1/weights.bin", "weighted/config.toml", "weighted/first.json"]
)
def test_refuses_a_changed_byte_and_serves_the_other_models(root: Path, file: str) -> None:
    trust = Trust(frozenset({sealed(root)}))
    before = hashlib.sha256((root / file).read_bytes()).hexdigest()
    change(root, file)
    after = hashlib.sha256((root / file).read_bytes()).hexdigest()
    assert refusal(root, "weighted", trust) == (
        f"{root / file}: was changed: it has sha256:{after}, expected sha256:{before}"
    )
    admitted(root, "addition", trust)


@pytest.mark.parametrize("file", ["weighted/1/model.onnx", "weighted/1/weights.bin"])
def test_refuses_a_missing_file(root: Path, file: str) -> None:
    trust = Trust(frozenset({sealed(root)}))
    (root / file).unlink()
    assert refusal(root, "weighted", trust) == (f"{root / file}: no such file, but {root / 'manifest.json'} lists it")
    admitted(root, "addition", trust)


def test_refuses_settings_that_were_taken_away(root: Path) -> None:
    trust = Trust(frozenset({sealed(root)}))
    (root / "weighted" / "config.toml").unlink()
    assert refusal(root, "weighted", trust) == f"{root / 'weighted' / 'config.toml'}: no such file"


@pytest.mark.parametrize("file", ["weighted/1/more.bin", "addition/config.toml", "addition/1/deep/x"])
def test_refuses_a_file_that_is_not_listed(root: Path, file: str) -> None:
    trust = Trust(frozenset({sealed(root)}))
    (root / file).parent.mkdir(exist_ok=True)
    (root / file).write_text("")
    name = file.split("/", maxsplit=1)[0]
    assert refusal(root, name, trust) == f"{root / file}: is not in {root / 'manifest.json'}"
    admitted(root, ({"weighted", "addition"} - {name}).pop(), trust)


def test_a_version_that_is_listed_and_missing_is_not_forgotten(root: Path) -> None:
    models.save(models.addition(), root, "addition", "2")
    trust = Trust(frozenset({sealed(root)}))
    (root / "addition" / "2" / "model.onnx").unlink()
    (root / "addition" / "2").rmdir()
    folder = Folder.at(root)
    assert describe(folder, "addition", Manifests(trust)).versions == ("1", "2")


def test_refuses_external_data_that_leaves_the_folder(root: Path) -> None:
    for location in ("../../addition/1/model.onnx", "/etc/hostname"):
        (root / "weighted" / "1" / "model.onnx").write_bytes(weighted(location).SerializeToString())
        for trust in (Trust(), Trust(frozenset({sealed(root)}))):
            assert refusal(root, "weighted", trust) == (
                f"{root}/weighted/1/model.onnx: its external data '{location}' leaves the model's folder"
            )


def test_refuses_external_data_behind_a_link_that_leads_out(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(WEIGHTS.tobytes())
    link = root / "weighted" / "1" / "weights.bin"
    link.unlink()
    link.symlink_to(tmp_path / "secret.bin")
    assert refusal(root, "weighted", Trust()) == (f"{link}: leads out of {root}")


def test_refuses_weights_of_inner_graphs_that_no_manifest_can_hold(root: Path) -> None:
    (root / "weighted" / "1" / "model.onnx").write_bytes(nested().SerializeToString())
    admitted(root, "weighted", Trust())
    assert refusal(root, "weighted", Trust(frozenset({sealed(root)}))) == (
        f"{root}/weighted/1/model.onnx: an inner graph has external data 'weights.bin', which can't be held to a "
        "manifest; keep such weights in the model's own file or in its main graph"
    )


def test_refuses_libraries_custom_operators_and_new_operator_sets(root: Path) -> None:
    (root / "addition" / "1" / "ops.so").write_text("")
    assert refusal(root, "addition", Trust()) == "addition/1/ops.so: libraries of custom operators are not loaded"
    model = models.addition()
    model.opset_import[0].version = 1000
    models.save(model, root, "new")
    assert refusal(root, "new", Trust()).startswith(
        f"{root}/new/1/model.onnx: it asks for operator set 1000 of domain 'ai.onnx'; expected 1 to "
    )
    model = models.addition()
    model.graph.node[0].domain = "com.nobody"
    models.save(model, root, "custom")
    assert refusal(root, "custom", Trust()).startswith(
        f"{root}/custom/1/model.onnx: it uses operator 'Add' of domain 'com.nobody'; expected one of "
    )


def test_refuses_another_manifest_than_the_pinned_one(root: Path) -> None:
    pinned = "sha256:" + "0" * 64
    found = sealed(root)
    assert refusal(root, "addition", Trust(frozenset({pinned}))) == (
        f"{root}/manifest.json: has {found}; expected {pinned}"
    )


def test_refuses_models_without_a_manifest_where_one_is_required(root: Path) -> None:
    assert refusal(root, "addition", Trust(required=True)) == (
        f"{root}/manifest.json: no such file, nor one in the folder of 'addition'"
    )
    sealed(root)
    admitted(root, "addition", Trust(required=True))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "no manifest: Expected `object`, got `array`"),
        ("{}", "no manifest: Object missing required field `files`"),
        ('{"files": {}, "version": 2}', "has version 2; expected 1"),
        ('{"files": {}, "extra": 1}', "no manifest: Object contains unknown field `extra`"),
    ],
)
def test_refuses_a_manifest_of_another_form(root: Path, text: str, reason: str) -> None:
    (root / "manifest.json").write_text(text)
    assert refusal(root, "addition", Trust(required=True)) == f"{root}/manifest.json: {reason}"


@pytest.mark.parametrize("algorithm", ["P-256", "ED25519"])
def test_a_signed_repository_is_served_and_an_unsigned_one_is_not(root: Path, tmp_path: Path, algorithm: str) -> None:
    private, public = keys(tmp_path, algorithm)
    assert seal.main([str(root), "--key", str(private)]) == 0
    trust = Trust(key=public)
    admitted(root, "weighted", trust)
    (root / "manifest.json").write_bytes((root / "manifest.json").read_bytes() + b" ")
    reason = f"{root}/manifest.json: its signature in manifest.json.sig is not by the given key"
    assert refusal(root, "weighted", trust) == reason
    (root / "manifest.json.sig").unlink()
    assert refusal(root, "weighted", trust) == f"{root}/manifest.json.sig: no such file"


def openssl_digest(private: Path, manifest: Path) -> bytes:
    command = ["openssl", "dgst", "-sha256", "-sign", str(private), str(manifest)]
    return subprocess.run(command, check=True, capture_output=True).stdout


@pytest.mark.parametrize("form", [bytes, base64.b64encode, base64.encodebytes])
def test_takes_signatures_of_openssl(root: Path, tmp_path: Path, form: Callable[[bytes], bytes]) -> None:
    private, public = keys(tmp_path, "P-256")
    sealed(root)
    (root / "manifest.json.sig").write_bytes(form(openssl_digest(private, root / "manifest.json")))
    admitted(root, "addition", Trust(key=public))


def test_openssl_takes_the_signature_of_seal(root: Path, tmp_path: Path) -> None:
    private, public = keys(tmp_path, "P-256")
    assert seal.main([str(root), "--key", str(private)]) == 0
    (tmp_path / "raw").write_bytes(base64.b64decode((root / "manifest.json.sig").read_bytes()))
    command = ["openssl", "dgst", "-sha256", "-verify", str(public), "-signature", str(tmp_path / "raw")]
    verified = subprocess.run([*command, str(root / "manifest.json")], check=True, capture_output=True, text=True)
    assert verified.stdout == "Verified OK\n"


def test_refuses_the_signature_of_another_key(root: Path, tmp_path: Path) -> None:
    private, _ = keys(tmp_path, "P-256")
    (tmp_path / "other").mkdir()
    _, public = keys(tmp_path / "other", "P-256")
    assert seal.main([str(root), "--key", str(private)]) == 0
    assert refusal(root, "addition", Trust(key=public)) == (
        f"{root}/manifest.json: its signature in manifest.json.sig is not by the given key"
    )


def test_refuses_other_kinds_of_keys(tmp_path: Path) -> None:
    private, public = keys(tmp_path, "P-384")
    with pytest.raises(RepositoryError, match=r"P-384.pub: a key of another kind; expected ECDSA on P-256 or Ed25519$"):
        Manifests(Trust(key=public))
    with pytest.raises(RepositoryError, match=r"P-384.pem: a key of another kind; expected ECDSA on P-256 or Ed25519$"):
        seal.signer(private)
    with pytest.raises(RepositoryError, match=r"P-384.pem: no public key in PEM: "):
        Manifests(Trust(key=private))
    with pytest.raises(RepositoryError, match=r"P-384.pub: no private key in PEM without a password: "):
        seal.signer(public)


def test_each_model_may_have_its_own_manifest(root: Path, tmp_path: Path) -> None:
    private, public = keys(tmp_path, "P-256")
    assert seal.main([str(root), "--key", str(private), "--per-model"]) == 0
    trust = Trust(key=public)
    admitted(root, "addition", trust)
    admitted(root, "weighted", trust)
    (root / "addition").rename(root / "exchanged")
    assert (
        refusal(root, "exchanged", trust)
        == f"{root}/exchanged/manifest.json: is for model 'addition'; expected 'exchanged'"
    )


def test_seal_is_repeatable_and_leaves_out_what_it_wrote(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = sealed(root)
    assert seal.main([str(root)]) == 0
    assert capsys.readouterr().out == f"{root}/manifest.json {first}\n"
    content = json.loads((root / "manifest.json").read_text())
    assert sorted(content["files"]) == [
        "addition/1/model.onnx",
        "weighted/1/model.onnx",
        "weighted/1/weights.bin",
        "weighted/config.toml",
        "weighted/first.json",
    ]
    assert seal.main([str(root), "--per-model"]) == 0
    capsys.readouterr()
    assert seal.main([str(root), "--per-model"]) == 0
    assert json.loads((root / "addition" / "manifest.json").read_text())["files"].keys() == {"1/model.onnx"}


def test_seal_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert seal.main([str(tmp_path / "nowhere")]) == 1
    assert capsys.readouterr().err == (
        f"seal: {tmp_path}/nowhere: no such folder; expected <model>/<version>/model.onnx, with a version such as 1\n"
    )


def test_the_library_of_signatures_is_imported_for_a_key_alone() -> None:
    program = "import sys, onnxruntime_server.repository.repository; print('cryptography' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert found.stdout == "False\n"
