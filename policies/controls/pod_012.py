"""POD-012: no secret is passed in an environment variable."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity
from policies.examples.kubernetes import container, cronjob, deployment, service
from policies.node import Node
from policies.outcomes import Finding, Outcome
from policies.values import UNKNOWN, Secret, shown
from policies.workloads.secret_expressions import holds_a_secret
from policies.workloads.secret_text import is_switch, looks_like_a_secret, named_like_a_secret
from policies.workloads.workload import WORKLOADS, Workload

VALUE = "e.?value.orValue('')"
"""The literal of the variable `e`, in CEL."""
EXPECTED = "a file mounted from a Secret"

CONTROL = Control(
    id="POD-012",
    title="No secret is passed in an environment variable",
    harm="The environment is copied into crash dumps, logs, child processes and everyone's `kubectl describe`.",
    severity=Severity.CRITICAL,
    applies_to=WORKLOADS,
    reads=("container.env", "container.envFrom"),
    remedy=(
        "Mount the Secret as a volume and give the program the path; "
        "a variable that holds only a path is named *_FILE or *_PATH."
    ),
    admits=(
        "variables.containers.all(c, c.?envFrom.orValue([]).all(source, !has(source.secretRef)) && "
        "c.?env.orValue([]).all(e, has(e.valueFrom) ? !has(e.valueFrom.secretKeyRef) : "
        f"!({holds_a_secret('e.name', VALUE)})))"
    ),
    only_in_a_plan=(
        "what the program itself marks as secret, and long random text under a harmless name: CEL can't measure it."
    ),
    note="Literals are told by name and by looks. A reference to a Secret counts too: its value ends up there.",
)


@CONTROL.check
def environment_holds_no_secret(workload: Workload) -> Iterator[Outcome]:
    """Find each variable that holds a secret, as a literal or by reference. The value itself is never shown."""
    for found in workload.containers:
        for variable in found["env"].items():
            yield from judged(variable)
        for source in found["envFrom"].items():
            secret = source["secretRef"]["name"]
            if not secret.known:
                yield secret.undecided
            elif source["secretRef"].value is not None:
                yield Finding(source.path / "secretRef", f"all of Secret {shown(secret.value)}", EXPECTED)


def judged(variable: Node) -> Iterator[Outcome]:
    """Judge one variable of a container."""
    name, value, reference = variable["name"], variable["value"], variable["valueFrom"]["secretKeyRef"]
    if not (name.known and value.known and reference["name"].known):
        yield next(node.undecided for node in (name, value, reference["name"]) if not node.known)
    elif reference.value is not None:
        yield Finding(reference.path, f"{shown(name.value)} from Secret {shown(reference['name'].value)}", EXPECTED)
    elif holds_secret(name.value, value.value):
        yield Finding(value.path, f"a literal secret in {shown(name.value)}", EXPECTED)


def holds_secret(name: object, value: object) -> bool:
    """Tell whether a literal is a secret: marked so by the program, named so, or of the looks of one."""
    if not isinstance(value, str):
        return False
    if isinstance(value, Secret) and value.alone:
        return True
    return looks_like_a_secret(value) or (named_like_a_secret(str(name)) and not is_switch(value))


DEPLOYED = "spec.template.spec.containers[0]"
SCHEDULED = f"spec.jobTemplate.{DEPLOYED}"


def with_env(*variables: object) -> dict[str, object]:
    """Describe a container with these variables."""
    return container(env=list(variables))


CONTROL.good("settings only", deployment())
CONTROL.good(
    "names that only sound secret",
    cronjob(
        [
            with_env(
                {"name": "TLS_KEY_FILE", "value": "/certificates/tls.key"},
                {"name": "MAX_TOKENS", "value": "512"},
                {"name": "USE_TOKEN", "value": "false"},
                {"name": "MODEL_DIGEST", "value": f"sha256:{'0123456789abcdef' * 4}"},
                {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
            )
        ]
    ),
)
CONTROL.good("settings from a ConfigMap", deployment([container(envFrom=[{"configMapRef": {"name": "settings"}}])]))
CONTROL.bad(
    "a password by name",
    deployment([with_env({"name": "DB_PASSWORD", "value": "sesame"})]),
    finding=f"{DEPLOYED}.env[0].value: found a literal secret in DB_PASSWORD, expected {EXPECTED}",
)
CONTROL.bad(
    "a token by its looks",
    deployment([with_env({"name": "GREETING", "value": f"eyJhbGciOiJI.eyJzdWIiOiIx{'A' * 8}.c2ln"})]),
    finding=f"{DEPLOYED}.env[0].value: found a literal secret in GREETING, expected {EXPECTED}",
)
CONTROL.bad(
    "marked secret by the program",
    deployment([with_env({"name": "GREETING", "value": Secret("marhaba")})]),
    finding=f"{DEPLOYED}.env[0].value: found a literal secret in GREETING, expected {EXPECTED}",
)
CONTROL.bad(
    "by reference",
    cronjob(
        [
            container(
                env=[{"name": "DB", "valueFrom": {"secretKeyRef": {"name": "database", "key": "password"}}}],
                envFrom=[{"secretRef": {"name": "everything"}}],
            )
        ]
    ),
    finding=(
        f"{SCHEDULED}.env[0].valueFrom.secretKeyRef: found DB from Secret database, expected {EXPECTED}",
        f"{SCHEDULED}.envFrom[0].secretRef: found all of Secret everything, expected {EXPECTED}",
    ),
)
CONTROL.unknown(
    "value made by another resource",
    deployment([with_env({"name": "DATABASE", "value": UNKNOWN})]),
    at="spec.template.spec.containers[0].env[0].value",
)
CONTROL.unknown(
    "Secret chosen elsewhere",
    deployment(
        [
            container(
                env=[{"name": "DATABASE", "valueFrom": {"secretKeyRef": {"name": UNKNOWN, "key": "password"}}}],
                envFrom=[{"secretRef": {"name": UNKNOWN}}],
            )
        ]
    ),
    at=(
        f"{DEPLOYED}.env[0].valueFrom.secretKeyRef.name",
        f"{DEPLOYED}.envFrom[0].secretRef.name",
    ),
)
CONTROL.not_applicable("a Service runs nothing", service())
