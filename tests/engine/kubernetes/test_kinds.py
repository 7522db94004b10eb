from __future__ import annotations

import pytest

from falaj.engine.kubernetes.kinds import GroupKind, TypeToken, name_of, type_of

URN = "urn:pulumi:dev::falaj::falaj:index:Gate$kubernetes:apps/v1:Deployment::gate-server::odd"


def test_a_urn_names_type_and_resource() -> None:
    assert type_of(URN) == "kubernetes:apps/v1:Deployment"
    assert name_of(URN) == "gate-server::odd"


def test_the_core_group_is_spelt_as_the_server_has_it() -> None:
    assert TypeToken.parse("kubernetes:core/v1:Pod") == TypeToken("v1", "Pod")
    assert TypeToken.parse("kubernetes:apps/v1:Deployment") == TypeToken("apps/v1", "Deployment")


@pytest.mark.parametrize(
    ("token", "kind", "refusal"),
    [
        (
            "kubernetes:yaml/v2:ConfigFile",
            "ConfigFile",
            (
                "the embedded engine does not know yaml/v2:ConfigFile; write the objects as resources, "
                "or use the Pulumi CLI"
            ),
        ),
        (
            "kubernetes:helm.sh/v3:Chart",
            "Chart",
            (
                "the embedded engine does not know helm.sh/v3:Chart; write the objects as resources, "
                "or use the Pulumi CLI"
            ),
        ),
        (
            "kubernetes:core/v1:NamespacePatch",
            "Namespace",
            (
                "the embedded engine does not know Patch resources (NamespacePatch); manage the whole object, "
                "or use the Pulumi CLI"
            ),
        ),
        (
            "kubernetes:core/v1:ConfigMapList",
            "ConfigMapList",
            "a list (ConfigMapList) can't be created; write each object as a resource of its own",
        ),
        ("kubernetes:example.org/v1:DiskPatch", "DiskPatch", None),
        ("kubernetes:example.org/v1:AllowList", "AllowList", None),
        ("kubernetes:core/v1:Pod", "Pod", None),
    ],
)
def test_types_of_components_patches_and_lists_are_refused(token: str, kind: str, refusal: str | None) -> None:
    assert TypeToken.parse(token).refusal(kind) == refusal


def test_the_scope_of_built_in_kinds_is_known_without_asking() -> None:
    assert GroupKind("", "Namespace").built_in_scope is False
    assert GroupKind("apps", "Deployment").built_in_scope is True
    assert GroupKind("gateway.networking.k8s.io", "Gateway").built_in_scope is None


def test_only_workloads_and_custom_kinds_own_other_objects() -> None:
    assert GroupKind("", "Secret").is_childless
    assert not GroupKind("apps", "Deployment").is_childless
    assert not GroupKind("cert-manager.io", "Certificate").is_childless
