"""NET-008: a web firewall stands before what the internet can reach."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.kubernetes import service
from policies.examples.linked import linked, other
from policies.joins import by_companions, companions
from policies.outcomes import Finding, NotApplicable, Outcome
from policies.resources import Plan, Resource, resource
from policies.tables import Table, by_table, if_set, one_of, reads_of
from policies.templates import is_given, is_off, is_one_of, is_set, is_true
from policies.values import UNKNOWN

BALANCER, FORMER_BALANCER = BALANCERS = ("aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer")
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
WEB_ACL = "aws:wafv2/webAcl:WebAcl"
GATEWAY = "azure-native:network:ApplicationGateway"
AZURE_POLICY = "azure-native:network:WebApplicationFirewallPolicy"
SCOPED = (
    "aws:wafv2/ruleGroup:RuleGroup",
    "aws:wafv2/ipSet:IpSet",
    "aws:wafv2/regexPatternSet:RegexPatternSet",
)
"""What rules are made of."""
APPLICATION = (None, "application")
PREVENTION = one_of("Prevention")
RULES: Table = {
    WEB_ACL: {"scope": one_of("REGIONAL")},
    **{token: {"scope": one_of("REGIONAL")} for token in SCOPED},
    AZURE_POLICY: {
        "policySettings.mode": PREVENTION,
        "policySettings.state": if_set(one_of("Enabled")),
        "managedRules.managedRuleSets": lambda node: is_set(node, "a set of managed rules"),
    },
}
OWN_FIREWALL = "webApplicationFirewallConfiguration"
"""The firewall of a gateway without a policy."""

CONTROL = Control(
    id="NET-008",
    title="A web firewall stands before what the internet can reach",
    harm="Floods of requests and known attacks meet the model servers themselves.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(*BALANCERS, GATEWAY, *RULES), view=situated, stack_wide=True, beside=(ASSOCIATION,)),
    reads=(
        *reads_of(RULES),
        "WebAcl:defaultAction.allow",
        "WebAcl:rules",
        "WebAcl:ruleJson",
        *(f"LoadBalancer:{name}" for name in ("arn", "internal", "loadBalancerType", "enableWafFailOpen")),
        "WebAclAssociation:resourceArn",
        "ApplicationGateway:frontendIPConfigurations[*].publicIPAddress",
        "ApplicationGateway:sku.tier",
        "ApplicationGateway:firewallPolicy",
        f"ApplicationGateway:{OWN_FIREWALL}.enabled",
        f"ApplicationGateway:{OWN_FIREWALL}.firewallMode",
    ),
    remedy=(
        "AWS: associate a web ACL of scope REGIONAL with the load balancer, or make it internal. "
        "Azure: use tier WAF_v2 with a firewall policy in mode Prevention."
    ),
    note=(
        "Scope CLOUDFRONT keeps rules and samples of requests in us-east-1, so nothing of that scope may be. A public "
        "load balancer for networks can have no web firewall. Firewalls that let all through, or only watch, don't "
        "count. What publishes a Service of Kubernetes is judged by TLS-003."
    ),
)


@CONTROL.check
def stands_before_it(found: Situated) -> Iterator[Outcome]:
    """Find what the internet reaches past every web firewall, and firewalls that stop nothing."""
    one = found.resource
    if one.type in BALANCERS:
        yield from of_balancer(one, found.plan)
    elif one.type == GATEWAY:
        yield from of_gateway(one)
    else:
        yield from by_table(RULES, one)
        if one.type == WEB_ACL:
            yield from has_rules(one)


def has_rules(firewall: Resource) -> Iterator[Outcome]:
    """Find a web ACL that lets everything through."""
    allow, text = firewall["defaultAction"]["allow"], firewall["ruleJson"]
    if open_questions := [each.undecided for each in (allow, text) if not each.known]:
        yield from open_questions
    elif allow.value is not None and not text.value:
        yield from is_set(firewall["rules"], "rules, where the default is to allow")


def of_balancer(balancer: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge a load balancer that the internet reaches."""
    internal, kind = balancer["internal"], balancer["loadBalancerType"]
    if not internal.known:
        yield internal.undecided
    elif internal.value is True:
        yield NotApplicable("answers inside the network only")
    else:
        yield from is_one_of(kind, APPLICATION, "application; no other kind can have a web firewall")
        if kind.value in APPLICATION:
            yield from is_off(balancer["enableWafFailOpen"])
            yield from is_associated(balancer, plan)


def is_associated(balancer: Resource, plan: Plan) -> Iterator[Outcome]:
    """Find a load balancer with which no web ACL is associated."""
    associations = companions(balancer, plan, ASSOCIATION, "resourceArn")
    missing = Finding(balancer["arn"].path, "no web ACL", "one that is associated with it")
    yield from by_companions(associations, "resourceArn", lambda _association: iter(()), [missing])


def of_gateway(gateway: Resource) -> Iterator[Outcome]:
    """Judge an application gateway that the internet reaches."""
    addresses = [*gateway.root.select("frontendIPConfigurations[].publicIPAddress")]
    if unknown := [each.undecided for each in addresses if each.value is UNKNOWN]:
        yield from unknown
    elif all(each.value is None for each in addresses):
        yield NotApplicable("answers inside the network only")
    else:
        yield from is_one_of(gateway["sku"]["tier"], ("WAF_v2",))
        yield from is_protected(gateway)


def is_protected(gateway: Resource) -> Iterator[Outcome]:
    """Judge the firewall of an application gateway: a policy, or settings of its own."""
    policy, own = gateway["firewallPolicy"], gateway[OWN_FIREWALL]
    if policy.value is None:
        yield from is_true(own["enabled"])
        yield from PREVENTION(own["firewallMode"])
    else:
        yield from is_given(policy, "a firewall policy")


PUBLIC = {"frontendIPConfigurations": [{"publicIPAddress": {"id": UNKNOWN}}], "sku": {"tier": "WAF_v2"}}
INSIDE = {"frontendIPConfigurations": [{"privateIPAddress": "10.0.0.4"}]}


def balancer(token: str = BALANCER, **properties: object) -> Resource:
    """Make a load balancer that AWS has not made yet."""
    return resource(token, {"arn": UNKNOWN} | properties)


def web_acl(**properties: object) -> Resource:
    """Make a web ACL that allows by default."""
    return resource(WEB_ACL, {"scope": "REGIONAL", "defaultAction": {"allow": {}}} | properties)


def azure_policy(**settings: object) -> Resource:
    """Make a firewall policy of Azure's that stops what it finds."""
    sets = {"managedRuleSets": [{"ruleSetType": "OWASP", "ruleSetVersion": "3.2"}]}
    return resource(AZURE_POLICY, {"policySettings": {"mode": "Prevention"} | settings, "managedRules": sets})


for token in BALANCERS:
    CONTROL.good(
        f"public, with a web ACL: {token}", balancer(token), linked(ASSOCIATION, balancer(token), "resourceArn")
    )
CONTROL.good(
    "public, with a web ACL by its ARN",
    balancer(arn="arn:aws:elasticloadbalancing:me-central-1:111122223333:loadbalancer/app/acme/1"),
    resource(
        ASSOCIATION,
        {"resourceArn": "arn:aws:elasticloadbalancing:me-central-1:111122223333:loadbalancer/app/acme/1"},
    ),
)
CONTROL.good(
    "a web ACL that refuses by default", resource(WEB_ACL, {"scope": "REGIONAL", "defaultAction": {"block": {}}})
)
CONTROL.good(
    "a web ACL with rules",
    resource(WEB_ACL, {"scope": "REGIONAL", "defaultAction": {"allow": {}}, "rules": [{"name": "known-attacks"}]}),
)
CONTROL.good(
    "a web ACL with rules in JSON",
    resource(WEB_ACL, {"scope": "REGIONAL", "defaultAction": {"allow": {}}, "ruleJson": "[{}]"}),
)
for token in SCOPED:
    CONTROL.good(f"{token.rpartition(':')[2]} of the region", resource(token, {"scope": "REGIONAL"}))
CONTROL.good("a gateway with a policy", resource(GATEWAY, PUBLIC | {"firewallPolicy": {"id": UNKNOWN}}))
CONTROL.good(
    "a gateway with a firewall of its own",
    resource(GATEWAY, PUBLIC | {OWN_FIREWALL: {"enabled": True, "firewallMode": "Prevention"}}),
)
CONTROL.good("a policy of Azure's", azure_policy(state="Enabled"))
NO_ACL = "arn: found no web ACL, expected one that is associated with it"
for token in BALANCERS:
    CONTROL.bad(f"public, with nothing before it: {token}", balancer(token, internal=False), finding=NO_ACL)
CONTROL.bad(
    "public, beside the web ACL of another, and open when it fails",
    balancer(loadBalancerType="application", enableWafFailOpen=True),
    linked(ASSOCIATION, other(BALANCER), "resourceArn"),
    finding=("enableWafFailOpen: found true, expected false, or nothing", NO_ACL),
)
CONTROL.bad(
    "public, for networks",
    balancer(loadBalancerType="network"),
    finding="loadBalancerType: found network, expected application; no other kind can have a web firewall",
)
for token in (WEB_ACL, *SCOPED):
    CONTROL.bad(
        f"{token.rpartition(':')[2]} of the edge",
        resource(token, {"scope": "CLOUDFRONT"}),
        finding="scope: found CLOUDFRONT, expected REGIONAL",
    )
CONTROL.bad(
    "a web ACL that lets all through",
    web_acl(ruleJson=""),
    finding="rules: found nothing, expected rules, where the default is to allow",
)
CONTROL.bad(
    "a gateway of another tier, with nothing before it",
    resource(GATEWAY, PUBLIC | {"sku": {"tier": "Standard_v2"}}),
    finding=(
        "sku.tier: found Standard_v2, expected WAF_v2",
        f"{OWN_FIREWALL}.enabled: found nothing, expected true",
        f"{OWN_FIREWALL}.firewallMode: found nothing, expected Prevention",
    ),
)
CONTROL.bad(
    "a gateway with a firewall that watches, and a second address",
    resource(
        GATEWAY,
        PUBLIC
        | {"frontendIPConfigurations": [{}, {"publicIPAddress": {}}]}
        | {OWN_FIREWALL: {"enabled": True, "firewallMode": "Detection"}},
    ),
    finding=f"{OWN_FIREWALL}.firewallMode: found Detection, expected Prevention",
)
CONTROL.bad(
    "a gateway with no policy's id",
    resource(GATEWAY, PUBLIC | {"firewallPolicy": {}}),
    finding="firewallPolicy: found {}, expected a firewall policy",
)
CONTROL.bad(
    "a policy of Azure's that watches, switched off",
    azure_policy(mode="Detection", state="Disabled"),
    finding=(
        "policySettings.mode: found Detection, expected Prevention",
        "policySettings.state: found Disabled, expected Enabled",
    ),
)
CONTROL.bad(
    "a policy of Azure's without rules",
    resource(AZURE_POLICY, {"policySettings": {"mode": "Prevention"}, "managedRules": {"managedRuleSets": []}}),
    finding="managedRules.managedRuleSets: found [], expected a set of managed rules",
)
CONTROL.unknown("inside or not", balancer(internal=UNKNOWN), at="internal")
CONTROL.unknown("of some kind", balancer(loadBalancerType=UNKNOWN), at="loadBalancerType")
CONTROL.unknown(
    "beside the web ACL of something", balancer(), resource(ASSOCIATION, {"resourceArn": UNKNOWN}), at="resourceArn"
)
CONTROL.unknown(
    "a web ACL whose rules come from elsewhere",
    web_acl(ruleJson=UNKNOWN),
    at="ruleJson",
)
CONTROL.unknown(
    "a gateway with some address",
    resource(GATEWAY, PUBLIC | {"frontendIPConfigurations": [{}, {"publicIPAddress": UNKNOWN}]}),
    at="frontendIPConfigurations[1].publicIPAddress",
)
CONTROL.unknown(
    "a gateway with some policy", resource(GATEWAY, PUBLIC | {"firewallPolicy": UNKNOWN}), at="firewallPolicy"
)
CONTROL.not_applicable("inside", balancer(internal=True))
CONTROL.not_applicable("a gateway inside", resource(GATEWAY, INSIDE))
CONTROL.not_applicable("a Service", service())
