from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from components.egress.names import rules_for

LABEL = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
NAME = st.builds("{}{}.{}.ae".format, st.sampled_from(["", "*."]), LABEL, LABEL)


def test_passes_tls_to_the_names_and_drops_the_rest() -> None:
    assert rules_for(["api.example.ae", "*.bank.ae"]).splitlines() == [
        (
            'pass tls $HOME_NET any -> $EXTERNAL_NET 443 (tls.sni; content:".bank.ae"; endswith; nocase; '
            "flow:to_server, established; sid:1; rev:1;)"
        ),
        (
            'pass tls $HOME_NET any -> $EXTERNAL_NET 443 (tls.sni; content:"api.example.ae"; startswith; endswith; '
            "nocase; flow:to_server, established; sid:2; rev:1;)"
        ),
        'drop tcp $HOME_NET any -> $EXTERNAL_NET !443 (msg:"a port other than 443"; sid:1000001; rev:1;)',
        'drop udp $HOME_NET any -> $EXTERNAL_NET any (msg:"UDP"; sid:1000002; rev:1;)',
        'drop icmp $HOME_NET any -> $EXTERNAL_NET any (msg:"ICMP"; sid:1000003; rev:1;)',
    ]


@given(st.lists(NAME, max_size=200))
def test_rules_depend_on_the_set_of_names_and_have_numbers_of_their_own(names: list[str]) -> None:
    rules = rules_for(names)

    assert rules == rules_for(reversed(names))
    numbers = [line.rpartition("sid:")[2] for line in rules.splitlines()]
    assert len({*numbers}) == len(numbers) == len({*names}) + 3
