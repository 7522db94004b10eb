"""How far an upgrade is, kept in a file: written whole or not at all, by one process at a time."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from filelock import FileLock

from falaj.errors import ConfigurationError, StateError
from falaj.recipes.steps import Step
from falaj.recipes.upgrade import Upgrade

FORMAT: Final = "falaj-upgrade/1"
FOLDER: Final = Path(".falaj", "upgrades")
"""Where the files of a project lie, beside its Pulumi.yaml."""


@dataclass(frozen=True, slots=True)
class Done:
    """One finished step."""

    step: str
    """Its name."""
    at: str
    """When it was marked, in UTC."""


class Checkpoint:
    """The finished steps of one upgrade on one cluster. Refuses a damaged file, and one of another plan.

    Steps are marked in their order, each once; marking the newest again changes nothing, so that a killed run is
    simply run again.
    """

    def __init__(self, file: Path, upgrade: Upgrade) -> None:
        self.file = file
        self._upgrade = upgrade

    def done(self) -> tuple[Done, ...]:
        """Return the finished steps, the oldest first; none where the upgrade has not begun."""
        try:
            text = self.file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ()
        except (OSError, UnicodeDecodeError) as error:
            raise self._damaged(str(error)) from error
        return self._read(text)

    def mark(self, step: str, at: datetime) -> None:
        """Mark a step as done. Refuses one whose turn has not come, and one that the plan does not have."""
        names = [each.name for each in self._upgrade.steps]
        with self._alone():
            finished = self.done()
            self._known(step)
            if step in {each.step for each in finished}:
                return
            if step != names[len(finished)]:
                raise self._refused(
                    f"Step {step} comes after {names[len(finished)]}, which is not done.",
                    f"do {names[len(finished)]}, see its check hold, and mark it first",
                )
            self._write((*finished, Done(step, at.isoformat(timespec="seconds"))))

    def take_back(self, step: str) -> None:
        """Forget that the newest step was done, after its rollback. Refuses any other, and one without a rollback."""
        with self._alone():
            finished = self.done()
            found = self._known(step)
            if not finished or finished[-1].step != step:
                newest = finished[-1].step if finished else "none"
                raise self._refused(
                    f"Step {step} is not the newest that is done ({newest}).", "take back the newest step first"
                )
            if found.rollback is None:
                raise self._refused(f"Step {step} can't be taken back: {found.no_rollback}", "go on with the next step")
            self._write(finished[:-1])

    def _known(self, step: str) -> Step:
        for each in self._upgrade.steps:
            if each.name == step:
                return each
        names = ", ".join(each.name for each in self._upgrade.steps)
        raise self._refused(f"The plan has no step {step}.", f"name one of {names}")

    def _read(self, text: str) -> tuple[Done, ...]:
        try:
            found = json.loads(text)
            finished = tuple(Done(str(each["step"]), str(each["at"])) for each in found["done"])
            plan, form = found["plan"], found["format"]
        except (ValueError, KeyError, TypeError) as error:
            raise self._damaged(repr(error)) from error
        if form != FORMAT:
            raise self._damaged(f"its format is {form}, not {FORMAT}")
        if plan != digest(self._upgrade):
            raise StateError(
                "The steps of this upgrade are others than those that were begun: a recipe has changed since.",
                code="FAL-REC-006",
                where=str(self.file),
                hint="finish with the version of falaj that began it, or move the file away and begin anew",
            )
        if [each.step for each in finished] != [each.name for each in self._upgrade.steps[: len(finished)]]:
            raise self._damaged("its steps are not in the order of the plan")
        return finished

    def _write(self, finished: tuple[Done, ...]) -> None:
        content = {
            "format": FORMAT,
            "from": self._upgrade.source,
            "to": self._upgrade.target,
            "plan": digest(self._upgrade),
            "done": [{"step": each.step, "at": each.at} for each in finished],
        }
        fresh = self.file.with_suffix(".json.new")
        try:
            with fresh.open("w", encoding="utf-8") as handle:
                handle.write(json.dumps(content, indent=2) + "\n")
                handle.flush()
                os.fsync(handle.fileno())
            fresh.replace(self.file)
            _onto_the_disk(self.file.parent)
        except OSError as error:
            raise self._unwritable(error) from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        lock = FileLock(self.file.with_suffix(".lock"))
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            yield
        finally:
            lock.release()

    def _damaged(self, why: str) -> StateError:
        return StateError(
            f"The file of this upgrade can't be read: {why}.",
            code="FAL-REC-005",
            where=str(self.file),
            hint="look at the cluster to see how far the upgrade is, move the file away, and mark the done steps again",
        )

    def _unwritable(self, error: OSError) -> StateError:
        return StateError(
            f"The file of this upgrade can't be written: {error}.",
            code="FAL-REC-005",
            where=str(self.file),
            hint="make room or mend the permissions, then run the same command again",
        )

    def _refused(self, message: str, hint: str) -> ConfigurationError:
        return ConfigurationError(
            message, code="FAL-REC-004", where=f"upgrade {self._upgrade.source} to {self._upgrade.target}", hint=hint
        )


def checkpoint_file(project: Path, upgrade: Upgrade, stack: str | None) -> Path:
    """Return where the checkpoint of an upgrade lies; each stack has its own."""
    name = f"{upgrade.source}--{upgrade.target}" if stack is None else f"{stack}--{upgrade.source}--{upgrade.target}"
    return project / FOLDER / f"{name}.json"


def digest(upgrade: Upgrade) -> str:
    """Return what tells one plan from another: its steps and what each changes."""
    steps = [(step.name, step.change) for step in upgrade.steps]
    return hashlib.sha256(json.dumps(steps).encode()).hexdigest()


def _onto_the_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
