"""Secrets are told by name and by looks, and settings are left alone."""

from __future__ import annotations

import pytest

from policies.workloads.secret_text import is_switch, looks_like_a_secret, named_like_a_secret


@pytest.mark.parametrize(
    "name",
    ["DB_PASSWORD", "API_KEY", "apiToken", "HF_TOKEN", "CLIENT_SECRET", "SECRET_KEY_BASE", "redis-password", "KEY"],
)
def test_names_of_secrets(name: str) -> None:
    assert named_like_a_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "TLS_KEY_FILE",
        "PASSWORD_PATH",
        "AWS_ACCESS_KEY_ID",
        "TOKEN_URL",
        "SECRET_NAME",
        "MAX_TOKENS",
        "KEYBOARD",
        "MONKEY",
        "TOKENIZERS_PARALLELISM",
        "",
        "123",
    ],
)
def test_names_of_settings(name: str) -> None:
    assert not named_like_a_secret(name)


@pytest.mark.parametrize(
    "value",
    [
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
        "-----BEGIN PRIVATE KEY-----",
        "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
        "AKIA" + "ABCDEFGHIJKLMNOP",
        "DefaultEndpointsProtocol=https;AccountKey=" + "Zm9v" * 10,
        "ghp_" + "a1B2" * 9,
        "hf_" + "a1B2" * 9,
        "postgres://model:sesame@database:5432/features",
        "kR7vX2mQ9pLs4TnB8wYc1ZdF6hJgA3eU5oIiKxVt",
    ],
)
def test_values_that_look_like_secrets(value: str) -> None:
    assert looks_like_a_secret(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "info",
        "https://gateway.acme.example.ae/v2/models",
        "registry.ae/onnxruntime@sha256:" + "0123456789abcdef" * 4,
        "0123456789abcdef" * 4,
        "-----BEGIN CERTIFICATE-----",
        "/usr/local/lib/python3/site-packages/onnxruntime/capi",
        "OpenTelemetryCollectorEndpointOfModels1",
        "CPUExecutionProvider,OpenVINOExecutionProvider",
    ],
)
def test_values_that_do_not(value: str) -> None:
    assert not looks_like_a_secret(value)


@pytest.mark.parametrize("value", ["", " ", "true", "False", "0", "1", "off"])
def test_a_mere_switch_is_no_secret(value: str) -> None:
    assert is_switch(value)


def test_a_word_is_no_switch() -> None:
    assert not is_switch("sesame")
