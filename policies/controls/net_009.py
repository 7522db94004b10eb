"""NET-009: every network records who speaks to whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from falaj.catalog.providers import Provider
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import service
from policies.examples.linked import linked, other
from policies.examples.network import (
    ABROAD,
    AWS_FLOW_LOG,
    AZURE_FLOW_LOG,
    DEFAULT_VPC,
    LOG_GROUP,
    LOG_GROUP_ABROAD,
    TO_BUCKET,
    VNET,
    VPC,
    azure_flow_log,
    default_vpc,
    flow_log,
    log_group,
    vnet,
    vpc,
    written_to,
)
from policies.geography.homes import home_of
from policies.geography.places import arn_stays, lies_in_azure_uae, uae_regions
from policies.geography.whereabouts import BUCKET
from policies.joins import by_companions, companions
from policies.outcomes import Finding, Outcome
from policies.resources import Plan, Resource, resource
from policies.templates import is_one_of, is_true
from policies.values import UNKNOWN

FLOW_LOGS = {
    VPC: (AWS_FLOW_LOG, "vpcId"),
    DEFAULT_VPC: (AWS_FLOW_LOG, "vpcId"),
    VNET: (AZURE_FLOW_LOG, "targetResourceId"),
}
"""For each kind of network, its flow logs and how they name it."""
DESTINATIONS = (LOG_GROUP, BUCKET, "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream")
FOR_EVER = 0

CONTROL = Control(
    id="NET-009",
    title="Every network records who speaks to whom",
    harm="After a breach nobody can tell what was reached and what left, so everything has to be reported as lost.",
    severity=Severity.MEDIUM,
    applies_to=Subject(
        tokens=tuple(FLOW_LOGS), view=situated, stack_wide=True, beside=(AWS_FLOW_LOG, AZURE_FLOW_LOG, *DESTINATIONS)
    ),
    reads=(
        *(f"{AWS_FLOW_LOG}:{name}" for name in ("vpcId", "trafficType", "logDestination")),
        *(f"{AZURE_FLOW_LOG}:{name}" for name in ("targetResourceId", "enabled", "location", "retentionPolicy.days")),
        *(f"{token}:region" for token in DESTINATIONS),
    ),
    remedy="Give the network a flow log of all traffic that writes to a log group, bucket or account in the UAE.",
    note=(
        "Logs of single subnets or of a network security group cover a part and don't count. In Azure the store lies "
        "in the region of the log, and 0 days keep the log for ever. Where a bucket lies that the stack doesn't make, "
        "its name doesn't say; RES-015 judges such sinks."
    ),
)


@CONTROL.check
def records_its_traffic(network: Situated) -> Iterator[Outcome]:
    """Find a network without a flow log, and flow logs that leave something out or write abroad."""
    one, plan = network.resource, network.plan
    token, name = FLOW_LOGS[one.type]
    missing = Finding(one["id"].path, "no flow log", "one of the whole network")
    judge = of_azure if token == AZURE_FLOW_LOG else of_aws
    yield from by_companions(companions(one, plan, token, name), name, lambda log: judge(log, plan), [missing])


def of_aws(log: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge a flow log of a VPC."""
    yield from is_one_of(log["trafficType"], ("ALL",))
    destination = log["logDestination"]
    makers = [
        each for each in plan.of_type(*DESTINATIONS) if each.urn in log.property_dependencies.get("logDestination", ())
    ]
    if destination.known or not makers:
        yield from arn_stays(destination)
    else:
        for maker in makers:
            yield from stays(maker, plan)


def stays(maker: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge where a store lies whose name is not known yet."""
    home = home_of(maker, plan)
    if home.key is None:
        yield home.undecided
    elif home.key not in uae_regions(Provider.AWS):
        yield replace(home.node.finding("a region in the UAE"), urn=home.urn)


def of_azure(log: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge a flow log of a VNet."""
    least = plan.stack.rules.log_retention_days
    yield from is_true(log["enabled"])
    yield from lies_in_azure_uae(log["location"])
    yield from log["retentionPolicy"]["days"].must(
        lambda days: days in (None, FOR_EVER) or (isinstance(days, int) and days >= least), f"0, or {least} and more"
    )


CBUAE = {"falaj:profiles": "cbuae"}
CONTROL.good("a VPC that writes to a log group", vpc(), flow_log())
CONTROL.good("a VPC that writes to a log group of the program", vpc(), written_to(log_group()), log_group())
CONTROL.good("a default VPC", default_vpc(), linked(AWS_FLOW_LOG, default_vpc(), "vpcId", **TO_BUCKET))
CONTROL.good("a VNet whose log is kept for ever", vnet(), azure_flow_log(retentionPolicy={"days": 0}), config=CBUAE)
CONTROL.good("a VNet whose log says nothing of days", vnet(), azure_flow_log())
CONTROL.good("a VNet whose log is kept for a year", vnet(), azure_flow_log(retentionPolicy={"days": 365}))
for network in (vpc(), default_vpc(), vnet()):
    CONTROL.bad(
        f"a {network.type.rpartition(':')[2]} without a log",
        network,
        finding="id: found no flow log, expected one of the whole network",
    )
CONTROL.bad(
    "a VPC beside the log of another",
    vpc(),
    linked(AWS_FLOW_LOG, other(VPC), "vpcId", **TO_BUCKET),
    finding="id: found no flow log, expected one of the whole network",
)
CONTROL.bad(
    "only what was refused, and to a log group abroad",
    vpc(),
    flow_log(trafficType="REJECT", logDestination=LOG_GROUP_ABROAD),
    finding=(
        "trafficType: found REJECT, expected ALL",
        f"logDestination: found {LOG_GROUP_ABROAD}, expected an ARN in me-central-1",
    ),
)
CONTROL.bad(
    "to a log group of the program that lies abroad",
    vpc(),
    written_to(log_group(ABROAD)),
    log_group(ABROAD),
    finding="region: found eu-west-1, expected a region in the UAE",
)
CONTROL.bad(
    "a VNet's log that is off, abroad and soon forgotten",
    vnet(),
    azure_flow_log(enabled=False, location="westeurope", retentionPolicy={"days": 364}),
    finding=(
        "enabled: found false, expected true",
        "location: found westeurope, expected a location in the UAE: uaenorth, uaecentral",
        "retentionPolicy.days: found 364, expected 0, or 365 and more",
    ),
)
CONTROL.bad(
    "a year, where the law asks for five",
    vnet(),
    azure_flow_log(retentionPolicy={"days": 365}),
    config=CBUAE,
    finding="retentionPolicy.days: found 365, expected 0, or 1827 and more",
)
CONTROL.unknown("the log of some VPC", vpc(), resource(AWS_FLOW_LOG, {"vpcId": UNKNOWN}), at="vpcId")
CONTROL.unknown("to something that another program makes", vpc(), flow_log(logDestination=UNKNOWN), at="logDestination")
CONTROL.unknown(
    "to a log group of which nobody says where it lies",
    vpc(),
    written_to(log_group(None)),
    log_group(None),
    at="configuration.region",
)
CONTROL.unknown("a switch made elsewhere", vnet(), azure_flow_log(enabled=UNKNOWN), at="enabled")
CONTROL.not_applicable("a Service", service())
