from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pulumi
import pytest

from falaj.catalog.data_flows import DataClass
from stacks.images import read_images
from tests.stacks.conftest import RunStack, shipped

FILE = "stacks/config/Pulumi.local-smb.yaml"
NEXT = "  Next: edit the file; docs/reference/stack-files.md lists every key"
BUILD = "  Next: run: falaj images build"
SOVEREIGN = "which asks for dedicated_nodes; a local cluster has none."
MODELS = "falaj.local/models/iris, falaj.local/models/iris-next"


def changed(path: str, value: object) -> dict[str, Any]:
    """The shipped tenant file with one key changed; None takes it away."""
    config = copy.deepcopy(shipped("local-smb"))
    *above, last = path.split(".")
    block = config["falaj:tenant"]
    for part in above:
        block = block[part]
    if value is None:
        del block[last]
    else:
        block[last] = value
    return config


def refusal(run_stack: RunStack, stack: str, config: dict[str, Any]) -> str:
    """The whole message with which the program refuses a file."""
    with pytest.raises(pulumi.RunError) as refused:
        run_stack(stack, config)
    return str(refused.value)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("tier", "gold", "found 'gold', allowed: smb, enterprise, sovereign."),
        (
            "tier",
            "sovereign",
            f"found 'sovereign', {SOVEREIGN} Allowed: smb, enterprise.",
        ),
        (
            "owner",
            "Retail Team",
            "found 'Retail Team', allowed: Team that answers for it: 2 to 40 of a-z, 0-9 and -. For example: risk.",
        ),
        ("owner", None, "is missing. Team that answers for it: 2 to 40 of a-z, 0-9 and -. For example: risk."),
        (
            "ownr",
            "retail",
            (
                "is not a key here, allowed: environment, region, tier, profiles, owner, cost_centre, "
                "processing_record, budget, pool, endpoints. Did you mean owner?"
            ),
        ),
        (
            "endpoints.iris.data_class",
            "secret",
            f"found 'secret', allowed: {', '.join(repr(each.value) for each in DataClass)}.",
        ),
        ("endpoints.iris.replicas", "two", "found 'two', allowed: a whole number."),
        ("endpoints.iris.replicas", 0, "found 0, allowed: 1 or more."),
        ("endpoints.iris.replicas", 9, "found 9, allowed in this tier: 1 to 3."),
        ("endpoints.iris", "iris", "found 'iris', allowed: keys and values, indented below it."),
        ("endpoints.iris.calls", "none", "found 'none', allowed: a list."),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(
    run_stack: RunStack, path: str, value: object, message: str
) -> None:
    assert refusal(run_stack, "local-smb", changed(path, value)) == (
        f"FAL-CFG-101  {FILE}, key falaj:tenant.{path}\n  {message}\n{NEXT}"
    )


def test_a_tenant_is_refused_in_an_environment_that_lies_elsewhere(run_stack: RunStack) -> None:
    assert refusal(run_stack, "local-smb", changed("region", "me-central-1")) == (
        f"FAL-CFG-101  {FILE}, key falaj:tenant.region\n"
        "  found 'me-central-1', but environment local lies in 'local'.\n"
        "  Next: name an environment in that region, or the environment's region"
    )


def test_a_bad_quantity_is_refused_where_it_stands(run_stack: RunStack) -> None:
    resources = {"cpu_request": "lots", "cpu_limit": "1", "memory_request": "64Mi", "memory_limit": "128Mi"}

    assert refusal(run_stack, "local-smb", changed("endpoints.iris.resources", resources)) == (
        f"FAL-CFG-101  {FILE}, key falaj:tenant.endpoints.iris.resources.cpu_request\n"
        f"  found 'lots', allowed: a CPU quantity above zero such as 250m, 1 or 0.5.\n{NEXT}"
    )


def test_a_model_nobody_built_is_refused_with_the_models_there_are(run_stack: RunStack) -> None:
    assert refusal(run_stack, "local-smb", changed("endpoints.iris.model", "falaj.local/models/iris2")) == (
        f"FAL-CFG-101  {FILE}, key falaj:tenant.endpoints.iris.model\n"
        f"  found 'falaj.local/models/iris2', allowed: name@sha256:<64 hex>, or a model in the image lock ({MODELS}).\n"
        f"{BUILD}"
    )


def test_endpoints_that_do_not_fit_the_tier_are_refused_with_room_for_the_update(run_stack: RunStack) -> None:
    endpoint = shipped("local-smb")["falaj:tenant"]["endpoints"]["iris"]
    endpoints = {f"iris-{number}": {**endpoint, "replicas": 3} for number in range(2)}

    assert refusal(run_stack, "local-smb", changed("endpoints", endpoints)) == (
        f"FAL-CFG-101  {FILE}, key falaj:tenant.endpoints\n"
        "  more than tier smb holds, with one pod more per endpoint for its update: "
        "8000 of 6000 CPU limits in millicores.\n"
        "  Next: ask for fewer or smaller pods, or choose a larger tier"
    )


def test_every_mistake_is_named_at_once(run_stack: RunStack) -> None:
    config = changed("tier", "gold")
    config["falaj:tenant"]["region"] = "moon"
    config["falaj:tennant"] = "x"

    assert refusal(run_stack, "local-smb", config) == (
        f"FAL-CFG-102  {FILE}, 3 mistakes\n"
        "  falaj:tenant.region: found 'moon', which is no region of the catalog "
        "(falaj/catalog/data/regions.yaml, 2026-11-22), allowed: me-central-1, uaenorth, uaecentral, local.\n"
        "  falaj:tenant.tier: found 'gold', allowed: smb, enterprise, sovereign.\n"
        "  falaj:tennant: is not a key here, allowed: environment, tenant, kubeconfig, context, images, localCountry."
        f" Did you mean tenant?\n{NEXT}"
    )


def test_a_file_is_an_environment_or_a_tenant(run_stack: RunStack) -> None:
    both = {**shipped("local"), **shipped("local-smb")}

    for config in (both, {"falaj:localCountry": "AE"}):
        assert refusal(run_stack, "local-smb", config) == (
            f"FAL-CFG-101  {FILE}, key falaj:environment\n"
            f"  write falaj:environment or falaj:tenant, one of the two.\n{NEXT}"
        )


def test_a_block_that_is_no_block_is_refused(run_stack: RunStack) -> None:
    assert refusal(run_stack, "local-smb", {"falaj:tenant": "smb"}).splitlines()[1] == (
        "  found 'smb', allowed: keys and values, indented below it."
    )


def test_an_environment_needs_a_kubeconfig(run_stack: RunStack) -> None:
    config = {key: value for key, value in shipped("local").items() if key != "falaj:kubeconfig"}

    assert refusal(run_stack, "local", config) == (
        "FAL-CFG-101  stacks/config/Pulumi.local.yaml, key falaj:kubeconfig\n"
        "  is missing. Path of the kubeconfig of the cluster that the environment is made on.\n"
        "  Next: falaj cluster up, then falaj cluster kubeconfig prints the path"
    )


@pytest.mark.parametrize("name", ["baseline", "smb"])
def test_a_tenant_may_name_a_profile_that_asks_nothing_more_of_its_environment(run_stack: RunStack, name: str) -> None:
    run_stack("local-smb", changed("profiles", [name]))


def test_a_local_cluster_keeps_the_baseline_and_no_more(run_stack: RunStack) -> None:
    assert refusal(run_stack, "local-smb", changed("profiles", ["gov"])) == (
        f"FAL-CFG-101  {FILE}, key falaj:tenant.profiles[0]\n"
        "  found 'gov', which asks more than environment local keeps: immutable_days, second_site, allowed_stages, "
        "network_isolated_bootstrap.\n"
        "  Next: name the profile in the environment too, or choose an environment that has it"
    )


@pytest.mark.parametrize("domain", ["local", "Local.falaj.internal", "-.internal", "a..b", "falaj.internal.", ""])
def test_a_domain_that_is_none_is_refused(run_stack: RunStack, domain: str) -> None:
    config = shipped("local")
    config["falaj:environment"]["domain"] = domain

    assert refusal(run_stack, "local", config).splitlines()[0] == (
        "FAL-CFG-101  stacks/config/Pulumi.local.yaml, key falaj:environment.domain"
    )


@pytest.mark.parametrize("stack", ["Local-SMB", "local_smb", "1st", "t" * 56])
def test_a_tenants_stack_name_becomes_its_host_name_or_is_refused(run_stack: RunStack, stack: str) -> None:
    assert refusal(run_stack, stack, shipped("local-smb")) == (
        f"FAL-CFG-101  stacks/config/Pulumi.{stack}.yaml, key falaj:tenant\n"
        f"  the stack is named {stack!r}, allowed for a tenant: up to 55 of a-z, 0-9 and -, a letter first.\n"
        "  Next: give the stack and its file another name"
    )


@pytest.mark.parametrize("content", [None, "", "[]", "{", '{"falaj.local/traefik": {"digest": "sha256:1"}}'])
def test_a_lock_that_is_missing_or_damaged_locks_nothing(
    run_stack: RunStack, tmp_path: Path, content: str | None
) -> None:
    lock = tmp_path / "lock.json"
    if content is not None:
        lock.write_text(content, encoding="utf-8")

    assert refusal(run_stack, "local", {**shipped("local"), "falaj:images": str(lock)}) == (
        "FAL-CFG-102  stacks/config/Pulumi.local.yaml, 2 mistakes\n"
        "  falaj:images: the image lock lock.json has no falaj.local/traefik. It has: none.\n"
        "  falaj:images: the image lock lock.json has no falaj.local/cert-manager. It has: none.\n"
        f"{BUILD}"
    )


def test_a_mirrored_image_is_named_by_its_registry(tmp_path: Path) -> None:
    lock = tmp_path / "lock.json"
    lock.write_text(f'{{"falaj.local/a": {{"digest": "sha256:{"1" * 64}", "repository": "registry.ae/a"}}}}')

    assert read_images(lock).find("falaj.local/a") == f"registry.ae/a@sha256:{'1' * 64}"


def test_a_tenant_whose_environment_lies_elsewhere_gets_nothing(
    run_stack: RunStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.fakes import cluster  # noqa: PLC0415 - only this test changes it

    monkeypatch.setitem(cluster.ENVIRONMENT, "region", "uaenorth")

    assert refusal(run_stack, "local-smb", shipped("local-smb")) == (
        f"FAL-CFG-103  {FILE}, key falaj:tenant.region\n"
        "  found 'local', but environment local lies in 'uaenorth'.\n"
        "  Next: name an environment in that region, or the environment's region"
    )
