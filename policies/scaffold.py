"""A new control to begin with: whole, proven and easy to change into the one that is wanted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

CONTROLS: Final = Path(__file__).with_name("controls")
ID: Final = re.compile(r"[A-Z]{3}-\d{3}")
TEXT: Final = '''\
"""{id}: configuration that is in use does not change."""

from __future__ import annotations

from collections.abc import Iterator

from falaj.catalog.controls import Asked, Level, Relation
from policies.control import Control, Properties, Severity, Subject, as_is
from policies.examples.kubernetes import service
from policies.outcomes import Outcome
from policies.resources import Resource, resource
from policies.templates import is_true
from policies.values import UNKNOWN

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"

CONTROL = Control(
    id="{id}",
    title="Configuration that is in use does not change",
    harm="A changed setting reaches running pods at a time that nobody chose.",
    severity=Severity.LOW,
    applies_to=Subject(tokens=(CONFIG_MAP,), view=as_is),
    reads=("immutable",),
    remedy="Set immutable to true, and make another ConfigMap for other settings.",
    asked=Asked(
        wave=2,
        level=Level.ADVISORY,
        references={{"iso27001": {{Relation.SUPPORTS: ("A.8.9",)}}, "uae_ia": {{Relation.SUPPORTS: ("T7.6",)}}}},
    ),
)


@CONTROL.check
def does_not_change(found: Resource) -> Iterator[Outcome]:
    """Find a ConfigMap that may be changed."""
    yield from is_true(found["immutable"])


@CONTROL.fix
def unchanging(properties: Properties) -> Properties:
    """Keep it from changing."""
    return properties | {{"immutable": True}}


CONTROL.good("immutable", resource(CONFIG_MAP, {{"immutable": True}}))
CONTROL.bad("said nothing", resource(CONFIG_MAP, {{}}), finding="immutable: found nothing, expected true")
CONTROL.bad("may change", resource(CONFIG_MAP, {{"immutable": False}}), finding="immutable: found false, expected true")
CONTROL.unknown("decided elsewhere", resource(CONFIG_MAP, {{"immutable": UNKNOWN}}), at="immutable")
CONTROL.not_applicable("a Service", service())
'''


class ScaffoldError(Exception):
    """The id is none, or a control has it already."""


def begin(identity: str) -> Path:
    """Write a new control's file and return it. Refuses an id of another form and one that is taken."""
    if not ID.fullmatch(identity):
        raise ScaffoldError(f"{identity} is no id; expected three capital letters, a dash and three digits")
    file = CONTROLS / f"{identity.lower().replace('-', '_')}.py"
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(TEXT.format(id=identity))
    except FileExistsError:
        raise ScaffoldError(f"{file.name} exists already; ids are never reused") from None
    return file
