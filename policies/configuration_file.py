"""An operator's policy configuration as Pulumi's ``--policy-pack-config`` takes it: a JSON file, read whole or not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from falaj.catalog.controls import Level
from policies.configuration import Configuration, ConfigurationError, given_to
from policies.control import Control
from policies.parameters import Parameters
from policies.unreadable import Problem, UnreadableError
from policies.values import shown

ALL: Final = "all"
"""What stands in a file for every control that it does not name."""
LEVEL: Final = "enforcementLevel"
LEVELS: Final = {
    **{level.value: level for level in (Level.ADVISORY, Level.MANDATORY, Level.DISABLED)},
    # Nothing is mended behind the program's back: what should be remedied stops the plan until it is.
    "remediate": Level.MANDATORY,
}
A_LEVEL: Final = f"one of {', '.join(LEVELS)}"
A_FILE: Final = (
    f"one JSON object of controls by id, each with its level or with an object of {LEVEL} and parameters: "
    '{"SUP-001": "advisory", "BDR-003": {"least_days": 30}}'
)
AN_ID: Final = f"the id of a control, as `falaj policy list` shows them, or {ALL}"


def read_configuration(file: Path, controls: Iterable[Control[Any]]) -> Configuration:
    """Read the configuration of some controls. Raises ``UnreadableError`` for the first mistake, with its line."""
    return _File(file).read({control.id: control for control in controls})


class _File:
    """One file, whose text tells the line of a mistake."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._text = ""

    def read(self, controls: Mapping[str, Control[Any]]) -> Configuration:
        said = self._content()
        levels: dict[str, Level] = {}
        given: list[Parameters | None] = []
        if ALL in said:
            level, parameters = self._parts(ALL, said.pop(ALL))
            if parameters:
                raise self._problem(f"{ALL} holds {min(parameters)}", "a level alone", ALL, min(parameters))
            levels = dict.fromkeys(controls, level) if level is not None else {}
        for name, words in said.items():
            if name not in controls:
                raise self._problem(f"{name} is no control of this pack", AN_ID, name)
            level, parameters = self._parts(name, words)
            if level is not None:
                levels[name] = level
            try:
                given.append(given_to(controls[name], parameters))
            except ConfigurationError as error:
                place = error.parameter.partition(".")[0]
                wrong = f"{name}, {error.parameter}: {error.wrong}"
                raise self._problem(wrong, error.allowed, name, place) from None
        return Configuration(levels, {type(each): each for each in given if each is not None})

    def _content(self) -> dict[str, object]:
        try:
            self._text = self._file.read_text(encoding="utf-8")
            said = json.loads(self._text, object_pairs_hook=self._once)
        except UnicodeDecodeError:
            raise self._problem("is no text", "text in UTF-8") from None
        except OSError as error:
            raise UnreadableError(
                Problem(str(self._file), None, f"can't be opened: {error.strerror}", "a file to read")
            ) from None
        except json.JSONDecodeError as error:
            raise UnreadableError(Problem(str(self._file), error.lineno, f"is no JSON: {error.msg}", A_FILE)) from None
        if not isinstance(said, dict):
            raise self._problem(f"holds {shown(said)}", A_FILE)
        return said

    def _once(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        names = [name for name, _ in pairs]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise self._problem(f"{twice} is there twice", "each name once", twice)
        return dict(pairs)

    def _parts(self, name: str, words: object) -> tuple[Level | None, dict[str, object]]:
        """Part what is said of a control into its level, where one is said, and its parameters."""
        if isinstance(words, dict):
            parameters = dict(words)
            level = parameters.pop(LEVEL, None)
            inside: tuple[str, ...] = (name, LEVEL)
        else:
            parameters, level, inside = {}, words, (name,)
        if level is None and isinstance(words, dict):
            return None, parameters
        if not isinstance(level, str) or level not in LEVELS:
            raise self._problem(f"{', '.join(inside)}: {shown(level)} is no level", A_LEVEL, *inside)
        return LEVELS[level], parameters

    def _problem(self, wrong: str, allowed: str, *names: str) -> UnreadableError:
        return UnreadableError(Problem(str(self._file), self._line_of(names), wrong, allowed))

    def _line_of(self, names: Iterable[str]) -> int:
        """Return the line of a name, looked for behind each of those around it."""
        place = 0
        for name in names:
            found = re.compile(rf"{re.escape(json.dumps(name))}\s*:").search(self._text, place)
            place = found.start() if found else place
        return self._text.count("\n", 0, place) + 1
