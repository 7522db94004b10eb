"""Plans of networks, each made once: what a program registers follows from its spec alone."""

from __future__ import annotations

from functools import cache
from typing import Any

from components.network.aws import AwsNetwork
from components.network.azure import AzureNetwork
from components.network.spec import NetworkSpec
from falaj.catalog.providers import Provider
from tests.fakes.monitor import Plan, programs

LOG_KEY = "arn:aws:kms:me-central-1:123456789012:key/logs"
ROLE = "arn:aws:iam::123456789012:role/flow-logs"
FIREWALL = "aws:networkfirewall/firewall:Firewall"


def firewall_answer(type_token: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """An endpoint of the firewall in each of its subnets; the stand-in answers for everything else."""
    if type_token != FIREWALL:
        return {}
    doors = [
        {"subnetId": each["subnetId"], "endpointId": f"door-of-{each['subnetId']}"} for each in inputs["subnetMappings"]
    ]
    return {"firewallStatuses": [{"syncStates": [{"availabilityZone": "a", "attachments": [door]} for door in doors]}]}


@cache
def made(spec: NetworkSpec, *, preview: bool = False) -> tuple[AwsNetwork | AzureNetwork, Plan]:
    """The network of a spec and everything that was registered for it."""
    found: list[AwsNetwork | AzureNetwork] = []

    def program() -> None:
        if spec.provider is Provider.AWS:
            found.append(AwsNetwork("network", spec, log_key=LOG_KEY, flow_log_role=ROLE))
        else:
            found.append(AzureNetwork("network", spec, resource_group="platform"))

    with programs() as run:
        plan = run(program, answer=firewall_answer, preview=preview, stack="prod")
    return found[0], plan


def plan_of(spec: NetworkSpec, *, preview: bool = False) -> Plan:
    """Everything that was registered for a spec."""
    return made(spec, preview=preview)[1]
