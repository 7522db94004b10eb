"""An Azure subscription, asked with the user's own credentials through Azure Resource Manager."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx2

from falaj.preflight.allowances import QuotaNeed
from falaj.preflight.live import Allowance, UnansweredError
from falaj.preflight.state import storage_account

MANAGEMENT = "https://management.azure.com"
SCOPE = f"{MANAGEMENT}/.default"
VERSIONS = {
    "Microsoft.Compute/skus": "2021-07-01",
    "Microsoft.Compute/usages": "2024-07-01",
    "Microsoft.ContainerService": "2024-09-01",
    "Microsoft.Storage": "2023-05-01",
}
"""The versions of the interfaces that are asked."""
PATIENCE_SECONDS = 30.0


class Token(Protocol):
    """What a credential gives."""

    @property
    def token(self) -> str:
        """The token itself."""


class Credential(Protocol):
    """Anything of azure-identity that gives tokens."""

    def get_token(self, *scopes: str) -> Token:
        """Return a token for the scopes."""


class AzureAccount:
    """One Azure subscription in one region. Reads only; follows no link to another host."""

    def __init__(self, subscription: str, region: str, credential: Credential, *, management: str = MANAGEMENT) -> None:
        self.name = f"Azure subscription in {region}"
        self._subscription = subscription
        self._region = region
        self._credential = credential
        self._management = management
        self._skus: list[dict[str, Any]] | None = None

    def require_credentials(self) -> None:
        """Refuse with `UnansweredError` where the credential gives no token."""
        self._token()

    def may_use_region(self) -> bool:
        """Return whether the subscription may use any machine size of the region: a closed one restricts them all."""
        return any(self._zones(each) for each in self._all_skus())

    def zones_selling(self, sizes: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """Return for each size the zones in which the subscription may use it, restrictions taken off."""
        wanted = frozenset(sizes)
        return {each["name"]: self._zones(each) for each in self._all_skus() if each.get("name") in wanted}

    def allowance(self, need: QuotaNeed) -> Allowance:
        """Return the limit and the use of a quota of the region."""
        version = VERSIONS["Microsoft.Compute/usages" if need.service == "Microsoft.Compute" else need.service]
        path = f"providers/{need.service}/locations/{self._region}/usages"
        for each in self._rows(path, version):
            if each["name"]["value"].casefold() == need.code.casefold():
                return Allowance(limit=each["limit"], used=each["currentValue"])
        raise UnansweredError(f"{need.service} names no quota {need.code}")

    def kubernetes_minors(self) -> frozenset[str]:
        """Return the minors on which AKS makes clusters here, previews left out."""
        path = f"providers/Microsoft.ContainerService/locations/{self._region}/kubernetesVersions"
        found = self._rows(path, VERSIONS["Microsoft.ContainerService"], key="values")
        return frozenset(each["version"] for each in found if not each.get("isPreview"))

    def add_ons(self, minor: str, names: Iterable[str]) -> Mapping[str, frozenset[str]]:  # noqa: ARG002 - the protocol's
        """Return nothing: AKS chooses the versions of its add-ons with the minor."""
        return {}

    def home_of_state(self, backend: str) -> str | None:
        """Return the region of the backend's storage account; None for a backend of another kind."""
        place = urlsplit(backend)
        account = storage_account(place) if place.scheme == "azblob" else None
        if account is None:
            return None
        for each in self._rows("providers/Microsoft.Storage/storageAccounts", VERSIONS["Microsoft.Storage"]):
            if each["name"] == account:
                return str(each["location"])
        raise UnansweredError(f"the subscription holds no storage account {account}")

    def _all_skus(self) -> list[dict[str, Any]]:
        if self._skus is None:
            query = f"location eq '{self._region}'"
            found = self._rows("providers/Microsoft.Compute/skus", VERSIONS["Microsoft.Compute/skus"], filter=query)
            self._skus = [each for each in found if each.get("resourceType") == "virtualMachines"]
        return self._skus

    def _zones(self, sku: Mapping[str, Any]) -> frozenset[str]:
        here = [each for each in sku.get("locationInfo", ()) if each["location"].casefold() == self._region]
        zones = {zone for each in here for zone in each.get("zones") or (self._region,)}
        for restriction in sku.get("restrictions", ()):
            if restriction["type"] == "Location":
                return frozenset()
            zones -= {*restriction.get("restrictionInfo", {}).get("zones", ())}
        return frozenset(zones)

    def _rows(self, path: str, version: str, *, key: str = "value", **query: str) -> Iterator[dict[str, Any]]:
        address: str | None = f"{self._management}/subscriptions/{self._subscription}/{path}"
        parameters: dict[str, str] = {"api-version": version, **{f"${name}": value for name, value in query.items()}}
        while address is not None:
            page = self._page(address, parameters)
            yield from page.get(key) or ()
            address, parameters = self._next(page), {}

    def _next(self, page: Mapping[str, Any]) -> str | None:
        link = str(page.get("nextLink") or "")
        if not link:
            return None
        if urlsplit(link).netloc != urlsplit(self._management).netloc:
            raise UnansweredError(f"the next page is said to lie at {urlsplit(link).netloc}")
        return link

    def _page(self, address: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token()}"}
        try:
            answer = httpx2.get(address, params=parameters or None, headers=headers, timeout=PATIENCE_SECONDS)
            content: dict[str, Any] = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise UnansweredError(" ".join(str(error).split())) from error
        if answer.is_error:
            said = content.get("error", {})
            raise UnansweredError(f"{said.get('code', answer.status_code)}: {said.get('message', 'no reason given')}")
        return content

    def _token(self) -> str:
        try:
            return self._credential.get_token(SCOPE).token
        except Exception as error:
            first, *_ = str(error).splitlines() or ["no reason given"]
            raise UnansweredError(first) from error
