"""What moves into the audit trail."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption
from falaj.catalog.providers import Provider

if TYPE_CHECKING:
    from components.audit.spec import AuditSpec

AUDIT_END = "audit-trail"
ARCHIVE_END = "audit-archive"
ARCHIVE_KEY = "audit"
LOG_KEY = "logs"


def audit_flows(spec: AuditSpec) -> tuple[DataFlow, ...]:
    """Return every flow: the cloud's own record, its copy for searching, and what comes in from other regions."""
    cloud = spec.region.provider
    flow = partial(
        DataFlow,
        region=spec.placement.region,
        data_class=DataClass.OPERATIONAL,
        channel=Channel.LOG,
        encryption=Encryption.TLS,
    )
    return (
        flow(
            source=f"{cloud}/management",
            sink=ARCHIVE_END,
            key=ARCHIVE_KEY,
            purpose="who called which interface of the cloud, from where, with what answer",
        ),
        flow(
            source=f"{cloud}/management",
            sink=AUDIT_END,
            key=LOG_KEY if cloud is Provider.AWS or spec.dedicated_capacity else None,
            purpose="the same record, ready for queries and alarms",
        ),
        *_from_abroad(spec),
        *_to_the_pair(spec),
    )


def _from_abroad(spec: AuditSpec) -> tuple[DataFlow, ...]:
    if not spec.every_region:
        return ()
    return (
        DataFlow(
            source="aws/iam",
            sink=ARCHIVE_END,
            region=spec.placement.region,
            data_class=DataClass.OPERATIONAL,
            channel=Channel.LOG,
            encryption=Encryption.TLS,
            key=ARCHIVE_KEY,
            purpose="changes of roles and any use of another region: recorded there by AWS, brought into the country",
        ),
    )


def _to_the_pair(spec: AuditSpec) -> tuple[DataFlow, ...]:
    if not spec.copy_to_pair or spec.pair_in_country is None:
        return ()
    return (
        DataFlow(
            source=ARCHIVE_END,
            sink=f"{ARCHIVE_END}-{spec.pair_in_country}",
            region=spec.pair_in_country,
            data_class=DataClass.OPERATIONAL,
            channel=Channel.COPY,
            encryption=Encryption.TLS,
            key=ARCHIVE_KEY,
            purpose="the archive, kept in step by Azure in the paired region",
        ),
    )
