"""A Python program run in a pod of the cluster."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from lightkube import Client


def python_in(kubernetes: Client, namespace: str, pod: str, program: str, *arguments: str) -> str:
    """What the program prints in the pod; a failure of it fails the test.

    Asked in a thread of its own: what closing the connection leaves in OpenSSL's list of errors, which each thread has,
    an older CPython 3.11 takes for the next connection's.
    """
    command = ["python3", "-c", program, *arguments]
    with ThreadPoolExecutor(max_workers=1) as once:
        asked = partial(kubernetes.exec, pod, namespace=namespace, command=command)
        answer = once.submit(asked, stdout=True, stderr=True, raise_on_error=True).result()
    return str(answer.stdout).strip()
