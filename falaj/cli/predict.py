"""``falaj predict``: one real request to an endpoint, its answer and its latency."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import httpx2

from falaj.cli.console import messages, output, print_json
from falaj.cli.endpoint import Answer, Endpoint, endpoint_of_stack, endpoint_of_url, infer
from falaj.errors import ConfigurationError

MAXIMUM_INPUT = 64 * 1024 * 1024
"""Largest request file, in bytes."""


@click.command()
@click.argument("endpoint")
@click.option("--input", "request", required=True, type=click.Path(path_type=Path), help="Inference request, as JSON.")
@click.option("-s", "--stack", help="Tenant stack that the endpoint belongs to, unless ENDPOINT says it.")
@click.option("--timeout", default=30.0, show_default=True, type=click.FloatRange(0.1, 600), help="Seconds to wait.")
@click.option("--json", "as_json", is_flag=True, help="Print answer and latency as JSON.")
def predict(*, endpoint: str, request: Path, stack: str | None, timeout: float, as_json: bool) -> None:
    """Send a request to ENDPOINT and show its answer.

    ENDPOINT is STACK/NAME (local-smb/iris), NAME with --stack, or the model's own address
    (http://127.0.0.1:8080/v2/models/iris). The request file holds an Open Inference Protocol v2 body.
    """
    body = read_request(request)
    target = endpoint_of_url(endpoint) if "://" in endpoint else endpoint_of_stack(endpoint, stack)
    answer = infer(target, body, timeout=timeout)
    if as_json:
        print_json({"url": target.url, "milliseconds": round(answer.milliseconds, 3), "answer": answer.body})
        return
    _show(target, answer)


def read_request(path: Path) -> dict[str, Any]:
    """The request in a file; ConfigurationError FAL-PRE-001 where it is missing, too large or no JSON object."""

    def refuse(what: str) -> ConfigurationError:
        return ConfigurationError(
            what,
            code="FAL-PRE-001",
            where=f"--input {path}",
            hint="give a file like examples/requests/iris.json",
        )

    if not path.is_file():
        raise refuse("There is no such file.")
    if path.stat().st_size > MAXIMUM_INPUT:
        raise refuse(f"The file is larger than {MAXIMUM_INPUT} bytes.")
    try:
        body = json.loads(path.read_bytes())
    except ValueError as error:
        raise refuse(f"The file is not JSON: {error}.") from None
    if not isinstance(body, dict) or not isinstance(body.get("inputs"), list):
        raise refuse('The file has no list named "inputs".')
    return body


def _show(target: Endpoint, answer: Answer) -> None:
    for tensor in answer.body.get("outputs", []):
        shape = "x".join(str(size) for size in tensor.get("shape", []))
        output.print(f"{tensor.get('name')}  {tensor.get('datatype')} {shape}  {tensor.get('data')}", markup=False)
    model = f"{answer.body.get('model_name')} version {answer.body.get('model_version', 'unknown')}"
    secure = "verified TLS" if httpx2.URL(target.url).scheme == "https" else "plain HTTP on this machine"
    messages.print(f"{model}, {answer.milliseconds:.1f} ms, {secure}, {target.url}", markup=False)
