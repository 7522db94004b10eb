"""POD-008: a pod mounts no token of the default service account."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Properties, Severity
from policies.examples.kubernetes import cronjob, deployment, pod, service
from policies.node import Node
from policies.outcomes import Outcome
from policies.values import UNKNOWN
from policies.workloads.mending import Part, elements, found, members, put, with_mended_pods
from policies.workloads.workload import WORKLOADS, Workload

AUTOMOUNT = "automountServiceAccountToken"
TOKEN = "serviceAccountToken"  # noqa: S105 - the name of a property
SHARED = (None, "", "default")
"""Names of the account that every pod of a namespace has."""

CONTROL = Control(
    id="POD-008",
    title="A pod mounts no token for the Kubernetes API, or that of an account of its own",
    harm="Whoever breaks into the pod finds a token in it, with every right that was ever given to its account.",
    severity=Severity.HIGH,
    applies_to=WORKLOADS,
    reads=(
        "pod.automountServiceAccountToken",
        "pod.serviceAccountName",
        "pod.serviceAccount",
        "pod.volumes[*].projected.sources[*].serviceAccountToken",
    ),
    remedy=(
        "Set automountServiceAccountToken to false; for a program that calls the Kubernetes API, "
        "name a ServiceAccount made for it alone in serviceAccountName."
    ),
    admits=(
        "[variables.pod.?serviceAccountName.orValue(variables.pod.?serviceAccount.orValue(''))].all(account, "
        f"account in ['', 'default'] ? !variables.pod.?{AUTOMOUNT}.orValue(true) && "
        "variables.pod.?volumes.orValue([]).all(v, v.?projected.sources.orValue([]).all(s, "
        f"!has(s.{TOKEN}))) : has(variables.pod.{AUTOMOUNT}))"
    ),
    note=(
        "A pod without a token may keep the default account, which then opens nothing. The account of a controller "
        "is held to its rights by the controls of group IAM."
    ),
)


@CONTROL.check
def token_is_its_own(workload: Workload) -> Iterator[Outcome]:
    """Find each token that the pod shares with its neighbours, and one that is mounted without anyone's word."""
    pod = workload.pod
    account = pod["serviceAccountName"].or_else(pod["serviceAccount"])
    if account.value in SHARED:
        yield from tokens(pod)
    elif account.known:
        yield from pod[AUTOMOUNT].must(lambda value: isinstance(value, bool), "true or false, in so many words")
    elif list(tokens(pod)):
        yield account.undecided


def tokens(pod: Node) -> Iterator[Outcome]:
    """Find each token that is, or may be, mounted into the pod. Kubernetes mounts one unless told otherwise."""
    yield from pod[AUTOMOUNT].must(lambda value: value is False, "false, or a serviceAccountName of its own")
    for token in pod.select(f"volumes[].projected.sources[].{TOKEN}"):
        yield from token.must(lambda value: value is None, "nothing, or a serviceAccountName of its own")


@CONTROL.fix
def without_tokens(properties: Properties) -> Properties:
    """Mount no shared token, and none that nobody asked for."""
    return with_mended_pods(properties, without_token)


def without_token(pod: Part) -> None:
    """Mend one pod."""
    shared = (pod.get("serviceAccountName") or pod.get("serviceAccount")) in SHARED
    if shared or pod.get(AUTOMOUNT) is None:
        put(pod, AUTOMOUNT, value=False)
    for volume in members(pod, "volumes") if shared else ():
        for projected in members(volume, "projected"):
            kept = [each for each in elements(projected, "sources") if found(each, TOKEN) is None]
            put(projected, "sources", kept)


def projecting(*sources: object) -> list[object]:
    """Describe a volume made of these sources."""
    return [{"name": "identity", "projected": {"sources": list(sources)}}]


SETTINGS = {"configMap": {"name": "settings"}}
FOR_THE_CLOUD = {TOKEN: {"audience": "sts.amazonaws.com", "path": "token", "expirationSeconds": 3600}}
DEPLOYED = "spec.template.spec"
SCHEDULED = f"spec.jobTemplate.{DEPLOYED}"
NO_TOKEN = "false, or a serviceAccountName of its own"  # noqa: S105 - words of a finding

CONTROL.good("no token", deployment(automountServiceAccountToken=False))
CONTROL.good(
    "no token for an account of its own",
    cronjob(automountServiceAccountToken=False, serviceAccountName="nightly", volumes=projecting(FOR_THE_CLOUD)),
)
CONTROL.good("a controller with its own", deployment(automountServiceAccountToken=True, serviceAccountName="traefik"))
CONTROL.good("under the old name", pod(automountServiceAccountToken=True, serviceAccount="traefik"))
CONTROL.good(
    "the default account, which opens nothing",
    pod(automountServiceAccountToken=False, serviceAccountName="default", volumes=projecting(SETTINGS)),
)
CONTROL.good("no token whoever it is", pod(automountServiceAccountToken=False, serviceAccountName=UNKNOWN))
CONTROL.bad(
    "nobody says so",
    cronjob(),
    finding=f"{SCHEDULED}.{AUTOMOUNT}: found nothing, expected {NO_TOKEN}",
)
CONTROL.bad(
    "the default account's token",
    deployment(automountServiceAccountToken=True, serviceAccountName="default"),
    finding=f"{DEPLOYED}.{AUTOMOUNT}: found true, expected {NO_TOKEN}",
)
CONTROL.bad(
    "the default account under its old name, left empty",
    pod(automountServiceAccountToken=True, serviceAccount=""),
    finding=f"spec.{AUTOMOUNT}: found true, expected {NO_TOKEN}",
)
CONTROL.bad(
    "a token of its own that nobody asked for",
    deployment(serviceAccountName="traefik"),
    finding=f"{DEPLOYED}.{AUTOMOUNT}: found nothing, expected true or false, in so many words",
)
CONTROL.bad(
    "the default account's token in a volume",
    deployment(automountServiceAccountToken=False, volumes=projecting(SETTINGS, FOR_THE_CLOUD)),
    finding=(
        f"{DEPLOYED}.volumes[0].projected.sources[1].{TOKEN}: "
        'found {"audience": "sts.amazonaws.com", "path": "token", "expirationSeconds": 3600}, '
        "expected nothing, or a serviceAccountName of its own"
    ),
)
CONTROL.unknown("account made elsewhere", deployment(serviceAccountName=UNKNOWN), at=f"{DEPLOYED}.serviceAccountName")
CONTROL.unknown("decided elsewhere", pod(automountServiceAccountToken=UNKNOWN), at=f"spec.{AUTOMOUNT}")
CONTROL.not_applicable("a Service runs nothing", service())
