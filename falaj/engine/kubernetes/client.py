"""Requests to one API server: over verified TLS, on kept connections, safe to make from many threads."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from lightkube.config import client_adapter
from lightkube.config.kubeconfig import SingleConfig
from lightkube.config.models import User
from lightkube.core.exceptions import ConfigError

from falaj.engine.kubernetes.errors import ApiError, refused_credentials, unreachable
from falaj.errors import ConfigurationError

_TIMEOUT = httpx2.Timeout(30, connect=5)
_ATTEMPTS = 4
_BUSY = frozenset({429, 503, 504})


@dataclass(frozen=True)
class Applied:
    """What the server made of an apply, and what it warned of."""

    live: dict[str, Any]
    warnings: tuple[str, ...]


class ApiClient:
    """Speaks to the API server of one cluster. A refusal raises ApiError; silence raises ClusterError."""

    def __init__(self, config: SingleConfig) -> None:
        self.server = config.cluster.server
        usable = config._replace(user=config.user or User())
        try:
            self._http = client_adapter.Client(usable, client_adapter.ConnectionParams(timeout=_TIMEOUT))
        except (ConfigError, OSError, ValueError) as error:
            raise ConfigurationError(
                f"The certificates of the kubeconfig can't be used: {error}",
                code="FAL-K8S-006",
                where=self.server,
                hint="write the kubeconfig anew; `falaj cluster kubeconfig` prints the local cluster's.",
            ) from error

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def get(self, path: str, *, accept: str = "application/json", **parameters: str) -> dict[str, Any]:
        """Read an object or a list."""
        return self._object(self._send("GET", path, parameters, headers={"Accept": accept}))

    def apply(self, path: str, body: Mapping[str, Any], *, manager: str, force: bool, dry_run: bool) -> Applied:
        """Apply an object on the server, or only ask what would come of it. Unknown fields are refused."""
        parameters = {"fieldManager": manager, "force": str(force).lower(), "fieldValidation": "Strict"}
        if dry_run:
            parameters["dryRun"] = "All"
        headers = {"Content-Type": "application/apply-patch+yaml"}
        response = self._send("PATCH", path, parameters, headers=headers, content=json.dumps(body).encode())
        return Applied(self._object(response), tuple(_warnings(response)))

    def delete(self, path: str, *, propagation: str) -> None:
        """Ask for the deletion of an object; it may take a while to go."""
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        headers = {"Content-Type": "application/json"}
        self._send("DELETE", path, {}, headers=headers, content=json.dumps(body).encode())

    def text(self, path: str, **parameters: str) -> str:
        """Read plain text, such as a log; the caller bounds it by parameters."""
        return self._send("GET", path, parameters, headers={}).text

    def _send(
        self, method: str, path: str, parameters: Mapping[str, str], headers: Mapping[str, str], content: bytes = b""
    ) -> httpx2.Response:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                response = self._http.request(method, path, params=parameters, headers=headers, content=content)
            except httpx2.TransportError as error:
                if attempt == _ATTEMPTS or isinstance(error, httpx2.ConnectTimeout):
                    raise unreachable(self.server, str(error) or type(error).__name__) from error
            except ConfigError as error:
                raise refused_credentials(self.server, str(error)) from error
            else:
                if response.status_code not in _BUSY or attempt == _ATTEMPTS:
                    return self._accepted(response)
            time.sleep(0.1 * 2**attempt)
        raise unreachable(self.server, "too many attempts")

    def _object(self, response: httpx2.Response) -> dict[str, Any]:
        try:
            return _json(response)
        except ValueError as error:
            raise unreachable(self.server, "what answers there is not a Kubernetes API server") from error

    def _accepted(self, response: httpx2.Response) -> httpx2.Response:
        if response.is_success:
            return response
        body = _status(response)
        if response.status_code == httpx2.codes.UNAUTHORIZED:
            raise refused_credentials(self.server, str(body.get("message")))
        raise ApiError(response.status_code, body)


def _json(response: httpx2.Response) -> dict[str, Any]:
    body = response.json()
    return body if isinstance(body, dict) else {}


def _status(response: httpx2.Response) -> dict[str, Any]:
    try:
        return _json(response)
    except ValueError:
        return {"message": response.text[:500]}


def _warnings(response: httpx2.Response) -> list[str]:
    """Give the texts of ``Warning: 299 - "text"`` headers."""
    found = []
    for header in response.headers.get_list("warning"):
        start, end = header.find('"'), header.rfind('"')
        if 0 <= start < end:
            found.append(header[start + 1 : end].replace('\\"', '"'))
    return found
