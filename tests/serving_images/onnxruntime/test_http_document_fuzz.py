"""Whatever the server's own OpenAPI document allows, and bodies that it forbids: nothing is the server's fault.

Status, content type, headers and body of every answer are held to the document.
"""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from onnxruntime_server.http.openapi import document
from schemathesis import GenerationMode
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tests.serving_images.process import ServerProcess

OPERATIONS = [
    (method.upper(), path)
    for path, item in document()["paths"].items()
    for method in item
    if method in {"get", "head", "post"}
]
WITH_BODY = [path for method, path in OPERATIONS if method == "POST"]
LEFT_OUT: list[CheckFunction] = [positive_data_acceptance, negative_data_rejection]
"""A document can't say which models there are and what they take; the other does not know that 413 refuses."""

bounded = settings(
    max_examples=20,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module", autouse=True)
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """schemathesis keeps a folder where it runs."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("schemathesis"))
    yield
    os.chdir(before)


@functools.cache
def schema_of(url: str) -> Any:  # noqa: ANN401 - as the library has it
    return schemathesis.openapi.from_url(f"{url}/openapi.json")


def answers(server: ServerProcess, method: str, path: str, mode: GenerationMode) -> Counter[int]:
    """How often each status was met by requests made after the document; most name what there is."""
    operation = schema_of(server.url)[path][method]
    statuses: Counter[int] = Counter()
    with requests.Session() as session:

        @bounded
        @given(
            case=operation.as_strategy(generation_mode=mode),
            known=st.sampled_from([{}, {"name": "echo"}, {"name": "echo", "version": "1"}]),
        )
        def ask(case: schemathesis.Case[Any], known: dict[str, str]) -> None:
            case.path_parameters |= {key: known[key] for key in known.keys() & case.path_parameters.keys()}
            response = case.call(session=session, timeout=30)
            statuses[response.status_code] += 1
            case.validate_response(response, excluded_checks=LEFT_OUT)

        ask()
    return statuses


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_what_the_document_allows_is_answered_as_it_says(server: ServerProcess, method: str, path: str) -> None:
    statuses = answers(server, method, path, GenerationMode.POSITIVE)
    assert max(statuses) < 500
    if path.endswith(("/infer", "/load", "/unload")):
        assert 200 not in statuses
    else:
        assert 200 in statuses


@pytest.mark.parametrize("path", WITH_BODY)
def test_what_the_document_forbids_is_refused(server: ServerProcess, path: str) -> None:
    statuses = answers(server, "POST", path, GenerationMode.NEGATIVE)
    assert 400 in statuses
    assert max(statuses) < 500
    assert 200 not in statuses or path.endswith("/index")  # where no body at all is as good as one
