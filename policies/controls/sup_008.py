"""SUP-008: models are named by digest and come from stores in the UAE."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import reduce

from falaj.catalog.model_annotations import ModelAnnotation
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import container, cronjob, pod, service
from policies.examples.model_sources import MODEL, OTHER, account, bucket, environment, fetching, mounting
from policies.models.model_sources import STORES, OwnStores, lies_here, not_known, sources
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome, Undecided
from policies.values import UNKNOWN
from policies.workloads.registries import STACK_REFERENCE
from policies.workloads.workload import POD_SPEC_BY_TOKEN, WORKLOADS, Workload

NAMED_BY_DIGEST = re.compile(r"[^\s@]+@sha256:[0-9a-f]{64}")
IMAGE = ModelAnnotation.IMAGE
STORE = "a model mounted as an image, or a store in the UAE: of the stack, of its environment, or one in `stores`"
BY_DIGEST = f"{IMAGE}: name@sha256:<64 hex>, the digest of the model that is fetched"
AS_MOUNTED = "the image that is mounted as the model"
ON_PODS = {token: (*path[:-1], "metadata", "annotations") for token, path in POD_SPEC_BY_TOKEN.items()}
"""Where the pods of each kind are annotated."""
WITH_DIGEST = "name@sha256:<64 hex>"

CONTROL = Control(
    id="SUP-008",
    title="Models are named by digest and come from stores in the UAE",
    harm="A model is a program that decides about people: from a public hub, anybody may have written it yesterday.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=WORKLOADS.tokens, view=situated, stack_wide=True, beside=(*STORES, STACK_REFERENCE)),
    reads=(
        "container.command",
        "container.args",
        "container.env",
        "pod.volumes[*].image.reference",
        *(f'{token.rpartition(":")[2]}:{".".join(place)}["{IMAGE}"]' for token, place in ON_PODS.items()),
        "Bucket:bucket",
        "StorageAccount:accountName",
        "StackReference:outputs",
    ),
    remedy=(
        "Make an image of the model (falaj images build), mirror it and mount it by digest; what a server fetches by "
        f"itself has to lie in a store of our own, with its digest in the annotation {IMAGE} of the pods."
    ),
    not_at_the_door="Which stores are ours is told by the stack that makes them, or exports them, not by their names.",
    parameters=OwnStores,
    note=(
        "A model that is mounted as an image carries its digest in its name, so no annotation has to say it; one that "
        "is there has to say the same, and SUP-002 judges the image's registry. Sources are told by their scheme, by "
        "known hubs, and by options and variables that speak of models, not by what a program decides at run time or "
        "reads from a ConfigMap. A library that looks names up in a hub has to be told not to, by HF_HUB_OFFLINE=1. "
        "The stores of a stack are judged by group RES."
    ),
)


@CONTROL.check
def models_are_ours(model: Situated) -> Iterator[Outcome]:
    """Find each model from elsewhere, and one that nobody could tell from another."""
    workload = Workload(model.resource)
    told = [source for found in workload.containers for source in sources(found)]
    undecided = [each for found in workload.containers for each in not_known(found)]
    mounted = [each for each in workload.pod.select("volumes[].image.reference") if each.value is not None]
    said = reduce(Node.__getitem__, (*ON_PODS[model.resource.type], IMAGE), model.resource.root)
    if not (told or undecided or mounted or said.value is not None):
        yield NotApplicable("nothing of it names a model")
    yield from undecided
    answers = [(source, lies_here(source, model.plan)) for source in told]
    for source, lies in answers:
        if isinstance(lies, Undecided):
            yield lies
        elif not lies:
            yield source.node.finding(STORE)
    for each in mounted:
        yield from each.must(has_digest, WITH_DIGEST)
    if said.value is not None:
        yield from names_what_is_mounted(said, mounted) if mounted else said.must(has_digest, BY_DIGEST)
    elif not mounted and any(lies is True and not has_digest(source.address) for source, lies in answers):
        yield said.finding(BY_DIGEST)


def names_what_is_mounted(said: Node, mounted: list[Node]) -> Iterator[Outcome]:
    """Find an annotation that names another image than those that are mounted."""
    names = [each.value for each in mounted]
    if UNKNOWN not in names:
        yield from said.must(lambda name: name in names, AS_MOUNTED)


def has_digest(image: object) -> bool:
    """Tell whether a name ends in a complete digest."""
    return isinstance(image, str) and NAMED_BY_DIGEST.fullmatch(image) is not None


SAID = f'spec.template.metadata.annotations["{IMAGE}"]'
SERVER = "spec.template.spec.containers[0]"

CONTROL.good("mounted as an image", mounting(MODEL))
CONTROL.good("mounted, and said so", mounting(OTHER, MODEL, said=MODEL))
CONTROL.good("fetched from the stack's bucket", fetching("--model-repository=s3://acme-models/iris"), bucket())
CONTROL.good(
    "fetched from the stack's account",
    fetching(STORAGE_URI="abfss://models@acmemodels.dfs.core.windows.net/iris"),
    bucket("other"),
    account(),
)
CONTROL.good(
    "fetched from the environment's account",
    fetching("--model-store", "https://acmemodels.blob.core.windows.net/models/iris"),
    environment({"region": "uaenorth", "model_store": "acmemodels"}),
)
CONTROL.good(
    "fetched from an address in the UAE, and from the cluster",
    fetching(
        MODEL_URI="https://acme-models.s3.me-central-1.amazonaws.com/iris", MODEL_REGISTRY="http://mlflow.acme.svc"
    ),
)
CONTROL.good("fetched as an artefact by digest", fetching(f"--model-path=https://{MODEL}", said=None))
CONTROL.good(
    "a name that no library looks up",
    fetching("--model=acme/iris", "--endpoint=https://otel.example.com", HF_HUB_OFFLINE="1", MODEL_NAME="acme/iris"),
)
CONTROL.bad(
    "from public hubs",
    fetching("--model-repository=hf://acme/iris", "gs://acme/iris", HF_ENDPOINT="https://huggingface.co"),
    finding=(
        f"{SERVER}.args[0]: found --model-repository=hf://acme/iris, expected {STORE}",
        f"{SERVER}.args[1]: found gs://acme/iris, expected {STORE}",
        f"{SERVER}.env[0].value: found https://huggingface.co, expected {STORE}",
    ),
)
CONTROL.bad(
    "from a hub, by a script in an init container",
    cronjob(initContainers=[container(command=["sh", "-c", "curl -O huggingface.co/acme/iris/model.onnx"])]),
    finding=(
        "spec.jobTemplate.spec.template.spec.initContainers[0].command[2]: "
        f"found curl -O huggingface.co/acme/iris/model.onnx, expected {STORE}"
    ),
)
CONTROL.bad(
    "a name that a library looks up",
    fetching("--model", "acme/iris", MODEL_ID="acme/iris"),
    finding=(
        f"{SERVER}.args[1]: found acme/iris, expected {STORE}",
        f"{SERVER}.env[0].value: found acme/iris, expected {STORE}",
    ),
)
CONTROL.bad(
    "from stores that nobody knows",
    fetching(
        "--model-repository=s3://strange/iris",
        "--model-repository=s3://https://10.0.0.9:9000/iris",
        MODEL_URL="https://models.example.com/iris.onnx",
        DATA="https://strange.blob.core.windows.net/iris",
    ),
    bucket(),
    account(),
    environment({"region": "uaenorth", "model_store": "acmemodels"}),
    finding=(
        f"{SERVER}.args[0]: found --model-repository=s3://strange/iris, expected {STORE}",
        f"{SERVER}.args[1]: found --model-repository=s3://https://10.0.0.9:9000/iris, expected {STORE}",
        f"{SERVER}.env[0].value: found https://models.example.com/iris.onnx, expected {STORE}",
        f"{SERVER}.env[1].value: found https://strange.blob.core.windows.net/iris, expected {STORE}",
    ),
)
CONTROL.bad(
    "from another region, and from an environment there",
    fetching("s3://acme-eu/iris", MODEL_URI="https://acme-models.s3.eu-west-1.amazonaws.com/iris"),
    environment({"region": "westeurope", "model_store": "acme-eu"}),
    finding=(
        f"{SERVER}.args[0]: found s3://acme-eu/iris, expected {STORE}",
        f"{SERVER}.env[0].value: found https://acme-models.s3.eu-west-1.amazonaws.com/iris, expected {STORE}",
    ),
)
CONTROL.bad(
    "fetched without a digest",
    fetching("--model-repository=s3://acme-models/iris", said=None),
    bucket(),
    finding=f"{SAID}: found nothing, expected {BY_DIGEST}",
)
CONTROL.bad(
    "fetched by a version that can move",
    fetching("--model-repository=s3://acme-models/iris", said="iris:3"),
    bucket(),
    finding=f"{SAID}: found iris:3, expected {BY_DIGEST}",
)
CONTROL.bad(
    "named by a version that can move",
    fetching(said="iris:3"),
    finding=f"{SAID}: found iris:3, expected {BY_DIGEST}",
)
CONTROL.bad(
    "mounted by a version that can move",
    mounting("registry.ae/iris:3"),
    finding=f"spec.template.spec.volumes[1].image.reference: found registry.ae/iris:3, expected {WITH_DIGEST}",
)
CONTROL.bad(
    "another model than it says",
    mounting(MODEL, said=OTHER),
    finding=f"{SAID}: found {OTHER}, expected {AS_MOUNTED}",
)
CONTROL.good(
    "fetched from a bucket that the operator keeps",
    fetching("--model-repository=s3://acme-archive/iris"),
    parameters=OwnStores(stores=("acme-archive",)),
)
CONTROL.unknown("an argument made elsewhere", fetching(UNKNOWN), at=f"{SERVER}.args[0]")
CONTROL.unknown("a variable made elsewhere", fetching(MODEL_URI=UNKNOWN), at=f"{SERVER}.env[0].value")
CONTROL.unknown("some image", mounting(UNKNOWN, said=MODEL), at="spec.template.spec.volumes[1].image.reference")
CONTROL.unknown("said elsewhere", mounting(MODEL, said=UNKNOWN), at=SAID)
CONTROL.unknown("an environment not made yet", fetching("s3://acme-models/iris"), environment(UNKNOWN), at="outputs")
CONTROL.not_applicable("names no model", pod([container(args=["--port=8080", "https://otel.example.com"])]))
CONTROL.not_applicable("a Service has no model", service())
