"""Stacks as deployed on day one, on providers that are stood in for, and what a change of day two would do to them."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from falaj import engine
from falaj.engine import passphrase
from falaj.plan import Plan, changes, losses, plan_of
from falaj.plan.rules import replaces
from falaj.plan.stateful import STATEFUL
from tests.fakes.forked_python import ForkedPython
from tests.fakes.plans import CLOUDS, ROOT, image_lock

STOOD_IN = {**CLOUDS, "kubernetes": (sys.executable, "-m", "tests.fakes.kubernetes_provider")}

AWS, AZURE = "aws-me-central-1-prod", "azure-uaenorth-prod"
AWS_DEV, AZURE_DEV = "aws-me-central-1-dev", "azure-uaenorth-dev"

on_aws = pytest.mark.xdist_group("day-two-aws")
on_azure = pytest.mark.xdist_group("day-two-azure")
"""Tests that share what was deployed on day one."""

FORMER_MINOR, NEXT_MINOR = "1.35", "1.36"
"""The Kubernetes minor of day one, and the one it is raised to."""

FORMER_AUTOSCALER = f"registry.example.ae/autoscaling/cluster-autoscaler:v1.35.2@sha256:{'3' * 64}"
"""The cluster autoscaler of day one, which is of its minor."""

StackFile = dict[str, Any]
"""The configuration of a stack, by key without the project's prefix."""

Edit = Callable[[StackFile], None]
"""A change of a stack file, made in place."""


SiteOf = Callable[..., "Site"]
"""Gives a site with these stacks deployed, in this order."""


@dataclass
class Site:
    """A copy of the project's stack files with a state of its own."""

    folder: Path
    python: ForkedPython
    """Runs the stack programs and what stands in for providers."""

    plans: dict[str, Plan] = field(default_factory=dict)
    """What was asked for when each stack was deployed."""

    @property
    def project(self) -> engine.Project:
        """The project's own programs with this site's stack files."""
        return replace(engine.Project.load(ROOT), stack_config_dir=self.folder / "config")

    def fork(self, folder: Path) -> Site:
        """The same site elsewhere, to be changed without touching this one."""
        shutil.copytree(self.folder, folder)
        return Site(folder, self.python, dict(self.plans))

    def deploy(self, stack: str) -> engine.Result:
        """Deploy a stack as its file says now."""
        with self.lightly():
            result = engine.up(self.project, stack, self.options())
        self.plans[stack] = plan_of(result.asked)
        return result

    def edit(self, stack: str, edit: Edit) -> None:
        """Change a stack's file."""
        file = self.folder / "config" / f"Pulumi.{stack}.yaml"
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        plain = {key.removeprefix("falaj:"): value for key, value in content["config"].items()}
        edit(plain)
        content["config"] = {f"falaj:{key}": value for key, value in plain.items()}
        file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")

    def change(self, stack: str, edit: Edit) -> DayTwo:
        """What the deployed stack would go through after this change of its file."""
        self.edit(stack, edit)
        with self.lightly():
            result = engine.preview(self.project, stack, self.options())
        return DayTwo(self, stack, self.plans[stack], plan_of(result.asked), result)

    def rewrite(self, stack: str, edit: Callable[[dict[str, Any]], None]) -> None:
        """Change what the state says of each resource, as a refresh from the cloud would."""
        file = self.folder / "state" / self.project.name / f"{stack}.json"
        document = json.loads(file.read_text(encoding="utf-8"))
        for entry in document["deployment"]["resources"]:
            edit(entry)
        file.write_text(json.dumps(document), encoding="utf-8")

    def take_down(self, stack: str) -> list[str]:
        """Remove a stack; URNs in the order they went."""
        gone: list[str] = []

        def note(event: engine.Event) -> None:
            if isinstance(event, engine.StepFinished) and event.step.op is engine.StepOp.DELETE:
                gone.append(event.step.urn)

        with self.lightly():
            engine.destroy(self.project, stack, replace(self.options(), listener=note))
        return gone

    @contextmanager
    def lightly(self) -> Iterator[None]:
        """For one run, a passphrase whose key is derived in no time, and processes that start in none."""
        with pytest.MonkeyPatch.context() as patch, self.python.in_use():
            patch.setenv("PULUMI_CONFIG_PASSPHRASE", "day two")
            patch.setattr(passphrase, "ITERATIONS", 1000)
            yield

    def options(self) -> engine.Options:
        """How every run of this site is made."""
        return engine.Options(
            config=image_lock(self.folder),
            providers=STOOD_IN,
            state_directory=self.folder / "state",
        )


@dataclass(frozen=True)
class DayTwo:
    """One change: what the engine would do, step by step."""

    site: Site
    stack: str
    before: Plan
    after: Plan
    result: engine.Result

    def type_of(self, name: str) -> str:
        """The type of the one resource of that name that is no component."""
        (found,) = {step.type for step in self.result.steps if step.name == name and ":index:" not in step.type}
        return found

    def types(self, operation: engine.StepOp) -> set[str]:
        """The types of what this would be done to."""
        return {step.type for step in self.result.steps if step.op is operation}

    def inputs(self, name: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """What a resource was given before and would be given after."""
        before, after = (next(each.inputs for each in plan if each.name == name) for plan in (self.before, self.after))
        return before, after

    @property
    def done(self) -> dict[str, list[str]]:
        """What would be done to what, resources that stay the same left out."""
        found: dict[str, list[str]] = {}
        for step in sorted(self.result.steps, key=lambda each: each.name):
            if step.op not in (engine.StepOp.SAME, engine.StepOp.READ):
                found.setdefault(step.op.value, []).append(step.name)
        return found

    @property
    def losses(self) -> list[str]:
        """The sentences that would stop it."""
        return losses(changes(self.before, self.after, replaces))

    @property
    def harmed(self) -> list[str]:
        """Protected and stateful resources that would be deleted or replaced, by the engine's own word."""
        held = {each.urn for each in self.before if each.protect or each.type in STATEFUL}
        harm = {engine.StepOp.DELETE, engine.StepOp.REPLACE}
        return sorted(step.urn for step in self.result.steps if step.op in harm and step.urn in held)

    def settles(self) -> bool:
        """Do it, and tell whether a look at it afterwards finds nothing left to do."""
        self.site.deploy(self.stack)
        with self.site.lightly():
            again = engine.preview(self.site.project, self.stack, self.site.options())
        return again.summary.keys() <= {engine.StepOp.SAME, engine.StepOp.READ}


@pytest.fixture(scope="session")
def day_one(tmp_path_factory: pytest.TempPathFactory, stacks_python: ForkedPython) -> SiteOf:
    """Gives the site on which these stacks were deployed, in this order; deployed once, however often asked for."""
    sites: dict[tuple[str, ...], Site] = {(): _empty(tmp_path_factory.mktemp("site") / "empty", stacks_python)}

    def deployed(*stacks: str) -> Site:
        if stacks not in sites:
            site = deployed(*stacks[:-1]).fork(tmp_path_factory.mktemp("site") / stacks[-1])
            site.deploy(stacks[-1])
            sites[stacks] = site
        return sites[stacks]

    return deployed


@pytest.fixture
def site(day_one: SiteOf, tmp_path: Path) -> SiteOf:
    """Gives a site of the test's own, with these stacks deployed in this order."""
    return lambda *stacks: day_one(*stacks).fork(tmp_path / "site")


def _empty(folder: Path, python: ForkedPython) -> Site:
    """The project's stack files as of day one: a Kubernetes minor behind, their secrets under a passphrase.

    On that minor AKS has no GPUs yet.
    """
    (folder / "config").mkdir(parents=True)
    for file in (ROOT / "stacks" / "config").glob("Pulumi.*.yaml"):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        content.pop("secretsprovider", None)
        environment = content["config"].get("falaj:environment", {})
        if "account" in environment or "subscription" in environment:
            environment["kubernetes"] = FORMER_MINOR
        if "autoscaler_image" in environment:
            environment["autoscaler_image"] = FORMER_AUTOSCALER
        if file.name.startswith("Pulumi.azure-"):
            _take_gpus(environment, content["config"].get("falaj:tenant", {}))
        (folder / "config" / file.name).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return Site(folder, python)


def _take_gpus(environment: StackFile, tenant: StackFile) -> None:
    for key in ("gpu_pools", "gpu_runtime"):
        environment.pop(key, None)
    for endpoint in tenant.get("endpoints", {}).values():
        endpoint.pop("gpu", None)
