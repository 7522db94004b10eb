"""Which path leads where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import unquote_to_bytes

from onnxruntime_server.http import answers

if TYPE_CHECKING:
    from onnxruntime_server.http.answers import Answer
    from onnxruntime_server.http.exchange import Exchange

MOST_KNOWN: Final = 1024
_LONGEST_KNOWN: Final = 256


@dataclass(frozen=True, slots=True)
class Route:
    """A path with the endpoint that each method has there."""

    path: str
    """With names in braces for what varies."""

    endpoints: dict[str, str]
    """Names of endpoints by method."""

    health: bool = False
    """Whether it is answered on connections above the limit too."""

    alone: bool = False
    """Whether it waits for the requests before it on its connection, and those behind it for it."""


Handler: TypeAlias = Callable[["Exchange", "Target"], "Answer | None"]
"""Answers a request; with nothing where the answer comes later."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes."""

    route: Route
    """The path it fits."""

    handlers: Mapping[bytes, Handler]
    """What answers each method there."""

    name: str = ""
    """The model it names."""

    version: str | None = None
    """The version it names."""


_MODEL: Final = "/v2/models/{name}"
_VERSION: Final = "/v2/models/{name}/versions/{version}"
_REPOSITORY: Final = "/v2/repository"

ROUTES: Final = (
    Route("/v2", {"GET": "server_metadata"}),
    Route("/v2/health/live", {"GET": "live"}, health=True),
    Route("/v2/health/ready", {"GET": "ready"}, health=True),
    Route("/v2/models/stats", {"GET": "all_statistics"}),
    Route(_MODEL, {"GET": "model_metadata"}),
    Route(_VERSION, {"GET": "model_metadata"}),
    Route(f"{_MODEL}/ready", {"GET": "model_ready"}),
    Route(f"{_VERSION}/ready", {"GET": "model_ready"}),
    Route(f"{_MODEL}/infer", {"POST": "infer"}),
    Route(f"{_VERSION}/infer", {"POST": "infer"}),
    Route(f"{_MODEL}/stats", {"GET": "statistics"}),
    Route(f"{_VERSION}/stats", {"GET": "statistics"}),
    Route(f"{_REPOSITORY}/index", {"GET": "index", "POST": "index"}),
    Route(f"{_REPOSITORY}/models/{{name}}/load", {"POST": "load"}, alone=True),
    Route(f"{_REPOSITORY}/models/{{name}}/unload", {"POST": "unload"}, alone=True),
    Route("/metrics", {"GET": "metrics"}),
    Route("/openapi.json", {"GET": "openapi_document"}),
)


@dataclass(slots=True)
class _Node:
    """A place in the tree of paths."""

    route: Route | None = None
    handlers: Mapping[bytes, Handler] = field(default_factory=dict)
    named: dict[str, _Node] = field(default_factory=dict)
    anything: tuple[str, _Node] | None = None

    @property
    def is_end(self) -> bool:
        return not self.named and self.anything is None


class Router:
    """Finds the target of a request. Remembers, within bounds, what was found: clients ask for few paths often."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        """``handlers`` has one for the name of every endpoint."""
        self._root = _Node()
        self._known: dict[bytes, Target] = {}
        for route in ROUTES:
            self._add(route, {method: handlers[name] for method, name in route.endpoints.items()})

    def _add(self, route: Route, handlers: Mapping[str, Handler]) -> None:
        node = self._root
        for part in route.path.split("/")[1:]:
            if part.startswith("{"):
                if node.anything is None:
                    node.anything = (part.strip("{}"), _Node())
                _, node = node.anything
            else:
                node = node.named.setdefault(part, _Node())
        node.route = route
        node.handlers = {method.encode(): handler for method, handler in handlers.items()}
        if "GET" in handlers:
            node.handlers = {**node.handlers, b"HEAD": handlers["GET"]}

    def find(self, url: bytes) -> Target | None:
        """The target of a request line's URL, or nothing."""
        if (known := self._known.get(url)) is not None:
            return known
        if (found := self._search(path_of(url))) is not None and len(url) <= _LONGEST_KNOWN:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[url] = found
        return found

    def _search(self, path: bytes) -> Target | None:
        node = self._root
        parameters: dict[str, str] = {}
        parts = (b"/v2" if path == b"/v2/" else path).split(b"/")[1:]
        for left, raw in enumerate(parts, 1 - len(parts)):
            try:
                part = unquote_to_bytes(raw).decode()
            except UnicodeDecodeError:
                return None
            following = node.named.get(part)
            if following is None or (left and following.is_end):  # a model may have the name of an end
                if node.anything is None or not part:
                    return None
                name, following = node.anything
                parameters[name] = part
            node = following
        if node.route is None:
            return None
        return Target(node.route, node.handlers, parameters.get("name", ""), parameters.get("version"))


def path_of(url: bytes) -> bytes:
    """The path in a request line's URL, which may be absolute."""
    path = url.partition(b"?")[0].partition(b"#")[0]
    if not path.startswith(b"/") and b"://" in path:
        return b"/" + path.partition(b"://")[2].partition(b"/")[2]
    return path


def nowhere(exchange: Exchange) -> Answer:
    """The refusal of a path that is not there, or does not have the method."""
    if (target := exchange.target) is None:
        return answers.refusal(HTTPStatus.NOT_FOUND, f"no such path: {path_of(exchange.url)[:128].decode('latin-1')}")
    allowed = sorted(method.decode() for method in target.handlers)
    return answers.refusal(
        HTTPStatus.METHOD_NOT_ALLOWED,
        f"{exchange.method.decode()} is not allowed here; use {' or '.join(allowed)}",
        f"allow: {', '.join(allowed)}\r\n".encode(),
    )
