"""TEN-010: nodes on which AKS installs the driver hide GPUs from pods that asked for none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from policies.capacity.gpu_pools import AZURE_SIZES, judged_pools, of_azure
from policies.capacity.pools import AGENT_POOL, AKS, Pool
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import metadata, service
from policies.examples.pools import AZURE_GPU, agent_pool, aks, profile
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome, Undecided
from policies.resources import Plan, Resource, resource
from policies.values import UNKNOWN

DAEMON_SET = "kubernetes:apps/v1:DaemonSet"
SETTINGS = "/etc/nvidia-container-runtime"
"""Where the container toolkit of a node keeps its settings."""
SWITCHES = (
    "accept-nvidia-visible-devices-envvar-when-unprivileged = false",
    "accept-nvidia-visible-devices-as-volume-mounts = false",
)
"""What those have to say."""
POOL_NAME = "falaj.dev/pool-name"
POD = "spec.template.spec"
TERMS = f"{POD}.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
TOLERATIONS = f"{POD}.tolerations"
SELECTOR = f"{POD}.nodeSelector"
EVERYWHERE = {"operator": "Exists"}
"""What lets a pod onto nodes whatever their taints."""
EXPECTED = f"a DaemonSet on all its nodes that writes into {SETTINGS}: {SWITCHES[0]}; {SWITCHES[1]}"

CONTROL = Control(
    id="TEN-010",
    title="Nodes on which AKS installs the driver hide GPUs from pods that asked for none",
    harm="Every container with a CUDA image sees every GPU of its node, and the memory that others left in it.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(AGENT_POOL, AKS), view=situated, stack_wide=True, beside=(DAEMON_SET,)),
    reads=(
        *AZURE_SIZES,
        *of_azure("gpuProfile.driver", f'nodeLabels["{POOL_NAME}"]'),
        f"DaemonSet:{POD}.volumes[*].hostPath.path",
        f"DaemonSet:{POD}.containers[*].command[*]",
        *(f"DaemonSet:{TERMS}[*].matchExpressions[*].{name}" for name in ("key", "operator", "values[*]")),
        f"DaemonSet:{TOLERATIONS}[*].operator",
        f"DaemonSet:{SELECTOR}",
    ),
    remedy=(
        "Make components.gpu's runtime in the same stack, whose DaemonSet gpu-hardening writes both settings of the "
        "container toolkit, or set gpuProfile.driver to None and let the GPU operator bring a toolkit that is closed."
    ),
    note=(
        "The toolkit of the image gives devices to whoever names them in a variable, as every CUDA image does, or "
        "mounts anything at a place that stands for them. Its settings close both ways for what starts afterwards."
    ),
)


@CONTROL.check
def hides_gpus(found: Situated) -> Iterator[Outcome]:
    """Find a pool whose nodes show their GPUs to every pod."""
    yield from judged_pools(found, partial(is_covered, found.plan))


def is_covered(plan: Plan, pool: Pool) -> Iterator[Outcome]:
    """Judge one pool with GPUs by the DaemonSets beside it."""
    driver, name = pool.root["gpuProfile"]["driver"], pool.labels[POOL_NAME]
    if not driver.known:
        yield driver.undecided
        return
    if driver.value == "None":
        yield NotApplicable("the GPU operator brings the toolkit")
        return
    unclear: list[Outcome] = []
    for each in plan.of_type(DAEMON_SET):
        if is_hardening(each):
            answer = runs_on(each, name)
            if answer is True:
                return
            unclear += [answer] if isinstance(answer, Undecided) else []
    yield from unclear[:1] or [driver.finding(EXPECTED)]


def is_hardening(held: Resource) -> bool:
    """Tell whether a DaemonSet writes both settings into the toolkit of its node."""
    paths = [each.value for each in held.root.select(f"{POD}.volumes[].hostPath.path")]
    text = " ".join(str(each.value) for each in held.root.select(f"{POD}.containers[].command[]"))
    return SETTINGS in paths and all(switch in text for switch in SWITCHES)


def runs_on(held: Resource, name: Node) -> bool | Undecided:
    """Tell whether a DaemonSet runs on every node of a pool of this name: no taint, label or rule keeps it off."""
    terms, tolerations, selector = (next(held.root.select(path)) for path in (TERMS, TOLERATIONS, SELECTOR))
    for part in (terms, tolerations, selector):
        if not part.known:
            return replace(part.undecided, urn=held.urn)
    rules = [rule for term in terms.items() for rule in term["matchExpressions"].items()]
    if rules and not name.known:
        return name.undecided
    let_in = EVERYWHERE in [each.value for each in tolerations.items()]
    return let_in and not selector.value and all(fits(rule, name.value) for rule in rules)


def fits(rule: Node, name: object) -> bool:
    """Tell whether a rule about nodes lets those of the pool of this name be."""
    named = [value.value for value in rule["values"].items()]
    return rule["key"].value == POOL_NAME and rule["operator"].value == "In" and name in named


def installed(**labels: object) -> dict[str, Any]:
    """Describe a pool with GPUs whose driver AKS installs."""
    return {"vmSize": AZURE_GPU, "gpuProfile": {"driver": "Install"}, "nodeLabels": labels}


def hardening(
    text: object = "; ".join(SWITCHES), path: object = SETTINGS, pools: object = None, **properties: object
) -> Resource:
    """Make a DaemonSet that writes into the settings of a node, of pools of these names or of all."""
    rules = [] if pools is None else [{"key": POOL_NAME, "operator": "In", "values": pools}]
    terms = {"nodeSelectorTerms": [{"matchExpressions": rules}]}
    pod = {
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}},
        "containers": [{"name": "hide", "command": ["sh", "-c", text]}],
        "tolerations": [EVERYWHERE],
        "volumes": [{"name": "mark", "emptyDir": {}}, {"name": "toolkit", "hostPath": {"path": path}}],
    }
    return resource(DAEMON_SET, {"metadata": metadata(), "spec": {"template": {"spec": pod | properties}}})


GPU_POOL = agent_pool(**installed(**{POOL_NAME: "gpu"}))
CONTROL.good("hidden on every node", GPU_POOL, hardening())
CONTROL.good(
    "hidden on the pool",
    aks(profile(), profile(**installed(**{POOL_NAME: "gpu"}))),
    hardening("other"),
    hardening(pools=["large", "gpu"]),
)
CONTROL.bad("nothing hides them", GPU_POOL, finding=f"gpuProfile.driver: found Install, expected {EXPECTED}")
CONTROL.bad(
    "by default, and nothing hides them",
    agent_pool(vmSize=AZURE_GPU),
    finding=f"gpuProfile.driver: found nothing, expected {EXPECTED}",
)
CONTROL.bad(
    "one way is left open",
    GPU_POOL,
    hardening(SWITCHES[0]),
    hardening(path="/etc/other"),
    finding=f"gpuProfile.driver: found Install, expected {EXPECTED}",
)
CONTROL.bad(
    "hidden on another pool",
    aks(profile(), profile(**installed(**{POOL_NAME: "gpu"}))),
    hardening(pools=["large"]),
    finding=f"agentPoolProfiles[1].gpuProfile.driver: found Install, expected {EXPECTED}",
)
CONTROL.bad(
    "kept off its nodes by a taint, or by a label",
    GPU_POOL,
    hardening(tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists"}]),
    hardening(nodeSelector={"accelerator": "nvidia"}),
    finding=f"gpuProfile.driver: found Install, expected {EXPECTED}",
)
CONTROL.unknown("a driver chosen elsewhere", agent_pool(vmSize=AZURE_GPU, gpuProfile=UNKNOWN), at="gpuProfile")
CONTROL.unknown(
    "a pool named elsewhere",
    agent_pool(**installed(**{POOL_NAME: UNKNOWN})),
    hardening(pools=["gpu"]),
    at=f'nodeLabels["{POOL_NAME}"]',
)
CONTROL.unknown(
    "a DaemonSet for pools named elsewhere",
    GPU_POOL,
    hardening(pools=UNKNOWN),
    at=TERMS,
)
CONTROL.unknown("taints tolerated elsewhere", GPU_POOL, hardening(tolerations=UNKNOWN), at=TOLERATIONS)
CONTROL.unknown("a label chosen elsewhere", GPU_POOL, hardening(nodeSelector=UNKNOWN), at=SELECTOR)
CONTROL.unknown("a size made elsewhere", agent_pool(vmSize=UNKNOWN), at="vmSize")
CONTROL.not_applicable("the operator brings a toolkit", agent_pool(vmSize=AZURE_GPU, gpuProfile={"driver": "None"}))
CONTROL.not_applicable("a pool without GPUs", agent_pool())
CONTROL.not_applicable("a Service is no pool", service())
