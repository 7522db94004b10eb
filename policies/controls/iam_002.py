"""IAM-002: nothing signs in with a key that lasts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from policies.control import Control, Severity, Subject, as_is
from policies.examples.identity import AWS_PROVIDER, AZURE_PROVIDER, made
from policies.examples.kubernetes import service
from policies.outcomes import Outcome
from policies.resources import Resource
from policies.templates import is_absent
from policies.values import UNKNOWN

USERS = {
    "aws:iam/user:User": ("name", "a user"),
    "aws:iam/accessKey:AccessKey": ("user", "a user's access key"),
    "aws:iam/userLoginProfile:UserLoginProfile": ("user", "a user's password"),
    "aws:iam/serviceSpecificCredential:ServiceSpecificCredential": ("userName", "a user's password for one service"),
    "aws:iam/sshKey:SshKey": ("username", "a user's SSH key"),
    "aws:iam/signingCertificate:SigningCertificate": ("userName", "a user's certificate"),
}
"""Types of AWS that stand for someone with a key of their own: where each says whose it is, and what it is."""
TEMPORARY = "ASIA"
"""How the id of an access key begins that ends by itself."""
WORDS_OF_AN_APPLICATION = ("clientSecret", "clientCertificatePassword")

CONTROL = Control(
    id="IAM-002",
    title="Nothing signs in with a key that lasts",
    harm="A key that was copied once works for years, from anywhere, and nobody can tell who uses it.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(*USERS, f"{AWS_PROVIDER}*", "pulumi:providers:azure*"), view=as_is),
    reads=(
        *(f"{token}:{place}" for token, (place, _) in USERS.items()),
        f"{AWS_PROVIDER}:accessKey",
        f"{AWS_PROVIDER}:secretKey",
        *(f"{AZURE_PROVIDER}:{name}" for name in WORDS_OF_AN_APPLICATION),
    ),
    remedy=(
        "Use a role: EKS Pod Identity for pods, an instance role for machines, single sign-on or OpenID Connect for "
        "people and pipelines; on Azure a managed identity or a federated credential."
    ),
    note=(
        "Wider than the wording: passwords and certificates of users count as keys, and so do the keys with which the "
        "stack itself reaches AWS or Azure, as far as its providers name them. Where the environment holds them, no "
        "plan shows it."
    ),
)


@CONTROL.check
def signs_in_for_a_time(found: Resource) -> Iterator[Outcome]:
    """Find each user of AWS with its keys, and each provider that was given a key that lasts."""
    if found.type in USERS:
        place, what = USERS[found.type]
        yield replace(found[place].finding("a role, which is taken on for a time"), found=what)
    elif found.type.startswith(AWS_PROVIDER):
        key = found["accessKey"]
        yield from key.must(is_temporary, "nothing, or a key for a time")
        if not key.value:
            yield from is_absent(found["secretKey"])
    else:
        for name in WORDS_OF_AN_APPLICATION:
            yield from is_absent(found[name])


def is_temporary(key: object) -> bool:
    """Tell whether there is no access key, or one that ends by itself."""
    return not key or (isinstance(key, str) and key.startswith(TEMPORARY))


CONTROL.good("the stack takes on a role of AWS", made(AWS_PROVIDER, {"region": "me-central-1"}))
CONTROL.good(
    "the stack has a key of AWS for a time",
    made(AWS_PROVIDER, {"accessKey": "ASIAEXAMPLEEXAMPLE", "secretKey": "x", "token": "x"}),
)
CONTROL.good("the stack is known to Azure by where it runs", made(AZURE_PROVIDER, {"useMsi": "true"}))
CONTROL.good("the stack is known to Azure by its pipeline", made(AZURE_PROVIDER, {"useOidc": "true"}))
for token, (place, what) in USERS.items():
    CONTROL.bad(
        what,
        made(token, {place: "robot"}),
        finding=f"{place}: found {what}, expected a role, which is taken on for a time",
    )
CONTROL.bad(
    "a user who gets a name later",
    made("aws:iam/user:User", {"name": UNKNOWN}),
    finding="name: found a user, expected a role, which is taken on for a time",
)
CONTROL.bad(
    "the stack has a key of AWS that lasts",
    made(AWS_PROVIDER, {"accessKey": "AKIAEXAMPLEEXAMPLE", "secretKey": "x"}),
    finding="accessKey: found AKIAEXAMPLEEXAMPLE, expected nothing, or a key for a time",
)
CONTROL.bad(
    "the stack has half a key of AWS",
    made(AWS_PROVIDER, {"secretKey": "x"}),
    finding="secretKey: found x, expected nothing",
)
CONTROL.bad(
    "the stack has a password of an application",
    made(AZURE_PROVIDER, {"clientSecret": "x"}),
    finding="clientSecret: found x, expected nothing",
)
CONTROL.bad(
    "the stack has a certificate of an application",
    made(AZURE_PROVIDER, {"clientCertificatePassword": "x"}),
    finding="clientCertificatePassword: found x, expected nothing",
)
CONTROL.unknown("key of AWS made elsewhere", made(AWS_PROVIDER, {"accessKey": UNKNOWN}), at="accessKey")
CONTROL.unknown("half a key of AWS made elsewhere", made(AWS_PROVIDER, {"secretKey": UNKNOWN}), at="secretKey")
CONTROL.unknown("password made elsewhere", made(AZURE_PROVIDER, {"clientSecret": UNKNOWN}), at="clientSecret")
CONTROL.not_applicable("a Service signs in nowhere", service())
