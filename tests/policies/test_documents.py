"""Policy documents are read so that neither text, nor a part not known, nor a strange form is taken for an answer."""

from __future__ import annotations

import json

import pytest

from policies.documents import covers, document, is_document, is_everything, statements
from policies.node import Node
from policies.outcomes import Finding, Undecided
from policies.path import Path
from policies.values import UNKNOWN, Secret

ALLOW = {
    "Effect": "Allow",
    "Principal": {"AWS": ["111122223333", "arn:aws:iam::444455556666:root"], "Service": "ec2.amazonaws.com"},
    "Action": "s3:GetObject",
    "Resource": ["arn:aws:s3:::a", "arn:aws:s3:::b"],
    "Condition": {
        "ForAnyValue:StringLikeIfExists": {"AWS:SourceArn": ["a", "b"]},
        "Bool": {"aws:SecureTransport": "true"},
    },
}


def holding(value: object) -> Node:
    return Node({"policy": value})["policy"]


def written(*said: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(said)})


@pytest.mark.parametrize("value", [written(ALLOW), {"Statement": [ALLOW]}])
def test_text_and_plain_form_say_the_same_at_the_same_places(value: object) -> None:
    (statement,) = statements(holding(value))

    assert list(is_document(holding(value))) == []
    assert (statement.allows, statement.denies) == (True, False)
    assert [str(each.path) for each in statement.actions] == ["policy.Statement[0].Action"]
    assert [str(each.path) for each in statement.resources] == [
        "policy.Statement[0].Resource[0]",
        "policy.Statement[0].Resource[1]",
    ]
    assert [(each.kind, each.account) for each in statement.principals] == [
        ("AWS", "111122223333"),
        ("AWS", "444455556666"),
        ("Service", None),
    ]


def test_a_condition_is_taken_apart() -> None:
    (statement,) = statements(holding(written(ALLOW)))
    first, second = statement.conditions

    assert (first.quantifier, first.operator, first.if_exists, first.key) == (
        "ForAnyValue",
        "StringLike",
        True,
        "aws:sourcearn",
    )
    assert [each.value for each in first.values] == ["a", "b"]
    assert (second.quantifier, second.operator, second.if_exists) == (None, "Bool", False)
    assert list(statement.conditions_on("aws:SecureTransport")) == [second]


def test_one_statement_may_stand_alone() -> None:
    (statement,) = statements(holding({"Statement": ALLOW}))

    assert str(statement.effect.path) == "policy.Statement.Effect"


def test_everyone_is_told_from_somebody() -> None:
    for principal, expected in (
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": "111122223333"}, False),
        ({"Service": "*"}, False),
    ):
        (statement,) = statements(holding({"Statement": [ALLOW | {"Principal": principal}]}))

        assert [each.is_anyone for each in statement.principals if each.kind in ("*", "AWS", "Service")] == [expected]


def test_an_unknown_document_is_one_statement_of_which_nothing_is_known() -> None:
    node = holding(UNKNOWN)
    (statement,) = statements(node)

    assert list(is_document(node)) == [Undecided(at=Path(("policy",)))]
    assert (statement.allows, statement.denies) == (True, True)
    for found in (*statement.actions, *statement.resources, *(each.node for each in statement.conditions)):
        assert found.undecided == Undecided(at=Path(("policy",)))


def test_an_unknown_part_says_where_it_lies() -> None:
    (statement,) = statements(holding({"Statement": [ALLOW | {"Condition": UNKNOWN, "Action": ["s3:Get*", UNKNOWN]}]}))

    assert [str(each.undecided.at) for each in statement.actions if not each.known] == ["policy.Statement[0].Action[1]"]
    assert [str(each.node.undecided.at) for each in statement.conditions_on("aws:SourceArn")] == [
        "policy.Statement[0].Condition"
    ]


@pytest.mark.parametrize(
    ("value", "finding"),
    [
        (None, "policy: found nothing, expected a policy document in JSON"),
        ("", 'policy: found "", expected a policy document in JSON'),
        ("[]", "policy: found [], expected a policy document in JSON"),
        ('{"Statement": [], "Statement": []}', None),
        ({"Statement": []}, "policy.Statement: found [], expected statements"),
        ({"statement": [ALLOW]}, None),
        ({"Statement": ["Deny"]}, "policy.Statement[0]: found Deny, expected a statement"),
        ({"Statement": [{"effect": "Deny"}]}, None),
        ({"Statement": [{"Effect": "DENY"}]}, "policy.Statement[0].Effect: found DENY, expected Allow or Deny"),
        ("[" * 100_000, None),
    ],
)
def test_what_is_no_document_is_found(value: object, finding: str | None) -> None:
    (found,) = is_document(holding(value))

    assert isinstance(found, Finding)
    assert finding in (None, str(found))


def test_a_secret_document_stays_secret() -> None:
    (statement,) = statements(holding(Secret(written(ALLOW))))
    (action,) = statement.actions

    assert str(action.finding("less")) == "policy.Statement[0].Action: found [secret], expected less"
    assert document(holding("{")).value == "{"


def test_patterns_stand_for_names_in_any_case() -> None:
    assert covers("S3:Get*", "s3:getobject")
    assert covers("s3:?etObject", "s3:GetObject")
    assert not covers("s3:[Gg]etObject", "s3:GetObject")
    assert not covers(UNKNOWN, "s3:GetObject")


@pytest.mark.parametrize("pattern", ["*", "*:*", "**", "arn:aws:*", "arn:*:*:*:*:*", "arn:aws-cn:*:*"])
def test_everything_has_many_spellings(pattern: str) -> None:
    assert is_everything(pattern)


@pytest.mark.parametrize("pattern", ["", ":", "s3:*", "arn:aws:s3:::*", "arn:aws:iam::111122223333:*", UNKNOWN, None])
def test_what_is_less_than_everything(pattern: object) -> None:
    assert not is_everything(pattern)
