"""Whether Pulumi's state and secrets stay in the country, by what the backend and the secrets provider say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, urlsplit

from falaj.catalog.global_services import global_services
from falaj.catalog.providers import Provider
from falaj.catalog.regions import regions
from falaj.preflight.findings import Finding, Verdict
from falaj.preflight.wanted import Wanted

COUNTRY = "AE"
SOURCE = "falaj/catalog/data/global_services.yaml"
LOGIN = (
    "pulumi login 's3://BUCKET?region=me-central-1&awssdk=v2', or "
    "'azblob://CONTAINER?storage_account=ACCOUNT' with an account in uaenorth"
)
CHANGE = (
    "pulumi stack change-secrets-provider --stack {stack} 'awskms://alias/NAME?region=me-central-1', or "
    "'azurekeyvault://VAULT.vault.azure.net/keys/KEY' with a vault in uaenorth"
)
SHOW = "show that it runs in the country"
_REGION_IN_ARN = 3


@dataclass(frozen=True, slots=True)
class _Judgement:
    verdict: Verdict
    found: str
    next_step: str = ""
    """Empty: choose another one."""


_Judge = Callable[[SplitResult], _Judgement]


def state_findings(wanted: Wanted) -> Iterator[Finding]:
    """Yield what the backend and the secrets provider say of themselves.

    Anything will do for a cluster of one's own and for stage dev. Elsewhere Pulumi Cloud, a disk, a passphrase and
    every place outside the country are refused, and so is a choice that nobody made: Pulumi's own is Pulumi Cloud.
    """
    state, row = wanted.state, global_services()["pulumi-cloud"]
    subjects = (
        ("state", "a bucket or storage account in the country", _backend(state.backend), state.backend_from, LOGIN),
        (
            "secrets",
            "a key of a key service in the country",
            _secrets(state.secrets),
            state.secrets_from,
            CHANGE.format(stack=wanted.stack),
        ),
    )
    for what, needed, judgement, where, otherwise in subjects:
        fits = wanted.relaxed or judgement.verdict is Verdict.OK
        yield Finding(
            what=what,
            needed="anything" if wanted.relaxed else needed,
            found=judgement.found if where is None else f"{judgement.found} ({where})",
            verdict=Verdict.OK if fits else judgement.verdict,
            source=SOURCE,
            as_of=row.reviewed,
            next_step="" if fits else judgement.next_step or otherwise,
        )


def _backend(address: str | None) -> _Judgement:
    if address is None:
        return _Judgement(Verdict.MISSING, "no backend chosen: Pulumi would take Pulumi Cloud")
    return _judged(address, _BACKENDS, "a backend")


def _secrets(address: str | None) -> _Judgement:
    if address is None:
        return _Judgement(Verdict.MISSING, "no secrets provider chosen: Pulumi would ask for a passphrase")
    if address == "passphrase":
        return _Judgement(Verdict.MISSING, "a passphrase, of whose use nobody keeps a record")
    if address == "default":
        return _Judgement(Verdict.MISSING, "the backend's own: a key of Pulumi Cloud, or a passphrase")
    return _judged(address, _SECRETS, "a secrets provider")


def _judged(address: str, judges: Mapping[str, _Judge], kind: str) -> _Judgement:
    try:
        place = urlsplit(address)
    except ValueError:
        return _Judgement(Verdict.MISSING, f"{address}, which is no address")
    judge = judges.get(place.scheme)
    if judge is None:
        return _Judgement(Verdict.ASK, f"{kind} of kind {place.scheme or address}", SHOW)
    return judge(place)


def _bucket(place: SplitResult) -> _Judgement:
    return _in_aws(place, f"bucket {place.netloc}")


def _container(place: SplitResult) -> _Judgement:
    account = storage_account(place)
    if account is None:
        return _Judgement(Verdict.MISSING, f"container {place.netloc} of no named account")
    step = f"az storage account show --name {account} --query location: uaenorth or uaecentral"
    return _Judgement(Verdict.ASK, f"storage account {account}, which does not say where it lies", step)


def _service(place: SplitResult) -> _Judgement:
    host = place.hostname or ""
    if host == "pulumi.com" or host.endswith(".pulumi.com"):
        return _Judgement(Verdict.MISSING, "Pulumi Cloud, which lies outside the country")
    return _Judgement(Verdict.ASK, f"a service at {place.netloc}", SHOW)


def _disk(_: SplitResult) -> _Judgement:
    return _Judgement(Verdict.MISSING, "a disk of one machine, which nobody shares, locks or backs up")


def _foreign(place: SplitResult) -> _Judgement:
    return _Judgement(Verdict.MISSING, f"{place.netloc} at a provider without a region in the country")


def _kms_key(place: SplitResult) -> _Judgement:
    return _in_aws(place, f"key {place.netloc}{place.path}".replace("key /", "key "))


def _vault_key(place: SplitResult) -> _Judgement:
    vault = place.netloc.partition(".")[0]
    step = f"az keyvault show --name {vault} --query location: uaenorth or uaecentral"
    return _Judgement(Verdict.ASK, f"vault {vault}, which does not say where it lies", step)


_BACKENDS: Mapping[str, _Judge] = {
    "s3": _bucket,
    "azblob": _container,
    "https": _service,
    "http": _service,
    "file": _disk,
    "gs": _foreign,
}
_SECRETS: Mapping[str, _Judge] = {"awskms": _kms_key, "azurekeyvault": _vault_key, "gcpkms": _foreign}


def storage_account(place: SplitResult) -> str | None:
    """Return the storage account that the address of a container names."""
    return parse_qs(place.query).get("storage_account", [None])[0]


def region_named(place: SplitResult) -> str | None:
    """Return the region that an AWS address names: in its query, or in the ARN of a key."""
    named = parse_qs(place.query).get("region", [None])[0]
    parts = place.path.lstrip("/").split(":")
    in_arn = parts[_REGION_IN_ARN] if parts[0] == "arn" and len(parts) > _REGION_IN_ARN else None
    return named or in_arn


def _in_aws(place: SplitResult, name: str) -> _Judgement:
    region = region_named(place)
    if "endpoint" in parse_qs(place.query):
        return _Judgement(Verdict.ASK, f"{name} behind an endpoint of its own", SHOW)
    if region is None:
        return _Judgement(Verdict.MISSING, f"{name}, of no named region")
    known = regions().get(region)
    if known is None or known.provider is not Provider.AWS or known.jurisdiction.country != COUNTRY:
        return _Judgement(Verdict.MISSING, f"{name} in {region}, which lies outside the country")
    return _Judgement(Verdict.OK, f"{name} in {region}")
