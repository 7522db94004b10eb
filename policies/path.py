"""Where a value lies inside a resource."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

PLAIN_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")


@dataclass(frozen=True, slots=True, order=True)
class Path:
    """A property path such as ``spec.template.spec.containers[0].image``, extended with ``/``.

    Names are the wire's own; a name that is not a plain word is quoted: ``metadata.labels["falaj.dev/owner"]``.
    """

    parts: tuple[str | int, ...] = ()

    def __truediv__(self, part: str | int) -> Path:
        """Return the path of a member, by name or by index."""
        return Path((*self.parts, part))

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
