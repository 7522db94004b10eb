"""The page that draws the simulated metrics, in a real browser."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Callable
from functools import partial

import pytest

from falaj.localcluster import Status
from falaj.localcluster.gpu import conditions
from tests.browser import Browser
from tests.localcluster.gpu.workloads import NAME, NODE, SMALL_PART, WHOLE, Tenant, devices_seen, until

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

WHOLE_CARD = """(() => {
  const tile = document.querySelector('[data-device="%s"]');
  if (!tile) return null;
  const texts = (query) => [...tile.querySelectorAll(query)].map((found) => found.textContent);
  return {
    name: texts("h2"), tag: texts(".tag"), parts: texts("h3"), facts: texts(".facts li"), holders: texts(".holders li"),
    load: texts(".load .value"), memory: texts(".memory .value"),
    bars: [...tile.querySelectorAll(".load .bar span")].map((bar) => bar.style.width),
  };
})()"""
TOTALS = """Object.fromEntries(
  [...document.querySelectorAll("#totals div")].map((total) => [...total.children].map((part) => part.textContent)),
)"""
ASKING = """new Promise((resolve) => {
  document.addEventListener("securitypolicyviolation", (event) => resolve(`${event.effectiveDirective} forbids it`));
  fetch("%s").then(() => resolve("answered"), () => {});
})"""


@pytest.fixture
def address(gpu_cluster: Status) -> str:
    assert gpu_cluster.gpu_node is not None
    return gpu_cluster.gpu_node.address


@pytest.fixture
def page(gpu_cluster: Status) -> str:
    assert gpu_cluster.gpu_node is not None
    return gpu_cluster.gpu_node.page


def shown(browser: Browser, device: str, as_wanted: Callable[[dict[str, list[str]]], bool]) -> dict[str, list[str]]:
    """What the page shows of a card once that is as wanted; it follows by itself."""

    def look() -> dict[str, list[str]] | None:
        seen = browser.evaluate(WHOLE_CARD % device)
        return seen if seen is not None and as_wanted(seen) else None

    return until(look)


def test_it_draws_who_holds_a_device_and_how_that_is_and_follows_changes(
    tenant: Tenant, browser: Browser, page: str
) -> None:
    (device,) = devices_seen(tenant.run("model", {WHOLE: 1}))
    conditions.change(NAME, device, utilisation=80, memory_used=60 * 1024)

    browser.open(page)

    held = [f"model in {tenant.name}"]
    assert shown(browser, device, lambda seen: seen["holders"] == held) == {
        "name": [device],
        "tag": ["SIMULATED"],
        "parts": [],
        "facts": ["NVIDIA H100 80GB", "XID 0, no error", "66 °C", "332 W"],
        "holders": held,
        "load": ["80 %"],
        "memory": ["60 of 80 GiB"],
        "bars": ["80%"],
    }
    assert browser.evaluate("document.getElementById('node').textContent") == f"node {NODE}"
    assert browser.evaluate(TOTALS) == {
        "Devices held": "1 of 7",
        "Mean utilisation of those held": "80 %",
        "Memory used": "60 of 240 GiB",
        "Cards with an error": "0 of 3",
    }

    conditions.change(NAME, device, utilisation=5, xid=79)

    changed = shown(browser, device, lambda seen: seen["load"] == ["5 %"])
    assert (changed["bars"], changed["facts"][1]) == (["5%"], "XID 79")
    tenant.remove()
    assert shown(browser, device, lambda seen: seen["holders"] == ["no pod holds it"])["load"] == ["0 %"]
    assert browser.complaints == []


def test_it_draws_the_parts_of_a_card_each_with_its_holder(tenant: Tenant, browser: Browser, page: str) -> None:
    (part,) = devices_seen(tenant.run("small", {SMALL_PART: 1}))
    conditions.change(NAME, part, utilisation=50, memory_used=1024)
    position = int(part.rpartition("-")[2]) - 1

    browser.open(page)

    seen = shown(browser, "GPU-simulated-2", lambda seen: seen["holders"][position] == f"small in {tenant.name}")
    assert seen["parts"] == [
        "MIG 3g.40gb, instance 1",
        *(f"MIG 1g.10gb, instance {number}" for number in (2, 3, 4, 5)),
    ]
    assert (seen["load"][position], seen["memory"][position]) == ("50 %", "1 of 10 GiB")
    assert seen["holders"].count("no pod holds it") == 4
    assert seen["memory"][0] == "0 of 40 GiB"


@pytest.mark.usefixtures("tenant")
def test_it_says_when_there_are_no_measurements_and_goes_on_when_there_are(browser: Browser, page: str) -> None:
    failure = partial(browser.evaluate, "document.getElementById('failure').textContent")
    browser.open(page)
    shown(browser, "GPU-simulated-0", lambda _: True)
    assert failure() == ""

    browser.block("**/metrics")
    assert until(lambda: failure() or None) == (
        "No measurements at the moment; what is below is older. Failed to fetch"
    )

    browser.block()
    until(lambda: failure() == "")


@pytest.mark.usefixtures("tenant")
def test_it_may_run_its_own_script_and_ask_its_own_address_and_nothing_else(
    browser: Browser, page: str, address: str
) -> None:
    with urllib.request.urlopen(f"http://{address}:9400/") as answer:
        policy = re.sub(r"sha256-[\w+/]{43}=", "HASH", answer.headers["Content-Security-Policy"])
    browser.open(page)
    shown(browser, "GPU-simulated-0", lambda _: True)

    assert policy == (
        "default-src 'none'; script-src 'HASH'; style-src 'HASH'; img-src data:; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    )
    assert browser.evaluate(ASKING % "metrics") == "answered"
    assert browser.evaluate(ASKING % f"http://{address}:9401/") == "connect-src forbids it"


@pytest.mark.usefixtures("tenant")
def test_it_is_light_or_dark_as_preferred(browser: Browser, page: str) -> None:
    browser.open(page)
    shown(browser, "GPU-simulated-0", lambda _: True)
    grounds = {}
    for scheme in ("light", "dark"):
        browser.prefer(scheme)
        grounds[scheme] = browser.evaluate("getComputedStyle(document.body).backgroundColor")

    assert grounds == {"light": "rgb(244, 246, 248)", "dark": "rgb(17, 23, 29)"}
