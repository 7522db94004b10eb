from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from falaj.localcluster.policy_agent.nftables import render
from falaj.localcluster.policy_agent.rules import Allowance, PortRange, RuleSet

NETWORK = IPv4Network("10.244.0.0/24")
ONE, TWO = IPv4Address("10.244.0.2"), IPv4Address("10.244.0.3")
WEB = frozenset({PortRange("TCP", 80, 80), PortRange("TCP", 8000, 8010), PortRange("UDP", 0, 65535)})
OUTSIDE = frozenset({IPv4Network("10.0.0.0/30"), IPv4Network("192.0.2.0/24")})

TWO_PODS = RuleSet(
    NETWORK,
    {TWO: "uid-b acme/b", ONE: "uid-a acme/a"},
    ingress={ONE: frozenset({Allowance(frozenset({TWO}), WEB)}), TWO: None},
    egress={
        ONE: None,
        TWO: frozenset({Allowance(OUTSIDE, None), Allowance(None, frozenset({PortRange("SCTP", 5, 5)}))}),
    },
)

TABLE_OF_TWO_PODS = """\
table inet falaj-policy
delete table inet falaj-policy
table inet falaj-policy {
    set pods {
        type ipv4_addr
        elements = { 10.244.0.2 comment "uid-a acme/a", 10.244.0.3 comment "uid-b acme/b" }
    }
    set itself {
        type ipv4_addr . ipv4_addr
        elements = { 10.244.0.2 . 10.244.0.2, 10.244.0.3 . 10.244.0.3 }
    }
    set addresses-0051ddde2c448db331ca6e24d8ec761e {
        type ipv4_addr
        elements = { 10.244.0.2 }
    }
    set addresses-85dfd9d900a0ae923cde03c882dd7fa3 {
        type ipv4_addr
        flags interval
        elements = { 10.0.0.0/30, 192.0.2.0/24 }
    }
    set addresses-c2114b62af7f08c175777f9a66c50a59 {
        type ipv4_addr
        elements = { 10.244.0.3 }
    }
    chain egress-d1aff7d68d922c4e9a86f9c4d9918e14 {
        ip daddr @addresses-85dfd9d900a0ae923cde03c882dd7fa3 return
        sctp dport { 5 } return
        counter drop
    }
    chain ingress-cb8328e0eb06e676a6877f04ce24c9c9 {
        ip saddr @addresses-c2114b62af7f08c175777f9a66c50a59 meta l4proto udp return
        ip saddr @addresses-c2114b62af7f08c175777f9a66c50a59 tcp dport { 80, 8000-8010 } return
        counter drop
    }
    chain egress {
        ip saddr @addresses-0051ddde2c448db331ca6e24d8ec761e return
        ip saddr @addresses-c2114b62af7f08c175777f9a66c50a59 goto egress-d1aff7d68d922c4e9a86f9c4d9918e14
        counter drop
    }
    chain ingress {
        ip daddr @addresses-0051ddde2c448db331ca6e24d8ec761e goto ingress-cb8328e0eb06e676a6877f04ce24c9c9
        ip daddr @addresses-c2114b62af7f08c175777f9a66c50a59 return
        counter drop
    }
    chain prerouting {
        type filter hook prerouting priority raw; policy accept;
        iif != "lo" fib saddr . iif oif missing counter drop
    }
    chain input {
        type filter hook input priority filter; policy accept;
        iif "lo" accept
        meta nfproto ipv6 counter drop
        ct state established,related accept
        ip saddr 10.244.0.0/24 jump egress
    }
    chain forward {
        type filter hook forward priority filter; policy accept;
        meta nfproto ipv6 counter drop
        ip saddr 10.244.0.0/24 ip saddr != @pods counter drop
        ip daddr 10.244.0.0/24 ip daddr != @pods counter drop
        ct state established,related accept
        ip saddr . ip daddr @itself accept
        ip saddr 10.244.0.0/24 jump egress
        ip daddr 10.244.0.0/24 jump ingress
    }
}
"""


def test_writes_one_table_that_replaces_the_one_before() -> None:
    assert render(TWO_PODS) == TABLE_OF_TWO_PODS


def test_pods_with_the_same_allowances_share_sets_and_chains() -> None:
    allowances = frozenset({Allowance(OUTSIDE, WEB)})
    pods = {NETWORK[number]: "same" for number in range(2, 250)}
    text = render(RuleSet(NETWORK, pods, dict.fromkeys(pods, allowances), dict.fromkeys(pods, allowances)))

    assert text.count("goto egress-") == text.count("goto ingress-") == 1
    assert text.count("set addresses-") == 2


def test_without_pods_everything_of_the_pod_network_is_dropped() -> None:
    text = render(RuleSet(NETWORK))

    assert "elements" not in text
    assert "return" not in text
