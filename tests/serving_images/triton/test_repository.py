"""What Triton gets to read: the bytes that were checked, and no code."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from onnxruntime_server.repository import seal
from onnxruntime_server.repository.folder import Folder
from triton_server import repository
from triton_server.errors import StartError
from triton_server.options import parse
from triton_server.repository import Model

Serve = Callable[..., tuple[Model, ...]]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Two models whose bytes nobody here looks into."""
    root = tmp_path / "models"
    for name, version in (("churn", "1"), ("churn", "2"), ("risk", "7")):
        (root / name / version).mkdir(parents=True)
        (root / name / version / "model.onnx").write_bytes(f"{name} {version}".encode())
    (root / "churn" / "2" / "weights.bin").write_bytes(b"weights")
    return root


@pytest.fixture
def serve(models: Path, tmp_path: Path) -> Serve:
    def prepare(*options: str) -> tuple[Model, ...]:
        places = ["--models", str(models), "--work", str(tmp_path / "copy"), "--cpu-only"]
        return repository.prepare(parse([*places, *options]))

    return prepare


def sealed(models: Path, key: Path | None = None, *, apart: bool = False) -> str:
    folder = Folder.at(models)
    sign = None if key is None else seal.signer(key)
    if apart:
        return [seal.seal(folder, (name,), name, sign) for name in folder.models()][-1]
    return seal.seal(folder, folder.models(), "", sign)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_copies_every_version_and_file_and_writes_what_runs_it(serve: Serve, tmp_path: Path) -> None:
    assert [model.name for model in serve()] == ["churn", "risk"]

    configuration = b'instance_group {\n  count: 1\n}\nbackend: "onnxruntime"\n'
    assert files(tmp_path / "copy" / "models") == {
        "churn/1/model.onnx": b"churn 1",
        "churn/2/model.onnx": b"churn 2",
        "churn/2/weights.bin": b"weights",
        "churn/config.pbtxt": configuration,
        "risk/7/model.onnx": b"risk 7",
        "risk/config.pbtxt": configuration,
    }


def test_what_an_older_self_has_left_is_removed(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "copy" / "older" / "1").mkdir(parents=True)
    (tmp_path / "copy" / "older" / "1" / "model.py").write_text("")

    serve()

    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["models"]


@pytest.mark.parametrize("apart", [False, True])
def test_a_manifest_as_the_other_image_seals_it_is_believed(
    serve: Serve, models: Path, tmp_path: Path, apart: bool
) -> None:
    digest = sealed(models, apart=apart)

    assert len(serve("--require-manifest")) == 2
    assert not any("manifest" in name for name in files(tmp_path / "copy" / "models"))
    if not apart:
        assert len(serve("--manifest-digest", digest)) == 2
        other = f"sha256:{'0' * 64}"
        with pytest.raises(StartError, match=f"manifest.json: has {digest}; expected {other}$"):
            serve("--manifest-digest", other)


@pytest.mark.parametrize("kind", ["P-256", "Ed25519"])
def test_a_signature_as_the_other_image_writes_it_is_believed_and_no_other(
    serve: Serve, models: Path, tmp_path: Path, kind: str
) -> None:
    def pair(name: str) -> tuple[Path, Path]:
        made = ec.generate_private_key(ec.SECP256R1()) if kind == "P-256" else ed25519.Ed25519PrivateKey.generate()
        private, public = tmp_path / f"{name}.key", tmp_path / f"{name}.pub"
        private.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public.write_bytes(made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        return private, public

    private, public = pair("own")
    _, other = pair("other")
    sealed(models, private)

    assert len(serve("--manifest-key", str(public))) == 2
    with pytest.raises(StartError, match=r"its signature in manifest\.json\.sig is not by the given key$"):
        serve("--manifest-key", str(other))
    (models / "manifest.json.sig").unlink()
    with pytest.raises(StartError, match=r"manifest\.json\.sig: no such file$"):
        serve("--manifest-key", str(public))


def change(models: Path) -> None:
    (models / "risk" / "7" / "model.onnx").write_bytes(b"risk 8")


def add(models: Path) -> None:
    (models / "risk" / "7" / "more.bin").write_bytes(b"")


def remove(models: Path) -> None:
    (models / "churn" / "2" / "weights.bin").unlink()


def add_model(models: Path) -> None:
    (models / "third" / "1").mkdir(parents=True)
    (models / "third" / "1" / "model.onnx").write_bytes(b"third")


def remove_model(models: Path) -> None:
    (models / "risk" / "7" / "model.onnx").unlink()
    (models / "risk" / "7").rmdir()
    (models / "risk").rmdir()


def lead_out(models: Path) -> None:
    outside = models.parent / "outside"
    outside.write_bytes(b"risk 7")
    (models / "risk" / "7" / "model.onnx").unlink()
    (models / "risk" / "7" / "model.onnx").symlink_to(outside)


def pipe(models: Path) -> None:
    (models / "risk" / "7" / "model.onnx").unlink()
    os.mkfifo(models / "risk" / "7" / "model.onnx")


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (change, r"risk/7/model\.onnx: was changed: it has sha256:[0-9a-f]{64}, expected sha256:[0-9a-f]{64}$"),
        (add, r"risk/7/more\.bin: is in no manifest$"),
        (remove, r"churn/2/weights\.bin: no such file, though the manifest lists it$"),
        (add_model, r"third: is in no manifest$"),
        (remove_model, r"risk: can't be read: No such file or directory$"),
        (lead_out, r"risk/7/model\.onnx: leads out of .*/models$"),
        (pipe, r"risk/7/model\.onnx: is no plain file$"),
    ],
)
def test_what_no_manifest_stands_for_stops_the_start(
    serve: Serve, models: Path, harm: Callable[[Path], None], sentence: str
) -> None:
    digest = sealed(models)
    harm(models)

    with pytest.raises(StartError, match=sentence):
        serve("--manifest-digest", digest)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"[", "no manifest: Expecting value"),
        (b"[]", "no manifest: expected an object with files, and perhaps model and version"),
        (b'{"files": {}, "more": 1}', "no manifest: expected an object with files, and perhaps model and version"),
        (b'{"files": {"a": 1}}', "no manifest: expected a digest for each of its files"),
        (b'{"files": {}, "version": 2}', "has version 2; expected 1"),
        (b"[" * 100_000, "no manifest: "),
    ],
)
def test_what_is_no_manifest_stops_the_start(serve: Serve, models: Path, text: bytes, sentence: str) -> None:
    (models / "manifest.json").write_bytes(text)

    with pytest.raises(StartError) as refused:
        serve("--require-manifest")
    assert str(refused.value).startswith(f"{models / 'manifest.json'}: {sentence}")


def test_a_manifest_that_is_asked_for_and_missing_stops_the_start(serve: Serve) -> None:
    with pytest.raises(StartError, match=r"manifest\.json: no such file, nor one in the folder of 'churn'$"):
        serve("--require-manifest")


def test_a_manifest_of_another_model_stops_the_start(serve: Serve, models: Path) -> None:
    sealed(models, apart=True)
    (models / "risk" / "manifest.json").write_bytes((models / "churn" / "manifest.json").read_bytes())

    with pytest.raises(StartError, match=r"risk/manifest\.json: is for model 'churn'; expected 'risk'$"):
        serve("--require-manifest")


@pytest.mark.parametrize(
    "file",
    [
        "risk/7/model.py",
        "risk/run.sh",
        "risk/7/libx.so.1",
        "risk/7/model.pt",
        "risk/e.tar.gz",
        "risk/triton_python_backend_stub",
    ],
)
def test_code_is_refused_with_and_without_a_manifest(serve: Serve, models: Path, file: str) -> None:
    (models / file).write_bytes(b"")

    with pytest.raises(StartError, match=r"a model's own code is not run; remove it$"):
        serve()
    digest = sealed(models)
    with pytest.raises(StartError, match=r"a model's own code is not run; remove it$"):
        serve("--manifest-digest", digest)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("max_batchsize: 4", 'no model configuration: 1:1 : Message type "inference.ModelConfig" has no field named'),
        ('name: "churn"', "has name 'churn'; expected 'risk', as its folder"),
        ('backend: "python"', "backend 'python' with platform '' is not run here; expected onnxruntime or tensorrt"),
        (
            'backend: "python" default_model_filename: "model.onnx"',
            "backend 'python' with platform '' is not run here; expected onnxruntime or tensorrt",
        ),
        (
            'platform: "pytorch_libtorch"',
            "backend '' with platform 'pytorch_libtorch' is not run here; expected onnxruntime or tensorrt",
        ),
        ('backend: "onnxruntime" runtime: "other.py"', "runtime would run code of the model's own; leave it out"),
        (
            'model_operations { op_library_filename: "x" }',
            "model_operations would run code of the model's own; leave it out",
        ),
        (
            'model_repository_agents { agents { name: "x" } }',
            "model_repository_agents would run code of the model's own; leave it out",
        ),
        (
            'parameters { key: "EXECUTION_ENV_PATH" value { string_value: "x" } }',
            "parameter EXECUTION_ENV_PATH would run code of the model's own; leave it out",
        ),
        (
            (
                "optimization { execution_accelerators { gpu_execution_accelerator { name: 'tensorrt' "
                "parameters { key: 'trt_extra_plugin_lib_paths' value: 'x' } } } }"
            ),
            "parameter trt_extra_plugin_lib_paths would run code of the model's own; leave it out",
        ),
        (
            'backend: "onnxruntime" default_model_filename: "../x"',
            "default_model_filename is '../x'; expected 'model.onnx'",
        ),
        ("instance_group { kind: KIND_GPU }", "an instance group asks for a GPU and this image has none; make it"),
        ("instance_group { gpus: 0 }", "an instance group asks for a GPU and this image has none; make it KIND_CPU"),
        ('backend: "tensorrt"', "TensorRT needs a GPU and this image has none; use the official base"),
        (
            'platform: "ensemble" ensemble_scheduling { step { model_name: "absent" } }',
            "step 'absent' is no model here: churn, risk",
        ),
    ],
)
def test_a_configuration_chooses_no_code_and_nothing_that_the_image_has_not(
    serve: Serve, models: Path, text: str, sentence: str
) -> None:
    (models / "risk" / "config.pbtxt").write_text(text)

    with pytest.raises(StartError) as refused:
        serve()
    assert str(refused.value).startswith(f"{models / 'risk' / 'config.pbtxt'}: {sentence}")


def test_a_configuration_is_kept_but_for_what_it_leaves_open(serve: Serve, models: Path, tmp_path: Path) -> None:
    (models / "risk" / "config.pbtxt").write_text("# of risk\nmax_batch_size: 4 instance_group { count: 3 }")

    serve()

    written = (tmp_path / "copy" / "models" / "risk" / "config.pbtxt").read_text()
    assert written == 'max_batch_size: 4\ninstance_group {\n  count: 3\n}\nbackend: "onnxruntime"\n'


def test_an_ensemble_gets_the_version_that_triton_wants(serve: Serve, models: Path, tmp_path: Path) -> None:
    (models / "both").mkdir()
    (models / "both" / "config.pbtxt").write_text(
        'platform: "ensemble" ensemble_scheduling { step { model_name: "risk" } }'
    )

    serve()

    assert (tmp_path / "copy" / "models" / "both" / "1").is_dir()


def test_a_folder_of_no_models_is_refused(tmp_path: Path, models: Path, serve: Serve) -> None:
    for path in sorted(models.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    with pytest.raises(StartError, match=r"models: holds no model; expected <model>/<version>/model\.onnx, with a"):
        serve()
    models.rmdir()
    with pytest.raises(StartError, match=r"models: can't be read as a folder: No such file or directory$"):
        serve()
    del tmp_path


def test_a_model_without_a_version_is_refused(serve: Serve, models: Path) -> None:
    (models / "empty").mkdir()
    with pytest.raises(StartError, match=r"config\.pbtxt: no version holds model\.onnx or model\.plan; add one$"):
        serve()


def test_names_that_are_none_are_refused(serve: Serve, models: Path) -> None:
    (models / "risk").rename(models / "risk $(id)")
    with pytest.raises(StartError, match=r"a model's name is made of letters, digits and \. _ -$"):
        serve()
