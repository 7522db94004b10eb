"""A model endpoint and the requests sent to it."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from typing import Any

import httpx2

from falaj.cli.deployed import names, outputs_of
from falaj.cli.project import project_root
from falaj.errors import ConfigurationError, EndpointError


@dataclass(frozen=True)
class Endpoint:
    """Where a model answers: its address in the protocol, and how to get there without public DNS."""

    url: str
    """Address of the model: ``https://HOST/v2/models/NAME``."""
    address: str | None = None
    """IP address of the gateway, where HOST is in no DNS; None to resolve HOST as usual."""
    port: int | None = None
    certificate_authority: str | None = None
    """PEM of the authority that signed the gateway's certificate; None for the machine's own list."""


@dataclass(frozen=True)
class Answer:
    """What the server said and how long it took, connection included, in milliseconds."""

    body: dict[str, Any]
    milliseconds: float


def endpoint_of_url(url: str) -> Endpoint:
    """An endpoint by its address; ConfigurationError FAL-PRE-002 where it is not that of a model."""
    parsed = httpx2.URL(url)
    if parsed.scheme not in {"http", "https"} or "/v2/models/" not in parsed.path:
        raise ConfigurationError(
            "An address must be http or https and name the model: http://127.0.0.1:8080/v2/models/iris.",
            code="FAL-PRE-002",
            where=f"ENDPOINT {url}",
            hint="write the address up to the model's name, without /infer",
        )
    return Endpoint(url=url.rstrip("/"))


def endpoint_of_stack(name: str, stack: str | None) -> Endpoint:
    """An endpoint that a deployed tenant stack put out; ConfigurationError FAL-PRE-003 where it did not."""
    if stack is None:
        stack, _, name = name.rpartition("/")
    root = project_root()
    deployed = names(root)
    if stack not in deployed:
        raise ConfigurationError(
            f"Stack {stack or '(none given)'} is not deployed here. Deployed: {_list(deployed)}.",
            code="FAL-PRE-003",
            where=f"ENDPOINT {name}",
            hint="deploy it with `falaj up -s STACK`, then `falaj predict STACK/NAME --input FILE`",
        )
    outputs = outputs_of(root, stack)
    endpoints = outputs.get("endpoints") or {}
    if name not in endpoints:
        raise ConfigurationError(
            f"Stack {stack} has no endpoint {name}. It has: {_list(endpoints)}.",
            code="FAL-PRE-003",
            where=f"ENDPOINT {stack}/{name}",
            hint="choose one of these, or add it under falaj:tenant.endpoints in the stack file",
        )
    found = endpoints[name]
    return Endpoint(
        url=f"{found['url']}/v2/models/{found['model']}",
        address=found["address"],
        port=int(found["port"]),
        certificate_authority=outputs["certificate_authority"],
    )


def infer(endpoint: Endpoint, body: dict[str, Any], *, timeout: float) -> Answer:
    """Send one inference request; EndpointError FAL-END-001 unreachable, 002 not trusted, 003 refused.

    The certificate is always verified, against the host name even where the connection goes to a given address.
    """
    url = httpx2.URL(f"{endpoint.url}/infer")
    headers, extensions = {"content-type": "application/json"}, {}
    if endpoint.address is not None:
        headers["host"] = url.host
        extensions["sni_hostname"] = url.host
        url = url.copy_with(host=endpoint.address, port=endpoint.port)
    context = ssl.create_default_context(cadata=endpoint.certificate_authority)
    started = time.perf_counter()
    try:
        with httpx2.Client(verify=context, timeout=timeout, trust_env=False) as client:
            response = client.post(url, json=body, headers=headers, extensions=extensions)
    except httpx2.HTTPError as error:
        raise _unreachable(endpoint, error) from error
    milliseconds = (time.perf_counter() - started) * 1000
    if response.status_code != httpx2.codes.OK:
        raise EndpointError(
            f"HTTP {response.status_code}: {_reason(response)}",
            code="FAL-END-003",
            where=endpoint.url,
            hint="mend the request as the message says, or look at the server: falaj stack output -s STACK",
        )
    return Answer(body=response.json(), milliseconds=milliseconds)


def _unreachable(endpoint: Endpoint, error: httpx2.HTTPError) -> EndpointError:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return EndpointError(
            f"The server's certificate is not trusted: {error}.",
            code="FAL-END-002",
            where=endpoint.url,
            hint="deploy the environment again, so that its outputs hold the current authority: falaj up -s local",
        )
    return EndpointError(
        f"No answer: {type(error).__name__}: {error}.",
        code="FAL-END-001",
        where=endpoint.url,
        hint="see whether the cluster runs: falaj cluster status; whether the stack is up: falaj up -s STACK",
    )


def _reason(response: httpx2.Response) -> str:
    try:
        found = response.json()
    except ValueError:
        return response.text[:500] or "(empty body)"
    return str(found.get("error", found))[:2000] if isinstance(found, dict) else str(found)[:2000]


def _list(names: Any) -> str:  # noqa: ANN401 - any collection of names
    return ", ".join(sorted(names)) or "none"
