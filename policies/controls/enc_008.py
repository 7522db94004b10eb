"""ENC-008: repositories of images on ECR are encrypted with a key of our own."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.encryption import KMS_ALIAS_OF_AWS, KMS_KEY, KMS_KEY_ABROAD
from policies.examples.kubernetes import service
from policies.outcomes import Outcome
from policies.ownership.own_keys import OWN_KMS_KEY, is_own_kms_key
from policies.resources import Resource, resource
from policies.templates import is_one_of, is_set
from policies.values import UNKNOWN

REPOSITORY = "aws:ecr/repository:Repository"
TEMPLATE = "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate"
WITH_KMS = ("KMS", "KMS_DSSE")

CONTROL = Control(
    id="ENC-008",
    title="Repositories of images on ECR are encrypted with a key of our own",
    harm="A model baked into an image is as readable as the registry that keeps it.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=(REPOSITORY, TEMPLATE), view=as_is),
    reads=tuple(
        f"{kind}:encryptionConfigurations[*].{name}"
        for kind in ("Repository", "RepositoryCreationTemplate")
        for name in ("encryptionType", "kmsKey")
    ),
    remedy="Give the repository encryptionConfigurations with encryptionType KMS and kmsKey, when it is first made.",
    note=(
        "KMS without a key named takes one that AWS keeps, so a key of ours is asked for. What ECR makes repositories "
        "from by itself is held to the same."
    ),
)


@CONTROL.check
def images_are_encrypted(found: Resource) -> Iterator[Outcome]:
    """Find a repository, or what repositories are made from, without a key of ours."""
    configurations = found["encryptionConfigurations"]
    if not configurations.value:
        yield from is_set(configurations, f"one with {OWN_KMS_KEY}")
    for each in configurations.items():
        yield from is_one_of(each["encryptionType"], WITH_KMS)
        yield from is_own_kms_key(each["kmsKey"])


def encrypted(token: str = REPOSITORY, **configuration: object) -> Resource:
    """Make a repository, or a template, with one configuration."""
    return resource(token, {"encryptionConfigurations": [configuration]})


TYPE, KEY = (f"encryptionConfigurations[0].{name}" for name in ("encryptionType", "kmsKey"))
CONTROL.good("a key of ours", encrypted(encryptionType="KMS", kmsKey=KMS_KEY))
CONTROL.good("a key of ours, twice over", encrypted(TEMPLATE, encryptionType="KMS_DSSE", kmsKey=KMS_KEY))
CONTROL.bad(
    "nothing said",
    resource(REPOSITORY, {"name": "acme/iris"}),
    finding=f"encryptionConfigurations: found nothing, expected one with {OWN_KMS_KEY}",
)
CONTROL.bad(
    "keys of S3",
    encrypted(encryptionType="AES256"),
    finding=(f"{TYPE}: found AES256, expected KMS or KMS_DSSE", f"{KEY}: found nothing, expected {OWN_KMS_KEY}"),
)
CONTROL.bad(
    "a key that AWS keeps",
    encrypted(TEMPLATE, encryptionType="KMS", kmsKey=KMS_ALIAS_OF_AWS),
    finding=f"{KEY}: found {KMS_ALIAS_OF_AWS}, expected {OWN_KMS_KEY}",
)
CONTROL.bad(
    "a key abroad",
    encrypted(encryptionType="KMS", kmsKey=KMS_KEY_ABROAD),
    finding=f"{KEY}: found {KMS_KEY_ABROAD}, expected {OWN_KMS_KEY}",
)
CONTROL.unknown("a key of another resource", encrypted(encryptionType="KMS", kmsKey=UNKNOWN), at=KEY)
CONTROL.unknown(
    "configured elsewhere",
    resource(REPOSITORY, {"encryptionConfigurations": UNKNOWN}),
    at="encryptionConfigurations",
)
CONTROL.not_applicable("a Service keeps no image", service())
