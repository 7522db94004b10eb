"""ENC-004: an EKS cluster encrypts its Secrets with a key of our own."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.encryption import KMS_ALIAS_OF_AWS, KMS_KEY, KMS_KEY_ABROAD
from policies.examples.kubernetes import service
from policies.outcomes import Outcome
from policies.ownership.own_keys import OWN_KMS_KEY, is_own_kms_key
from policies.resources import Resource, resource
from policies.values import UNKNOWN

CLUSTER = "aws:eks/cluster:Cluster"
SECRETS = "secrets"

CONTROL = Control(
    id="ENC-004",
    title="An EKS cluster encrypts its Secrets with a key of our own",
    harm="Every password in the cluster lies in its store under a key that nobody here may take away.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(CLUSTER,), view=as_is),
    reads=("encryptionConfig.resources", "encryptionConfig.provider.keyArn"),
    remedy='Set encryptionConfig with resources ["secrets"] and provider.keyArn to your own key in the region.',
    note="EKS encrypts its store with a key of its own since Kubernetes 1.28; what is asked for here is ours.",
)


@CONTROL.check
def secrets_are_encrypted(cluster: Resource) -> Iterator[Outcome]:
    """Find a cluster that leaves its Secrets out, or encrypts them with a key that is not ours."""
    encryption = cluster["encryptionConfig"]
    yield from encryption["resources"].must(
        lambda value: isinstance(value, list) and SECRETS in value, f'["{SECRETS}"]'
    )
    yield from is_own_kms_key(encryption["provider"]["keyArn"])


def cluster(key: object, *resources: object) -> Resource:
    """Make a cluster that encrypts these with a key."""
    return resource(CLUSTER, {"encryptionConfig": {"provider": {"keyArn": key}, "resources": list(resources)}})


KEY = "encryptionConfig.provider.keyArn"
CONTROL.good("Secrets under a key of ours", cluster(KMS_KEY, SECRETS))
CONTROL.bad(
    "nothing said",
    resource(CLUSTER, {"version": "1.36"}),
    finding=(
        'encryptionConfig.resources: found nothing, expected ["secrets"]',
        f"{KEY}: found nothing, expected {OWN_KMS_KEY}",
    ),
)
CONTROL.bad("Secrets left out", cluster(KMS_KEY), finding='encryptionConfig.resources: found [], expected ["secrets"]')
CONTROL.bad(
    "a key abroad",
    cluster(KMS_KEY_ABROAD, SECRETS),
    finding=f"{KEY}: found {KMS_KEY_ABROAD}, expected {OWN_KMS_KEY}",
)
CONTROL.bad(
    "a key that AWS keeps",
    cluster(KMS_ALIAS_OF_AWS, SECRETS),
    finding=f"{KEY}: found {KMS_ALIAS_OF_AWS}, expected {OWN_KMS_KEY}",
)
CONTROL.unknown("a key of another resource", cluster(UNKNOWN, SECRETS), at=KEY)
CONTROL.unknown("resources listed elsewhere", cluster(KMS_KEY, UNKNOWN), at="encryptionConfig.resources")
CONTROL.not_applicable("a Service is no cluster", service())
