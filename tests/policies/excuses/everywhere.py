"""Why some changes of code are noticed nowhere, whichever module they are made in: patterns, with the reason."""

from __future__ import annotations

import re
from typing import Final

ANY_OTHER_TEXT: Final = "any text will do that is none of those looked for"
EVERYWHERE: Final = {
    re.compile(r"lambda \w+: False -> lambda \w+: None$"): "false and nothing are alike where truth alone is asked",
    re.compile(r"plan\.index\([\w.]+, .* -> plan\.index\(None, "): "what an index is kept by matters to a second one",
    re.compile(r'(?<!\w)(""|\'\') -> ("X{4}"|\'X{4}\')( \(\d\))?$'): ANY_OTHER_TEXT,
    re.compile(r"(urn=[\w.]+\)|, \w+\.urn\)) -> .*(urn=None\)|, None\)|, \))$"): (
        "an example quotes the path of an outcome and not the resource beside that holds it"
    ),
    re.compile(r"\.get\(.*, \(\)\) -> .*\.get\(.*, (None)?\)$"): (
        "every example says what the property was made from; without, the check would fail closed"
    ),
    re.compile(r"[\"'], [\"'] -> [\"']XX, XX[\"']$"): "the list that is told has one element",
    re.compile(r"if isinstance\(.*\) else .* -> .* if \(isinstance\(.*\)\) or True else "): (
        "the type is told for mypy: a value of another type has no such name, or makes the check fail closed"
    ),
}
"""By what a change looks like."""


def reason_everywhere(change: str) -> str | None:
    """Return why a change is noticed in no module."""
    return next((reason for pattern, reason in EVERYWHERE.items() if pattern.search(change)), None)
