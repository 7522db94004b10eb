"""An Azure subscription behind a real server on this machine that answers as Azure Resource Manager does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from falaj.preflight.allowances import quota_needs
from falaj.preflight.azure import AzureAccount
from falaj.preflight.live import Allowance, UnansweredError
from tests.preflight.stacks import on_azure

SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
COMPUTE = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute"


@dataclass
class Manager:
    """What the server answers by path, and what it was asked."""

    address: str = ""
    answers: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, list[str]], str]] = field(default_factory=list)

    def says(self, path: str, content: object, status: int = 200) -> None:
        self.answers.setdefault(path, []).append((status, content))


class Token:
    token = "a-token"


class Signed:
    """A credential that gives the token of the one scope."""

    def get_token(self, *scopes: str) -> Token:
        assert scopes == ("https://management.azure.com/.default",)
        return Token()


class Unsigned:
    """A credential of nobody."""

    def get_token(self, *_: str) -> Token:
        raise RuntimeError("DefaultAzureCredential failed\n  to retrieve a token")


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    found = Manager()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place = urlsplit(self.path)
            found.asked.append((place.path, parse_qs(place.query), self.headers["Authorization"]))
            status, content = found.answers[place.path].pop(0)
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.address = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield found
        server.shutdown()


@pytest.fixture
def account(manager: Manager) -> AzureAccount:
    return AzureAccount(SUBSCRIPTION, "uaenorth", Signed(), management=manager.address)


def sku(name: str, *, zones: tuple[str, ...] = ("1", "2", "3"), restrictions: tuple[Any, ...] = ()) -> dict[str, Any]:
    return {
        "resourceType": "virtualMachines",
        "name": name,
        "locationInfo": [{"location": "UAENorth", "zones": list(zones)}],
        "restrictions": list(restrictions),
    }


def test_a_size_is_sold_in_its_zones_less_the_restricted_ones(manager: Manager, account: AzureAccount) -> None:
    zone_two = {"type": "Zone", "restrictionInfo": {"zones": ["2"]}, "reasonCode": "NotAvailableForSubscription"}
    everywhere = {"type": "Location", "reasonCode": "NotAvailableForSubscription"}
    found = [
        sku("Standard_D8s_v5", restrictions=(zone_two,)),
        sku("Standard_NC40ads_H100_v5", restrictions=(everywhere,)),
        sku("Standard_D4s_v5", zones=()),
        {"resourceType": "disks", "name": "Standard_LRS"},
    ]
    manager.says(f"{COMPUTE}/skus", {"value": found})

    assert account.zones_selling(["Standard_D8s_v5", "Standard_NC40ads_H100_v5", "Standard_D4s_v5", "Standard_X"]) == {
        "Standard_D8s_v5": frozenset({"1", "3"}),
        "Standard_NC40ads_H100_v5": frozenset(),
        "Standard_D4s_v5": frozenset({"uaenorth"}),
    }
    assert manager.asked == [
        (
            f"{COMPUTE}/skus",
            {"api-version": ["2021-07-01"], "$filter": ["location eq 'uaenorth'"]},
            "Bearer a-token",
        )
    ]


def test_the_list_of_sizes_is_asked_for_once(manager: Manager, account: AzureAccount) -> None:
    manager.says(f"{COMPUTE}/skus", {"value": [sku("Standard_D8s_v5")]})

    assert account.may_use_region() is True
    account.zones_selling(["Standard_D8s_v5"])

    assert len(manager.asked) == 1


def test_a_region_in_which_every_size_is_restricted_is_closed(manager: Manager, account: AzureAccount) -> None:
    manager.says(f"{COMPUTE}/skus", {"value": [sku("Standard_D8s_v5", restrictions=({"type": "Location"},))]})

    assert account.may_use_region() is False


def test_pages_are_followed_on_the_same_host(manager: Manager, account: AzureAccount) -> None:
    more = f"{manager.address}{COMPUTE}/skus?page=2"
    manager.says(f"{COMPUTE}/skus", {"value": [sku("Standard_D4s_v5")], "nextLink": more})
    manager.says(f"{COMPUTE}/skus", {"value": [sku("Standard_D8s_v5")]})

    assert set(account.zones_selling(["Standard_D4s_v5", "Standard_D8s_v5"])) == {"Standard_D4s_v5", "Standard_D8s_v5"}
    assert manager.asked[1][1] == {"page": ["2"]}


def test_a_page_on_another_host_is_never_asked_for(manager: Manager, account: AzureAccount) -> None:
    manager.says(f"{COMPUTE}/skus", {"value": [], "nextLink": "https://example.com/skus"})

    with pytest.raises(UnansweredError, match=r"^the next page is said to lie at example\.com$"):
        account.may_use_region()


def test_a_quota_comes_with_its_use(manager: Manager, account: AzureAccount) -> None:
    need = next(need for need in quota_needs(on_azure()) if need.code == "standardDSv5Family")
    usages = [
        {"name": {"value": "cores"}, "limit": 350, "currentValue": 12},
        {"name": {"value": "StandardDSv5Family"}, "limit": 100, "currentValue": 8},
    ]
    manager.says(f"{COMPUTE}/locations/uaenorth/usages", {"value": usages})

    assert account.allowance(need) == Allowance(limit=100, used=8)


def test_a_quota_that_azure_does_not_name_is_unanswered(manager: Manager, account: AzureAccount) -> None:
    need = next(need for need in quota_needs(on_azure()) if need.code == "standardDSv5Family")
    manager.says(f"{COMPUTE}/locations/uaenorth/usages", {"value": []})

    with pytest.raises(UnansweredError, match=r"^Microsoft\.Compute names no quota standardDSv5Family$"):
        account.allowance(need)


def test_previews_of_kubernetes_are_left_out(manager: Manager, account: AzureAccount) -> None:
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ContainerService/locations/uaenorth/kubernetesVersions"
    manager.says(path, {"values": [{"version": "1.36"}, {"version": "1.37", "isPreview": True}]})

    assert account.kubernetes_minors() == {"1.36"}


def test_add_ons_have_no_versions_to_choose(account: AzureAccount) -> None:
    assert account.add_ons("1.36", ["coredns"]) == {}


def test_a_storage_account_says_where_it_lies(manager: Manager, account: AzureAccount) -> None:
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Storage/storageAccounts"
    manager.says(
        path, {"value": [{"name": "other", "location": "westeurope"}, {"name": "falaj", "location": "uaenorth"}]}
    )

    assert account.home_of_state("azblob://state?storage_account=falaj") == "uaenorth"


def test_a_storage_account_of_another_subscription_is_unanswered(manager: Manager, account: AzureAccount) -> None:
    manager.says(f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Storage/storageAccounts", {"value": []})

    with pytest.raises(UnansweredError, match=r"^the subscription holds no storage account falaj$"):
        account.home_of_state("azblob://state?storage_account=falaj")


def test_a_backend_of_another_kind_is_not_asked_for(manager: Manager, account: AzureAccount) -> None:
    assert account.home_of_state("s3://state?region=me-central-1") is None
    assert manager.asked == []


@pytest.mark.parametrize(
    ("status", "content", "message"),
    [
        (403, {"error": {"code": "AuthorizationFailed", "message": "no"}}, "^AuthorizationFailed: no$"),
        (500, {}, "^500: no reason given$"),
        (200, b"<html>", "Expecting value"),
    ],
)
def test_a_refusal_is_the_providers_own_word(
    manager: Manager, account: AzureAccount, status: int, content: object, message: str
) -> None:
    manager.says(f"{COMPUTE}/skus", content, status)

    with pytest.raises(UnansweredError, match=message):
        account.may_use_region()


def test_without_credentials_nothing_is_asked(manager: Manager) -> None:
    account = AzureAccount(SUBSCRIPTION, "uaenorth", Unsigned(), management=manager.address)

    with pytest.raises(UnansweredError, match=r"^DefaultAzureCredential failed$"):
        account.may_use_region()
    assert manager.asked == []


def test_a_host_that_does_not_answer_is_unanswered() -> None:
    account = AzureAccount(SUBSCRIPTION, "uaenorth", Signed(), management="http://127.0.0.1:1")

    with pytest.raises(UnansweredError):
        account.may_use_region()
