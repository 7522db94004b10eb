"""RES-016: calls of managed models are answered in the region they are made in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.azure_residency import made
from policies.models.routed_models import IN_THE_REGION, NAMED_IN_THE_REGION, is_answered_here, may_call_here_alone
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Resource
from policies.tables import Table, by_table, if_set, one_of, reads_of
from policies.templates import is_absent
from policies.values import UNKNOWN

PROFILE = "aws:bedrock/inferenceProfile:InferenceProfile"
AGENT = "aws:bedrock/agentAgent:AgentAgent"
PROMPT = "aws:bedrock/agentPrompt:AgentPrompt"
KNOWLEDGE = "aws:bedrock/agentKnowledgeBase:AgentKnowledgeBase"
GUARDRAIL = "aws:bedrock/guardrail:Guardrail"
THROUGHPUT = "aws:bedrock/provisionedModelThroughput:ProvisionedModelThroughput"
JOB = "aws:bedrockmodel/invocationJob:InvocationJob"
POLICIES = tuple(
    f"aws:iam/{kind[0].lower()}{kind[1:]}:{kind}" for kind in ("Policy", "RolePolicy", "UserPolicy", "GroupPolicy")
)
ROLE = "aws:iam/role:Role"
PERMISSIONS = "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy"
ATTACHMENTS = tuple(
    f"aws:iam/{kind[0].lower()}{kind[1:]}:{kind}"
    for kind in ("RolePolicyAttachment", "UserPolicyAttachment", "GroupPolicyAttachment", "PolicyAttachment")
)
DEPLOYMENT = "azure-native:cognitiveservices:Deployment"
OF_THE_REGION = ("Standard", "ProvisionedManaged")
"""What Azure calls a deployment that answers in its own region; all others are global, or of a zone of regions."""
NARROW = re.compile(r"arn:aws[a-z-]*:iam::[^:]*:policy/(?!AmazonBedrock(?!ReadOnly)).+")
"""The ARN of any policy but those that AWS keeps to let their holder call every model of every region."""
OWN_POLICY = "a policy of our own that names the models"


def calls_no_model(node: Node) -> Iterator[Outcome]:
    """Find a policy that AWS keeps and that lets its holder call every model, in every region."""
    yield from node.must(lambda arn: isinstance(arn, str) and NARROW.fullmatch(arn), OWN_POLICY)


TABLE: Table = {
    PROFILE: {"modelSource.copyFrom": is_answered_here},
    AGENT: {"foundationModel": is_answered_here},
    PROMPT: {"variants[].modelId": if_set(is_answered_here)},
    KNOWLEDGE: {
        f"knowledgeBaseConfiguration.{kind}KnowledgeBaseConfiguration.embeddingModelArn": if_set(is_answered_here)
        for kind in ("vector", "managed")
    },
    GUARDRAIL: {"crossRegionConfig.guardrailProfileIdentifier": is_absent},
    THROUGHPUT: {"modelArn": is_answered_here},
    JOB: {"modelId": is_answered_here},
    **{token: {"policy": may_call_here_alone} for token in POLICIES},
    ROLE: {"inlinePolicies[].policy": if_set(may_call_here_alone), "managedPolicyArns[]": calls_no_model},
    PERMISSIONS: {"inlinePolicy": may_call_here_alone},
    **{token: {"policyArn": calls_no_model} for token in ATTACHMENTS},
    DEPLOYMENT: {"sku.name": one_of(*OF_THE_REGION)},
}

CONTROL = Control(
    id="RES-016",
    title="Calls of managed models are answered in the region they are made in",
    harm="Prompts and answers are processed wherever there is room, and kept there where abuse is looked for.",
    severity=Severity.CRITICAL,
    applies_to=Subject(tokens=tuple(TABLE), view=as_is),
    reads=reads_of(TABLE),
    remedy=(
        "Serve the model in the cluster; or name a model of the region by its ARN, in policies too, and deploy Azure "
        f"OpenAI as {' or '.join(OF_THE_REGION)}."
    ),
    note=(
        "Ids of profiles by their prefix come from the catalog (aws-bedrock-inference). A policy that allows a call is "
        "judged by its own words; a Deny elsewhere excuses nothing. An application's own profile is judged where it is "
        "made. Wider than asked: agents, prompts, knowledge bases, guardrails, jobs, throughput and policies that AWS "
        "keeps. Accounts that route between locations are in RES-002. The model's name on Azure says nothing of places."
    ),
)


@CONTROL.check
def answers_in_the_region(found: Resource) -> Iterator[Outcome]:
    """Find each way in which a prompt may be answered in another region."""
    yield from by_table(TABLE, found)


HERE = "arn:aws:bedrock:me-central-1::foundation-model/amazon.titan-embed-text-v2:0"
ELSEWHERE = HERE.replace("me-central-1", "eu-west-1")
ROUTED = "arn:aws:bedrock:me-central-1:111122223333:inference-profile/global.amazon.nova-2-lite-v1:0"


def policy(resource: object = HERE, *, action: object = "bedrock:InvokeModel", **more: object) -> str:
    """Write a policy that allows calls of these models."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [{k: v for k, v in statement.items() if v is not None}]})


def held_to(region: object, operator: str = "StringEquals") -> dict[str, object]:
    """Write a condition that holds calls to a region."""
    return {operator: {"aws:RequestedRegion": region}}


CONTROL.good("a profile of an application for one region", made(PROFILE, modelSource={"copyFrom": HERE}))
CONTROL.good("an agent on a model of the region", made(AGENT, foundationModel="amazon.titan-text-express-v1"))
CONTROL.good("a prompt on a model of the region", made(PROMPT, variants=[{"modelId": HERE}, {"name": "no model"}]))
CONTROL.good(
    "knowledge by a model of the region",
    made(KNOWLEDGE, knowledgeBaseConfiguration={"vectorKnowledgeBaseConfiguration": {"embeddingModelArn": HERE}}),
)
CONTROL.good("a guardrail of the region", made(GUARDRAIL))
CONTROL.good("throughput of the region", made(THROUGHPUT, modelArn=HERE))
CONTROL.good("a job of the region", made(JOB, modelId=HERE))
CONTROL.good("may call one model of the region", made(POLICIES[0], policy=policy()))
CONTROL.good(
    "may call whatever the region has, and read its bucket",
    made(POLICIES[1], policy=policy([HERE, "arn:aws:s3:::acme-models/*"], action=["bedrock:Invoke*", "s3:GetObject"])),
)
CONTROL.good(
    "may call whatever answers in the region",
    made(POLICIES[2], policy=policy("*", Condition=held_to(["me-central-1"]))),
)
CONTROL.good("may call nothing", made(POLICIES[3], policy=policy("*", action="s3:GetObject")))
CONTROL.good(
    "may do anything but call models", made(PERMISSIONS, inlinePolicy=policy("*", action=None, NotAction="bedrock:*"))
)
CONTROL.good(
    "a role that may call one model of the region",
    made(
        ROLE,
        inlinePolicies=[{"policy": policy()}, {"name": "empty"}],
        managedPolicyArns=["arn:aws:iam::aws:policy/AmazonBedrockReadOnly"],
    ),
)
CONTROL.good(
    "may see which models there are", made(ATTACHMENTS[0], policyArn="arn:aws:iam::111122223333:policy/models")
)
CONTROL.good("a deployment of the region", made(DEPLOYMENT, sku={"name": "Standard"}))
CONTROL.good("throughput of a region of Azure", made(DEPLOYMENT, sku={"name": "ProvisionedManaged"}))
CONTROL.bad(
    "a profile of an application over several regions",
    made(PROFILE, modelSource={"copyFrom": ROUTED}),
    finding=f"modelSource.copyFrom: found {ROUTED}, expected {IN_THE_REGION}",
)
CONTROL.bad(
    "an agent on a profile over several regions",
    made(AGENT, foundationModel="us.amazon.nova-lite-v1:0"),
    finding=f"foundationModel: found us.amazon.nova-lite-v1:0, expected {IN_THE_REGION}",
)
CONTROL.bad("an agent on nothing", made(AGENT), finding=f"foundationModel: found nothing, expected {IN_THE_REGION}")
CONTROL.bad(
    "a prompt on a model abroad",
    made(PROMPT, variants=[{"modelId": ELSEWHERE}]),
    finding=f"variants[0].modelId: found {ELSEWHERE}, expected {IN_THE_REGION}",
)
for kind in ("vector", "managed"):
    CONTROL.bad(
        f"knowledge by a model abroad, {kind}",
        made(
            KNOWLEDGE,
            knowledgeBaseConfiguration={f"{kind}KnowledgeBaseConfiguration": {"embeddingModelArn": ELSEWHERE}},
        ),
        finding=(
            f"knowledgeBaseConfiguration.{kind}KnowledgeBaseConfiguration.embeddingModelArn: "
            f"found {ELSEWHERE}, expected {IN_THE_REGION}"
        ),
    )
CONTROL.bad(
    "a guardrail over several regions",
    made(GUARDRAIL, crossRegionConfig={"guardrailProfileIdentifier": "eu.guardrail.v1:0"}),
    finding="crossRegionConfig.guardrailProfileIdentifier: found eu.guardrail.v1:0, expected nothing",
)
CONTROL.bad(
    "throughput abroad",
    made(THROUGHPUT, modelArn=ELSEWHERE),
    finding=f"modelArn: found {ELSEWHERE}, expected {IN_THE_REGION}",
)
CONTROL.bad(
    "a job abroad", made(JOB, modelId=ELSEWHERE), finding=f"modelId: found {ELSEWHERE}, expected {IN_THE_REGION}"
)
CALLED = "policy.Statement[0].Resource"
for label, named in {
    "any model": "*",
    "any model of the account": "arn:aws:bedrock:me-central-1:111122223333:*",
    "a model abroad": ELSEWHERE,
    "a model of every region": HERE.replace("me-central-1", "*"),
    "a profile over several regions": ROUTED,
    "a router over several models": ROUTED.replace("inference-profile", "prompt-router"),
    "a number": 7,
}.items():
    CONTROL.bad(
        f"may call {label}",
        made(POLICIES[1], policy=policy(named)),
        finding=f"{CALLED}: found {named}, expected {NAMED_IN_THE_REGION}",
    )
for index, kind in enumerate(("managed by us", "of a role", "of a user", "of a group")):
    CONTROL.bad(
        f"may do anything, by a policy {kind}",
        made(POLICIES[index], policy=policy(["*"], action="*")),
        finding=f"{CALLED}[0]: found *, expected {NAMED_IN_THE_REGION}",
    )
CONTROL.bad(
    "may do anything but read a bucket",
    made(PERMISSIONS, inlinePolicy=policy("*", action=None, NotAction=["s3:GetObject", "bedrock:InvokeModel"])),
    finding=f"inlinePolicy.Statement[0].Resource: found *, expected {NAMED_IN_THE_REGION}",
)
CONTROL.bad(
    "may call all but one model",
    made(POLICIES[1], policy=policy(None, NotResource=ELSEWHERE)),
    finding=f"policy.Statement[0].NotResource: found {ELSEWHERE}, expected {NAMED_IN_THE_REGION}",
)
for label, condition in {
    "held to another region": held_to("eu-west-1"),
    "held to one of two regions": held_to(["me-central-1", "eu-west-1"]),
    "held to no region": held_to([]),
    "held to a region unless nobody says which": held_to("me-central-1", "StringEqualsIfExists"),
    "held to a region as a set": held_to("me-central-1", "ForAllValues:StringEquals"),
    "held to all other regions": held_to("me-central-1", "StringNotEquals"),
}.items():
    CONTROL.bad(
        f"may call any model, {label}",
        made(POLICIES[1], policy=policy("*", Condition=condition)),
        finding=f"{CALLED}: found *, expected {NAMED_IN_THE_REGION}",
    )
CONTROL.bad(
    "no policy at all", made(POLICIES[0], policy="{"), finding="policy: found {, expected a policy document in JSON"
)
CONTROL.bad(
    "a role that may call any model",
    made(
        ROLE,
        inlinePolicies=[{"policy": policy("*")}],
        managedPolicyArns=["arn:aws:iam::aws:policy/AmazonBedrockFullAccess"],
    ),
    finding=(
        f"inlinePolicies[0].policy.Statement[0].Resource: found *, expected {NAMED_IN_THE_REGION}",
        f"managedPolicyArns[0]: found arn:aws:iam::aws:policy/AmazonBedrockFullAccess, expected {OWN_POLICY}",
    ),
)
for attachment in ATTACHMENTS:
    CONTROL.bad(
        f"may call any model, by {attachment}",
        made(attachment, policyArn="arn:aws:iam::aws:policy/AmazonBedrockLimitedAccess"),
        finding=f"policyArn: found arn:aws:iam::aws:policy/AmazonBedrockLimitedAccess, expected {OWN_POLICY}",
    )
for sku in ("GlobalStandard", "GlobalBatch", "GlobalProvisionedManaged", "DataZoneStandard", "DeveloperTier"):
    CONTROL.bad(
        f"a deployment of {sku}",
        made(DEPLOYMENT, sku={"name": sku}),
        finding=f"sku.name: found {sku}, expected Standard or ProvisionedManaged",
    )
CONTROL.bad(
    "a deployment that Azure places",
    made(DEPLOYMENT),
    finding="sku.name: found nothing, expected Standard or ProvisionedManaged",
)
CONTROL.unknown("a deployment made elsewhere", made(DEPLOYMENT, sku=UNKNOWN), at="sku")
CONTROL.unknown("a policy made elsewhere", made(POLICIES[1], policy=UNKNOWN), at="policy")
PARTS = {"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": "*"}
for part in PARTS:
    CONTROL.unknown(
        f"a policy whose {part.lower()} is made elsewhere",
        made(POLICIES[1], policy={"Statement": [{**PARTS, part: UNKNOWN}]}),
        at=f"policy.Statement[0].{part}",
    )
CONTROL.unknown(
    "a policy held to a region made elsewhere",
    made(POLICIES[1], policy={"Statement": [{**PARTS, "Condition": held_to(UNKNOWN)}]}),
    at='policy.Statement[0].Condition.StringEquals["aws:RequestedRegion"]',
)
CONTROL.not_applicable(
    "a record of calls", made("aws:bedrockmodel/invocationLoggingConfiguration:InvocationLoggingConfiguration")
)
