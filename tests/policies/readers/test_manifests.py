"""Rendered manifests: every object is judged, and a file that can't be read leaves nothing judged."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from policies.controls import named
from policies.evaluator import Verdict
from policies.judgement import judge
from policies.readers.manifests import live, read_manifests
from policies.readers.source import SourceKind
from policies.unreadable import UnreadableError

TODAY = date(2026, 11, 22)

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: one, namespace: shop, uid: 1-2-3}
spec:
  containers:
    - {name: server, image: "registry.ae/server:1"}
"""
ROLE = """\
---
apiVersion: v1
kind: List
items:
  - apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata: {name: reads, namespace: shop}
---
"""


def test_every_document_and_every_member_of_a_list_is_an_object(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(POD + ROLE)
    (tmp_path / "read.me").write_text("not looked at")

    source = read_manifests([tmp_path], {})

    assert source.kind is SourceKind.MANIFESTS
    assert [(each.type, each.name) for each in source.resources] == [
        ("kubernetes:core/v1:Pod", "shop/one"),
        ("kubernetes:rbac.authorization.k8s.io/v1:Role", "shop/reads"),
    ]
    assert source.resources[0]["metadata"].value == {"name": "one", "namespace": "shop"}


def test_the_same_controls_judge_them(tmp_path: Path) -> None:
    file = tmp_path / "pod.json"
    file.write_text(POD)

    (result,) = judge(read_manifests([file], {}), named("SUP-001"), today=TODAY).results

    assert (result.verdict, result.urn) == (
        Verdict.FAIL,
        "urn:pulumi:manifests::kubernetes::kubernetes:core/v1:Pod::shop/one",
    )


def test_what_a_cluster_answers_is_judged_the_same_way() -> None:
    running = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "one"},
        "spec": {},
        "status": {"phase": "Running"},
    }

    source = live("cluster here", [running], {})

    assert source.kind is SourceKind.CLUSTER
    assert source.resources[0]["status"].value is None


def test_all_that_can_not_be_read_is_named_and_nothing_is_judged(tmp_path: Path) -> None:
    good, broken, strange = (tmp_path / name for name in ("a.yaml", "b.yaml", "c.yaml"))
    good.write_text(POD)
    broken.write_text(POD + "---\n{")
    strange.write_text("---\nkind: Pod\n---\n" + POD)

    with pytest.raises(UnreadableError) as caught:
        read_manifests([tmp_path, tmp_path / "none"], {})

    an_object = "a Kubernetes object with apiVersion, kind and metadata.name"
    assert [str(problem) for problem in caught.value.problems] == [
        f"{broken}:9: is no YAML: did not find expected node content; expected {an_object}",
        f"{strange}:2: the document is no object; expected {an_object}",
        f"{tmp_path}/none: does not exist; expected a file or a folder of manifests",
    ]
