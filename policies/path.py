"""Where a value lies inside a resource."""

from __future__ import annotations

import json
import re
from functools import total_ordering

PLAIN_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")


@total_ordering
class Path:
    """A property path such as ``spec.template.spec.containers[0].image``, extended with ``/``.

    Names are the wire's own; a name that is not a plain word is quoted: ``metadata.labels["falaj.dev/owner"]``.
    """

    # A check makes a path for every value it passes and shows few of them: each knows only its last part until asked.
    __slots__ = ("_above", "_last", "_parts")
    _above: Path
    _last: str | int
    _parts: tuple[str | int, ...] | None

    def __init__(self, parts: tuple[str | int, ...] = ()) -> None:
        self._parts = parts

    def __truediv__(self, part: str | int) -> Path:
        """Return the path of a member, by name or by index."""
        made = Path.__new__(Path)
        made._above, made._last, made._parts = self, part, None
        return made

    @property
    def parts(self) -> tuple[str | int, ...]:
        """Its names and indices, from the outermost on."""
        if self._parts is None:
            self._parts = (*self._above.parts, self._last)
        return self._parts

    def __eq__(self, other: object) -> bool:
        return self.parts == other.parts if isinstance(other, Path) else NotImplemented

    def __lt__(self, other: Path) -> bool:
        return self.parts < other.parts

    def __hash__(self) -> int:
        return hash(self.parts)

    def __repr__(self) -> str:
        return f"Path({self.parts!r})"

    def __str__(self) -> str:
        return self._render("[{}]")

    @property
    def pattern(self) -> str:
        """The path with every index replaced by ``[*]``, as a control declares what it reads."""
        return self._render("[*]")

    def _render(self, index: str) -> str:
        rendered = ""
        for part in self.parts:
            if isinstance(part, int):
                rendered += index.format(part)
            elif PLAIN_NAME.fullmatch(part):
                rendered += f".{part}" if rendered else part
            else:
                rendered += f"[{json.dumps(part)}]"
        return rendered
