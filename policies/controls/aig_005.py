"""AIG-005: every served model stands in the stack's register of models."""

from __future__ import annotations

import re
from collections.abc import Iterator

from falaj.catalog.model_annotations import MODEL_REGISTER, ModelAnnotation, RegisterField
from policies.control import Control, Severity
from policies.examples.kubernetes import DIGEST as A_DIGEST
from policies.examples.kubernetes import deployment, service
from policies.examples.served_models import HIGH_RISK, entry, register, register_of, scoring_job, server
from policies.geography.places import UAE
from policies.joins import said_of
from policies.models.served_models import (
    MARKS,
    STACK,
    ServedModel,
    is_said,
    of_served_models,
    path_of,
    says_something,
    servers_of_the_stack,
)
from policies.node import Node
from policies.outcomes import Finding, Outcome, Undecided
from policies.templates import is_one_of
from policies.values import UNKNOWN

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
DIGEST_AT_END = re.compile(rf"[^@]+@({DIGEST.pattern})")
SAME_AS = {
    RegisterField.VERSION: ModelAnnotation.VERSION,
    RegisterField.OWNER: ModelAnnotation.OWNER,
    RegisterField.RISK: ModelAnnotation.RISK,
}
NAME, VERSION, RISK = ModelAnnotation.NAME, ModelAnnotation.VERSION, ModelAnnotation.RISK
PERSONAL, ASSESSMENT = ModelAnnotation.PERSONAL_DATA, ModelAnnotation.ASSESSMENT

CONTROL = Control(
    id="AIG-005",
    title="Every served model stands in the stack's register of models",
    harm="Nobody can list the models that decide here, so nobody can be asked about one, or told to stop it.",
    severity=Severity.MEDIUM,
    applies_to=servers_of_the_stack(STACK),
    reads=(
        *MARKS,
        path_of(NAME),
        *(path_of(annotation) for annotation in SAME_AS.values()),
        path_of(PERSONAL),
        path_of(ASSESSMENT),
        *(f"Stack:{MODEL_REGISTER}[*].{field}" for field in RegisterField),
    ),
    remedy=(
        f"Export {MODEL_REGISTER} from the stack, a list with {', '.join(RegisterField)} of each model, "
        "made from the same values as its annotations."
    ),
    not_at_the_door="The register of models is an output of the stack that serves them.",
    note=(
        "An entry has to say what the workload says: a register that tells of another version than the one that "
        "answers is worse than none. Of several entries with the name, that of the version served is compared, and its "
        "digest with that of the image in falaj.dev/model, where that is given. Manifests and clusters hold no stack, "
        "so nothing can be known of its register there."
    ),
)


@CONTROL.check
@of_served_models
def stands_in_the_register(model: ServedModel) -> Iterator[Outcome]:
    """Find a model without an entry, and entries that are incomplete or say otherwise than the workload."""
    name = model[NAME]
    if not name.known or not is_said(name.value):
        yield from name.must(lambda _: False, f"the name of its entry in {MODEL_REGISTER}")
        return
    stacks = list(model.plan.of_type(STACK))
    if not stacks:
        yield Undecided(name.path, missing=f"the stack that exports {MODEL_REGISTER} has to be judged with it")
    for stack in stacks:
        entries = list(stack[MODEL_REGISTER].items())
        alike = [each for each in entries if each[RegisterField.NAME].value == name.value]
        own = [each for each in alike if each[RegisterField.VERSION].value == model[VERSION].value] or alike
        perhaps = [each[RegisterField.NAME] for each in entries if not each[RegisterField.NAME].known]
        for each in own:
            yield from said_of(stack, entry_tells(each, model))
        if not own and perhaps:
            yield from said_of(stack, [each.undecided for each in perhaps])
        elif not own:
            yield Finding(name.path, f"no entry for {name.value} in {MODEL_REGISTER}", "one, exported by the stack")


def entry_tells(given: Node, model: ServedModel) -> Iterator[Outcome]:
    """Find what an entry leaves out, or says otherwise than the workload."""
    yield from says_something(given[RegisterField.PURPOSE], "what it is for")
    for field, annotation in SAME_AS.items():
        yield from agrees(given[field], model, annotation)
    yield from names_the_image(given[RegisterField.DIGEST], model)
    yield from given[RegisterField.RESIDENCY].must(lambda value: value == UAE, UAE)
    if model.needs_assessment is None:
        not_known = [each.undecided for each in (model[PERSONAL], model[RISK]) if not each.known]
        yield from said_of(model.resource, not_known)
    elif model.needs_assessment:
        yield from agrees(given[RegisterField.ASSESSMENT], model, ASSESSMENT)


def agrees(given: Node, model: ServedModel, annotation: ModelAnnotation) -> Iterator[Outcome]:
    """Compare a value of an entry with what the workload says; where that says nothing, any value will do."""
    said = model[annotation]
    if not said.known:
        yield from said_of(model.resource, (said.undecided,))
    elif is_said(said.value):
        yield from given.must(lambda value: value == said.value, f"{said.value}, as the workload says")
    else:
        yield from says_something(given, "a value, in the register as on the workload")


def names_the_image(given: Node, model: ServedModel) -> Iterator[Outcome]:
    """Compare the digest of an entry with that of each image the workload names as its model."""
    yield from given.must(is_digest, "sha256:<64 hex>")
    for image in model.images:
        if not image.known:
            yield from said_of(model.resource, (image.undecided,))
        elif (match := DIGEST_AT_END.fullmatch(str(image.value))) and is_digest(given.value):
            yield from is_one_of(given, match.groups(), f"{match[1]}, as the workload says")


def is_digest(value: object) -> bool:
    """Tell whether a value is a complete SHA-256 digest."""
    return isinstance(value, str) and DIGEST.fullmatch(value) is not None


NO_ENTRY = (
    'metadata.annotations["falaj.dev/model-name"]: '
    "found no entry for credit in modelRegister, expected one, exported by the stack"
)
OWNED_BY = ModelAnnotation.OWNER
CONTROL.good("a complete entry", server(), register(entry()))
ANOTHER = f"sha256:{'b' * 64}"
CONTROL.good(
    "among others, its former version too",
    scoring_job(),
    register(entry(name="fraud", version="9"), entry(), entry(version="2", digest=ANOTHER)),
)
CONTROL.good("assessed", server(HIGH_RISK), register(entry(risk="high", dpia="DPIA-2026-014")))
CONTROL.good(
    "an image without a digest, a workload that says little",
    server({OWNED_BY: None}, image="registry.bank.ae/models/credit:3"),
    register(entry()),
)
CONTROL.bad("an empty register", server(), register(), finding=NO_ENTRY)
CONTROL.bad("an entry for another model", server(), register(entry(name="fraud")), finding=NO_ENTRY)
CONTROL.bad("a stack that exports something else", server(), register_of(None), finding=NO_ENTRY)
CONTROL.bad(
    "no name to look for",
    server({NAME: None}),
    register(entry()),
    finding=(
        'metadata.annotations["falaj.dev/model-name"]: found nothing, expected the name of its entry in modelRegister'
    ),
)
CONTROL.bad(
    "an entry of a name alone",
    server(HIGH_RISK),
    register({"name": "credit"}),
    finding=(
        "modelRegister[0].purpose: found nothing, expected what it is for",
        "modelRegister[0].version: found nothing, expected 3, as the workload says",
        "modelRegister[0].owner: found nothing, expected risk, as the workload says",
        "modelRegister[0].risk: found nothing, expected high, as the workload says",
        "modelRegister[0].digest: found nothing, expected sha256:<64 hex>",
        "modelRegister[0].residency: found nothing, expected AE",
        "modelRegister[0].dpia: found nothing, expected DPIA-2026-014, as the workload says",
    ),
)
CONTROL.bad(
    "an entry that says otherwise",
    server(),
    register(entry(version="2", digest=ANOTHER, residency="GB")),
    finding=(
        "modelRegister[0].version: found 2, expected 3, as the workload says",
        f"modelRegister[0].digest: found {ANOTHER}, expected {A_DIGEST}, as the workload says",
        "modelRegister[0].residency: found GB, expected AE",
    ),
)
CONTROL.bad(
    "needs an assessment, and nobody names one",
    server({PERSONAL: "yes"}),
    register(entry(owner=None)),
    finding=(
        "modelRegister[0].owner: found nothing, expected risk, as the workload says",
        "modelRegister[0].dpia: found nothing, expected a value, in the register as on the workload",
    ),
)
CONTROL.bad(
    "two entries, one of them wrong",
    server(),
    register(entry(), entry(purpose="")),
    finding='modelRegister[1].purpose: found "", expected what it is for',
)
CONTROL.unknown(
    "a workload alone, without the stack around it", server(), at='metadata.annotations["falaj.dev/model-name"]'
)
CONTROL.unknown("a register made elsewhere", server(), register_of(UNKNOWN), at="modelRegister")
CONTROL.unknown("a name made elsewhere", server(), register(entry(name=UNKNOWN)), at="modelRegister[0].name")
CONTROL.unknown(
    "the workload's own name made elsewhere",
    server({NAME: UNKNOWN}),
    register(entry()),
    at='metadata.annotations["falaj.dev/model-name"]',
)
CONTROL.unknown(
    "a version made elsewhere",
    server({VERSION: UNKNOWN}),
    register(entry()),
    at='metadata.annotations["falaj.dev/model-version"]',
)
CONTROL.unknown(
    "an image made elsewhere",
    server(image=UNKNOWN),
    register(entry()),
    at='spec.template.metadata.annotations["falaj.dev/model"]',
)
CONTROL.unknown(
    "nobody knows yet whether it is about people",
    server({PERSONAL: UNKNOWN}),
    register(entry()),
    at='metadata.annotations["falaj.dev/personal-data"]',
)
CONTROL.not_applicable("a Deployment that serves no model", deployment(), register(entry()))
CONTROL.not_applicable("a Service runs nothing", service())
