"""The comparison with the account: what it may use now, asked of the provider with the user's own credentials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from falaj.catalog.providers import Provider
from falaj.catalog.recipes import offered_minors
from falaj.catalog.regions import regions
from falaj.preflight.allowances import QuotaNeed, quota_needs, request
from falaj.preflight.findings import Finding, Verdict
from falaj.preflight.state import COUNTRY
from falaj.preflight.versions import KUBERNETES_FILE, TARGETS, chosen_minor, makes_cluster
from falaj.preflight.wanted import Wanted

Answer = TypeVar("Answer")


class UnansweredError(Exception):
    """The provider did not answer a question; the message is its own, in one line."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much of a quota an account has."""

    limit: float
    """The most it may use."""
    used: float | None
    """What it uses now; None where the provider does not say."""


class Account(Protocol):
    """One account of one provider in one region. Every question may raise `UnansweredError`."""

    name: str
    """What it is called in a finding."""

    def may_use_region(self) -> bool:
        """Return whether the region is switched on for the account."""

    def zones_selling(self, sizes: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """Return for each size the zones in which the account may buy it; the region's key where it has no zones."""

    def allowance(self, need: QuotaNeed) -> Allowance:
        """Return how much of a quota the account has."""

    def kubernetes_minors(self) -> frozenset[str]:
        """Return the Kubernetes minors on which the account may make a cluster."""

    def add_ons(self, minor: str, names: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """Return the versions of each add-on that go with a Kubernetes minor; nothing where add-ons have none."""

    def home_of_state(self, backend: str) -> str | None:
        """Return the region where the backend's bucket or account lies; None where this provider does not hold it."""


def live(wanted: Wanted, account: Account) -> list[Finding]:
    """Return what the account itself says; a question it does not answer becomes a finding, never an error."""
    return [
        *_region(wanted, account),
        *_state(wanted, account),
        *_kubernetes(wanted, account),
        *_add_ons(wanted, account),
        *_sizes(wanted, account),
        *_quotas(wanted, account),
    ]


def _region(wanted: Wanted, account: Account) -> Iterator[Finding]:
    what, needed = f"region {wanted.region}", "open to the account"
    answer = _ask(account.may_use_region)
    if isinstance(answer, UnansweredError):
        yield _unanswered(account, what, needed, answer)
        return
    steps = {
        Provider.AWS: f"aws account enable-region --region-name {wanted.region}",
        Provider.AZURE: f"ask Azure support for access to {wanted.region}",
    }
    yield _said(account, what, needed, "open" if answer else "closed", fits=answer, step=steps[wanted.provider])


def _state(wanted: Wanted, account: Account) -> Iterator[Finding]:
    backend = wanted.state.backend
    if backend is None or wanted.relaxed:
        return
    needed = "a bucket or storage account in the country"
    answer = _ask(lambda: account.home_of_state(backend))
    if isinstance(answer, UnansweredError):
        yield _unanswered(account, "state", needed, answer)
    elif answer is not None:
        known = regions().get(answer)
        inside = known is not None and known.jurisdiction.country == COUNTRY
        step = "move the state into the country: pulumi stack export, pulumi login, pulumi stack import"
        yield _said(account, "state", needed, f"lies in {answer}", fits=inside, step=step)


def _kubernetes(wanted: Wanted, account: Account) -> Iterator[Finding]:
    if not makes_cluster(wanted):
        return
    minor = chosen_minor(wanted)
    what, needed = f"Kubernetes {minor}", "offered to the account"
    answer = _ask(account.kubernetes_minors)
    if isinstance(answer, UnansweredError):
        yield _unanswered(account, what, needed, answer)
        return
    found = f"offered: {', '.join(sorted(answer)) or 'none'}"
    yield _said(account, what, needed, found, fits=minor in answer, step="set kubernetes to a minor that is offered")


def _add_ons(wanted: Wanted, account: Account) -> Iterator[Finding]:
    row = offered_minors(TARGETS[wanted.provider]).get(chosen_minor(wanted)) if makes_cluster(wanted) else None
    if row is None or not row.add_ons:
        return
    answer = _ask(lambda: account.add_ons(row.minor, row.add_ons))
    for name, version in sorted(row.add_ons.items()):
        what, needed = f"add-on {name}", f"{version} for Kubernetes {row.minor}"
        if isinstance(answer, UnansweredError):
            yield _unanswered(account, what, needed, answer)
            continue
        offered = answer.get(name, frozenset())
        found = f"offered: {', '.join(sorted(offered)) or 'none'}"
        step = f"read {KUBERNETES_FILE} again: set one of the versions offered"
        yield _said(account, what, needed, found, fits=version in offered, step=step)


def _sizes(wanted: Wanted, account: Account) -> Iterator[Finding]:
    names = sorted({size for pool in wanted.pools for size in pool.sizes})
    answer = _ask(lambda: account.zones_selling(names))
    for pool in wanted.pools:
        places = frozenset(wanted.zones_of(pool) or (wanted.region,))
        for size in pool.sizes:
            what, needed = f"pool {pool.name}, {size}", f"sold in {', '.join(sorted(places))}"
            if isinstance(answer, UnansweredError):
                yield _unanswered(account, what, needed, answer)
                continue
            sold = answer.get(size, frozenset())
            found = f"sold in {', '.join(sorted(sold))}" if sold else "not sold to this account"
            step = "choose another size or other zones, or ask the provider to lift the restriction"
            yield _said(account, what, needed, found, fits=places <= sold, step=step)


def _quotas(wanted: Wanted, account: Account) -> Iterator[Finding]:
    for need in quota_needs(wanted):
        yield _quota(wanted, account, need)


def _quota(wanted: Wanted, account: Account, need: QuotaNeed) -> Finding:
    what, needed = f"quota {need.title}", f"{need.amount} ({need.reason})"
    answer = _ask(lambda: account.allowance(need))
    if isinstance(answer, UnansweredError):
        return _unanswered(account, what, needed, answer)
    fits = need.amount <= answer.limit - (answer.used or 0)
    used = "use unknown" if answer.used is None else f"{answer.used:g} used"
    found = f"{answer.limit:g}, {used}"
    return _said(account, what, needed, found, fits=fits, step=_raised(need, wanted, answer))


def _raised(need: QuotaNeed, wanted: Wanted, answer: Allowance) -> str:
    total = int(need.amount + (answer.used or 0))
    return request(need, wanted, total)


def _ask(question: Callable[[], Answer]) -> Answer | UnansweredError:
    try:
        return question()
    except UnansweredError as error:
        return error


def _said(account: Account, what: str, needed: str, found: str, *, fits: bool, step: str) -> Finding:
    verdict = Verdict.OK if fits else Verdict.MISSING
    return Finding(what, needed, found, verdict, account.name, None, "" if fits else step)


def _unanswered(account: Account, what: str, needed: str, error: UnansweredError) -> Finding:
    step = "let the credentials read this, or look in the provider's console"
    return Finding(what, needed, f"no answer: {error}", Verdict.ASK, account.name, None, step)
