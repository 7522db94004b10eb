"""Senders and sinks of logs, measurements and traces, for the examples of controls."""

from __future__ import annotations

from policies.examples.azure_residency import HOME, nested, urn_of
from policies.examples.kubernetes import container, deployment
from policies.geography.whereabouts import KINDS
from policies.observability.sinks import CENTRAL, REGION
from policies.resources import Resource, resource


def placed(token: str, region: object = None) -> Resource:
    """Make a sink, at home unless told otherwise."""
    place = KINDS[token].place
    at_home = "me-central-1" if place == "region" else HOME
    return resource(token, {place: region or at_home} if place else {}, urn=urn_of(token, "sink"))


def sender(token: str, path: str, value: object, *origins: Resource) -> Resource:
    """Make what names a sink at the path, perhaps by outputs of others."""
    at_home = {"location": HOME} if "location" in REGION.get(token, {}) else {}
    top = path.partition(".")[0].removesuffix("[]")
    return resource(
        token, at_home | nested(path, value), property_dependencies={top: [origin.urn for origin in origins]}
    )


def central(region: object, backup: object) -> Resource:
    """Make a rule that gathers logs and measurements of an organization in a region, with a copy in another."""
    backups = {
        f"destination{kind}Configuration": {"backupConfiguration": {"region": backup}} for kind in ("Logs", "Metrics")
    }
    return resource(CENTRAL, {"rule": {"destination": {"region": region, **backups}}})


def server(*arguments: object, **variables: object) -> Resource:
    """Make a Deployment whose container is told these; a variable is a value, or says where it comes from."""
    told = [
        {"name": name, **(value if isinstance(value, dict) else {"value": value})} for name, value in variables.items()
    ]
    return deployment([container(env=told, args=list(arguments))])
