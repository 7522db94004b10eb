"""SUP-010: Helm charts are named by exact version and come from a registry in the UAE."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import Field

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import service
from policies.examples.platforms import azure_registry
from policies.geography.card_hosts import host_of, lies_in_the_uae
from policies.node import Node
from policies.outcomes import Outcome, Undecided
from policies.parameters import Parameters
from policies.resources import Plan, resource
from policies.templates import is_absent, is_off
from policies.values import UNKNOWN
from policies.workloads.registries import WITNESSED, WITNESSES, host_stays

RELEASE = "kubernetes:helm.sh/v3:Release"
CHART = "kubernetes:helm.sh/v4:Chart"
CHART_OF_THE_PROGRAM = "kubernetes:helm.sh/v3:Chart"
"""The older component, which the program itself renders."""
SCHEME = "oci"
OWN_FOLDER = ("./", "../", "/")
PART = r"[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*"
EXACT_VERSION = re.compile(rf"v?\d+\.\d+\.\d+(-{PART})?(\+{PART})?")
SAID = ("chart", "version", "repositoryOpts.repo", "dependencyUpdate")
AT_HOME = "oci:// and a registry in the UAE"
SHOWS_NOTHING = (
    f"its provider shows no inputs to the engine; install the chart as a {RELEASE}, or render it to manifests"
)


class ChartPlaces(Parameters):
    """Where charts may come from."""

    hosts: tuple[str, ...] = Field(
        default=(), description="Registries in the UAE that hold charts, by host; names below them count too."
    )


CONTROL = Control(
    id="SUP-010",
    title="Helm charts are named by exact version and come from a registry in the UAE",
    harm="A range or a repository's index that moves on installs, at the next update, what nobody has reviewed.",
    severity=Severity.HIGH,
    applies_to=Subject(
        tokens=(RELEASE, CHART, f"{CHART_OF_THE_PROGRAM}*"), view=situated, stack_wide=True, beside=WITNESSES
    ),
    reads=(*(f"{kind}:{name}" for kind in ("Release", "Chart") for name in SAID), *WITNESSED),
    remedy=(
        "Push the chart to your own registry and write chart as oci://<registry>/<chart>, with version as 1.2.3; "
        "a registry whose name tells no region goes into parameter hosts."
    ),
    not_at_the_door="A release is no object of a cluster; what its chart makes is judged object by object.",
    parameters=ChartPlaces,
    note=(
        "A chart in a folder or archive beside the program is reviewed and kept with it: it needs no version, but may "
        "not fetch its dependencies anew. A name on azurecr.io does not tell where it lies: the stack makes it, or the "
        "environment's stack exports it. The provider of a Chart renders it without showing the engine its inputs: "
        "where none is seen, nothing is decided, while what it renders is judged resource by resource."
    ),
)


@CONTROL.check
def names_one_chart(found: Situated) -> Iterator[Outcome]:
    """Find a chart that may be another tomorrow, or that comes from abroad."""
    chart = found["chart"]
    if chart.value is None and found.resource.type != RELEASE:
        yield Undecided(chart.path, missing=SHOWS_NOTHING)
        return
    yield from is_absent(found["repositoryOpts"]["repo"], "nothing: the chart names its registry itself")
    if isinstance(chart.value, str) and chart.value.startswith(OWN_FOLDER):
        yield from is_off(found["dependencyUpdate"], "false: dependencies are kept with the chart")
        return
    yield from comes_from_home(chart, found.plan)
    yield from found["version"].must(
        lambda version: isinstance(version, str) and EXACT_VERSION.fullmatch(version), "an exact version, as 1.2.3"
    )


def comes_from_home(chart: Node, plan: Plan) -> Iterator[Outcome]:
    """Find a chart in no registry, or in one that neither its name nor the stack nor the operator places in the UAE."""
    host = host_of(chart.value, (SCHEME,)) if str(chart.value).startswith(SCHEME) else None
    lies = None if host is None else lies_in_the_uae(host, plan.parameters(ChartPlaces).hosts)
    if host is not None and lies is None:
        for outcome in host_stays(chart, host, plan):
            yield outcome if isinstance(outcome, Undecided) else chart.finding(AT_HOME)
    else:
        yield from chart.must(lambda _: lies, AT_HOME)


ADDRESS = "oci://111122223333.dkr.ecr.me-central-1.amazonaws.com/charts/gateway"
EXACT = {"chart": ADDRESS, "version": "4.1.0"}
RANGE = {"chart": ADDRESS, "version": "^4.1"}
OWN = {"chart": "./charts/gateway"}
ON_AZURE = {"chart": "oci://acmeuae.azurecr.io/charts/gateway", "version": "4.1.0"}
CONTROL.good("a release by exact version", resource(RELEASE, EXACT))
CONTROL.good("a candidate by exact version", resource(CHART, EXACT | {"version": "v4.1.0-rc.1"}))
CONTROL.good("a chart kept with the program", resource(RELEASE, OWN | {"dependencyUpdate": False}))
CONTROL.good("an archive kept beside the program", resource(CHART, {"chart": "../charts/gateway-4.1.0.tgz"}))
CONTROL.bad(
    "the latest of a public repository",
    resource(RELEASE, {"chart": "traefik", "repositoryOpts": {"repo": "https://traefik.github.io/charts"}}),
    finding=(
        (
            "repositoryOpts.repo: found https://traefik.github.io/charts, "
            "expected nothing: the chart names its registry itself"
        ),
        f"chart: found traefik, expected {AT_HOME}",
        "version: found nothing, expected an exact version, as 1.2.3",
    ),
)
CONTROL.bad(
    "a range of versions",
    resource(RELEASE, RANGE),
    finding="version: found ^4.1, expected an exact version, as 1.2.3",
)
CONTROL.bad(
    "a minor version alone",
    resource(CHART, RANGE | {"version": "4.1"}),
    finding="version: found 4.1, expected an exact version, as 1.2.3",
)
CONTROL.bad(
    "a public registry",
    resource(CHART, EXACT | {"chart": "oci://registry.example.com/traefik/helm/traefik"}),
    finding=f"chart: found oci://registry.example.com/traefik/helm/traefik, expected {AT_HOME}",
)
CONTROL.bad(
    "a registry abroad",
    resource(RELEASE, EXACT | {"chart": "oci://111122223333.dkr.ecr.eu-west-1.amazonaws.com/charts/gateway"}),
    finding=(f"chart: found oci://111122223333.dkr.ecr.eu-west-1.amazonaws.com/charts/gateway, expected {AT_HOME}"),
)
CONTROL.bad(
    "a scheme that Helm does not know",
    resource(RELEASE, EXACT | {"chart": "OCI://charts.registry.svc/gateway"}),
    finding=f"chart: found OCI://charts.registry.svc/gateway, expected {AT_HOME}",
)
CONTROL.bad(
    "no chart",
    resource(RELEASE, {"version": "4.1.0"}),
    finding=f"chart: found nothing, expected {AT_HOME}",
)
CONTROL.bad(
    "a chart of the program's own that fetches what it needs",
    resource(RELEASE, OWN | {"dependencyUpdate": True}),
    finding="dependencyUpdate: found true, expected false: dependencies are kept with the chart",
)
CONTROL.good(
    "a registry that the operator keeps in the UAE",
    resource(RELEASE, EXACT | {"chart": "oci://charts.bank.ae/gateway"}),
    parameters=ChartPlaces(hosts=("charts.bank.ae",)),
)
CONTROL.good("a registry of the stack", resource(RELEASE, ON_AZURE), azure_registry())
CONTROL.bad(
    "a registry on Azure that nobody here makes",
    resource(RELEASE, ON_AZURE),
    finding=f"chart: found {ON_AZURE['chart']}, expected {AT_HOME}",
)
CONTROL.unknown(
    "a registry of the stack that has no name yet",
    resource(RELEASE, ON_AZURE),
    azure_registry(registryName=UNKNOWN),
    at="registryName",
)
CONTROL.unknown("a version made elsewhere", resource(RELEASE, EXACT | {"version": UNKNOWN}), at="version")
CONTROL.unknown("a registry made elsewhere", resource(RELEASE, EXACT | {"chart": UNKNOWN}), at="chart")
CONTROL.unknown("a component that shows nothing", resource(CHART, {}), at="chart")
CONTROL.unknown("the older component, which shows nothing either", resource(CHART_OF_THE_PROGRAM, {}), at="chart")
CONTROL.not_applicable("a Service is no chart", service())
