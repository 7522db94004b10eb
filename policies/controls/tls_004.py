"""TLS-004: storage accounts take requests over TLS 1.2 or newer alone."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Properties, Severity, Subject, as_is
from policies.examples.kubernetes import service
from policies.outcomes import Outcome
from policies.resources import Resource, resource
from policies.templates import is_one_of
from policies.values import UNKNOWN

ACCOUNT = "azure-native:storage:StorageAccount"
OLDEST = "TLS1_2"
MODERN = (OLDEST, "TLS1_3")

CONTROL = Control(
    id="TLS-004",
    title="Storage accounts take requests over TLS 1.2 or newer alone",
    harm="Model files and audit records cross the network in the clear, or under a version of TLS that can be broken.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(ACCOUNT,), view=as_is),
    reads=("enableHttpsTrafficOnly", "minimumTlsVersion"),
    remedy="Set minimumTlsVersion to TLS1_2 and enableHttpsTrafficOnly to true.",
    note=(
        "HTTPS alone is Azure's default in the version of its interface that the provider speaks; the oldest version "
        "of TLS is 1.0 where none is said, so it has to be said."
    ),
)


@CONTROL.check
def takes_modern_tls_alone(account: Resource) -> Iterator[Outcome]:
    """Find an account that answers plain HTTP or an old version of TLS."""
    yield from account["enableHttpsTrafficOnly"].must(lambda only: only is None or only is True, "true")
    yield from is_one_of(account["minimumTlsVersion"], MODERN)


@CONTROL.fix
def over_tls(properties: Properties) -> Properties:
    """Refuse plain HTTP and old versions of TLS."""
    mended = properties | {"enableHttpsTrafficOnly": True}
    if mended.get("minimumTlsVersion") not in MODERN:
        mended["minimumTlsVersion"] = OLDEST
    return mended


CONTROL.good("both said", resource(ACCOUNT, {"enableHttpsTrafficOnly": True, "minimumTlsVersion": "TLS1_2"}))
CONTROL.good("newer still", resource(ACCOUNT, {"enableHttpsTrafficOnly": True, "minimumTlsVersion": "TLS1_3"}))
CONTROL.bad(
    "nothing said",
    resource(ACCOUNT, {}),
    finding="minimumTlsVersion: found nothing, expected TLS1_2 or TLS1_3",
)
CONTROL.bad(
    "plain HTTP taken",
    resource(ACCOUNT, {"enableHttpsTrafficOnly": False, "minimumTlsVersion": "TLS1_2"}),
    finding="enableHttpsTrafficOnly: found false, expected true",
)
CONTROL.bad(
    "an old version taken",
    resource(ACCOUNT, {"minimumTlsVersion": "TLS1_1"}),
    finding="minimumTlsVersion: found TLS1_1, expected TLS1_2 or TLS1_3",
)
CONTROL.unknown(
    "switch made elsewhere",
    resource(ACCOUNT, {"enableHttpsTrafficOnly": UNKNOWN, "minimumTlsVersion": "TLS1_2"}),
    at="enableHttpsTrafficOnly",
)
CONTROL.unknown("version made elsewhere", resource(ACCOUNT, {"minimumTlsVersion": UNKNOWN}), at="minimumTlsVersion")
CONTROL.not_applicable("a Service keeps no files", service())
