"""NET-004: clusters enforce network policies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import yaml

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.clusters import AKS, EKS, aks, eks
from policies.examples.kubernetes import service
from policies.examples.linked import linked, other
from policies.joins import companions, said_of
from policies.node import Node
from policies.outcomes import Finding, Outcome, Undecided
from policies.resources import Plan, Resource, resource
from policies.templates import is_one_of
from policies.values import UNKNOWN

ADDON = "aws:eks/addon:Addon"
RELEASE = "kubernetes:helm.sh/v3:Release"
AWS_NETWORK = "vpc-cni"
CILIUM = "cilium"
ENFORCERS = ("azure", "calico", CILIUM)
CHARTS = (CILIUM, "calico", "tigera-operator")
"""The charts of what enforces policies in a cluster's own name."""

CONTROL = Control(
    id="NET-004",
    title="Clusters enforce network policies",
    harm="Every NetworkPolicy is stored and shown, and none of them stops a single packet.",
    severity=Severity.CRITICAL,
    applies_to=Subject(tokens=(EKS, AKS), view=situated, stack_wide=True, beside=(ADDON, RELEASE)),
    reads=(
        "ManagedCluster:networkProfile.networkPolicy",
        "ManagedCluster:networkProfile.networkDataplane",
        "Cluster:name",
        "Addon:clusterName",
        "Addon:addonName",
        "Addon:configurationValues",
        "Release:chart",
    ),
    remedy=(
        'EKS: give the add-on vpc-cni the configurationValues {"enableNetworkPolicy": "true"}. '
        "AKS: set networkProfile.networkPolicy, for cilium with networkDataplane cilium."
    ),
    note=(
        "A Helm release of Cilium or Calico counts where the stack makes one cluster; of several, nothing says which "
        "it goes to. Nodes of EKS Auto Mode are not seen."
    ),
)


@CONTROL.check
def enforces_policies(cluster: Situated) -> Iterator[Outcome]:
    """Find a cluster in which nothing enforces policies."""
    if cluster.resource.type == AKS:
        yield from enforces_by_profile(cluster["networkProfile"])
    else:
        yield from enforces_by_addon(cluster.resource, cluster.plan)


def enforces_by_profile(profile: Node) -> Iterator[Outcome]:
    """Judge what AKS is told."""
    yield from is_one_of(profile["networkPolicy"], ENFORCERS)
    if profile["networkPolicy"].value == CILIUM:
        yield from is_one_of(profile["networkDataplane"], (CILIUM,))


def enforces_by_addon(cluster: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge the add-on of a cluster of EKS, or what was installed instead."""
    addons = companions(cluster, plan, ADDON, "clusterName")
    networks = [each for each in addons.certain if each["addonName"].value == AWS_NETWORK]
    doubts = [each["addonName"].undecided for each in addons.certain if not each["addonName"].known]
    doubts += [each["clusterName"].undecided for each in addons.undecided]
    if is_installed(plan):
        yield from goes_here(plan)
    elif networks:
        for each in networks:
            yield from said_of(each, is_switched_on(each["configurationValues"]))
    elif doubts:
        yield doubts[0]
    else:
        yield Finding(cluster["name"].path, "no add-on vpc-cni", "one that enforces policies, or Cilium or Calico")


def is_installed(plan: Plan) -> bool:
    """Tell whether a chart of something that enforces policies is released."""
    charts = (each["chart"] for each in plan.of_type(RELEASE))
    return any(chart.known and str(chart.value).rpartition("/")[2] in CHARTS for chart in charts)


def goes_here(plan: Plan) -> Iterator[Outcome]:
    """Say that it isn't known which cluster a release goes to, where there are several."""
    release = next(plan.of_type(RELEASE))
    if [*plan.of_type(EKS, AKS)][1:]:
        yield Undecided(release["chart"].path, "nothing says which of the clusters it goes to", release.urn)


def is_switched_on(settings: Node) -> Iterator[Outcome]:
    """Judge the settings of the add-on, which are text in JSON or YAML."""
    found = parsed(settings)
    if isinstance(found.value, str):
        yield settings.finding("settings in JSON or YAML")
    else:
        yield from found["enableNetworkPolicy"].must(lambda value: value in ("true", True), '"true"')


def parsed(settings: Node) -> Node:
    """Return what a text of settings says, in its place; the text itself where it says nothing."""
    value = document(settings.value) if isinstance(settings.value, str) else None
    return replace(settings, value=value) if isinstance(value, Mapping) else settings


def document(text: str) -> Any:  # noqa: ANN401 - whatever YAML can hold
    """Read YAML, of which JSON is a part."""
    try:
        return yaml.safe_load(text[:])
    except yaml.YAMLError:
        return None


ON = '{"enableNetworkPolicy": "true"}'


def addon(settings: object = ON, *, name: object = AWS_NETWORK, cluster: object = "acme") -> Resource:
    """Make an add-on of the cluster of that name."""
    return resource(ADDON, {"addonName": name, "clusterName": cluster, "configurationValues": settings})


def release(chart: object) -> Resource:
    """Make a Helm release."""
    return resource(RELEASE, {"chart": chart})


SECOND = other(EKS, name="second")
CONTROL.good("the add-on, told so", eks(), addon())
CONTROL.good(
    "the add-on, told so in YAML",
    eks(),
    linked(ADDON, eks(), "clusterName", addonName=AWS_NETWORK, configurationValues="enableNetworkPolicy: true"),
)
CONTROL.good("Cilium, installed", eks(), release("oci://registry.ae/charts/cilium"))
CONTROL.good("AKS with Cilium", aks())
CONTROL.good("AKS with Calico", aks(networkProfile={"networkPolicy": "calico"}))
MISSING = "name: found no add-on vpc-cni, expected one that enforces policies, or Cilium or Calico"
CONTROL.bad("nothing", eks(), finding=MISSING)
CONTROL.bad("another add-on and another chart", eks(), addon(name="coredns"), release("traefik"), finding=MISSING)
CONTROL.bad(
    "the add-on of another cluster", eks(), linked(ADDON, SECOND, "clusterName", addonName=AWS_NETWORK), finding=MISSING
)
CONTROL.bad(
    "the add-on as EKS makes it",
    eks(),
    addon(None),
    finding='configurationValues.enableNetworkPolicy: found nothing, expected "true"',
)
CONTROL.bad(
    "the add-on, told not to",
    eks(),
    addon('{"enableNetworkPolicy": "false"}'),
    finding='configurationValues.enableNetworkPolicy: found false, expected "true"',
)
for words in ("enableNetworkPolicy", "{"):
    CONTROL.bad(
        f"the add-on, told {words}",
        eks(),
        addon(words),
        finding=f"configurationValues: found {words}, expected settings in JSON or YAML",
    )
CONTROL.bad(
    "AKS as it is made",
    aks(networkProfile=None),
    finding="networkProfile.networkPolicy: found nothing, expected azure or calico or cilium",
)
CONTROL.bad(
    "AKS with Cilium's policies and another dataplane",
    aks(networkProfile={"networkPolicy": "cilium", "networkDataplane": "azure"}),
    finding="networkProfile.networkDataplane: found azure, expected cilium",
)
CONTROL.unknown("settings made elsewhere", eks(), addon(UNKNOWN), at="configurationValues")
CONTROL.unknown("some add-on", eks(), addon(name=UNKNOWN), at="addonName")
CONTROL.unknown("the add-on of some cluster", eks(), addon(cluster=UNKNOWN), at="clusterName")
CONTROL.unknown("Cilium in one of two clusters", eks(), SECOND, release("cilium"), at="chart")
CONTROL.unknown(
    "policies made elsewhere", aks(networkProfile={"networkPolicy": UNKNOWN}), at="networkProfile.networkPolicy"
)
CONTROL.not_applicable("a Service", service())
