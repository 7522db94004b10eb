"""The rules of AWS Network Firewall for a list of names. Pure.

The firewall reads the name a client says when it opens TLS. A client that lies about it and knows an address of its own
is not stopped by the name alone, which is why network policies stand before it and name the address of each call.
"""

from __future__ import annotations

from collections.abc import Iterable

FIRST_REFUSAL = 1_000_001
"""Rule numbers of the refusals, far above one for each name."""
REFUSED = ("tcp", "!443", "a port other than 443"), ("udp", "any", "UDP"), ("icmp", "any", "ICMP")
"""What is refused before any connection stands. The policy's default drops connections that name nobody allowed."""


def rules_for(names: Iterable[str]) -> str:
    """Return Suricata rules, in strict order, that pass TLS to these names on port 443 and drop the rest.

    Source: https://docs.aws.amazon.com/network-firewall/latest/developerguide/suricata-rule-evaluation-order.html
    """
    passed = [
        f"pass tls $HOME_NET any -> $EXTERNAL_NET 443 "
        f"(tls.sni; {_matches(name)}; nocase; flow:to_server, established; sid:{number}; rev:1;)"
        for number, name in enumerate(sorted({*names}), 1)
    ]
    dropped = [
        f'drop {protocol} $HOME_NET any -> $EXTERNAL_NET {port} (msg:"{what}"; sid:{number}; rev:1;)'
        for number, (protocol, port, what) in enumerate(REFUSED, FIRST_REFUSAL)
    ]
    return "\n".join([*passed, *dropped])


def _matches(name: str) -> str:
    if name.startswith("*."):
        return f'content:"{name[1:]}"; endswith'
    return f'content:"{name}"; startswith; endswith'
