"""Whether Pulumi's own command calls anybody outside the country, by the variables it is started with."""

from __future__ import annotations

from collections.abc import Iterator

from falaj.catalog.global_services import global_services
from falaj.preflight.findings import Finding, Verdict
from falaj.preflight.pulumi_files import SILENT
from falaj.preflight.state import SOURCE
from falaj.preflight.wanted import PulumiCommand, Wanted

KEY = "pulumi-cli"
QUIET = "calls nobody outside the country"


def command_findings(wanted: Wanted) -> Iterator[Finding]:
    """Yield what Pulumi's command would call outside the country. It can run so: nothing is missing.

    Anything will do for a cluster of one's own and for stage dev.
    """
    command = wanted.pulumi
    fits = wanted.relaxed or not (command.left_out or command.calls_out)
    yield Finding(
        what="pulumi command",
        needed="anything" if wanted.relaxed else QUIET,
        found=_found(command),
        verdict=Verdict.OK if fits else Verdict.ASK,
        source=SOURCE,
        as_of=global_services()[KEY].reviewed,
        next_step="" if fits else _next_step(command),
    )


def _found(command: PulumiCommand) -> str:
    said = [f"{name} is not set" for name in command.left_out] + [f"{name} is set" for name in command.calls_out]
    return ", ".join(said) or QUIET


def _next_step(command: PulumiCommand) -> str:
    steps = []
    if command.left_out:
        steps.append("export " + " ".join(f"{name}={SILENT[name]}" for name in command.left_out))
    if command.calls_out:
        steps.append("unset " + " ".join(command.calls_out))
    return "; ".join(steps)
