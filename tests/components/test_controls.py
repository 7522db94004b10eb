from __future__ import annotations

import re
from pathlib import Path

import pytest

from components.gateway.certificates import CertificateAuthority
from components.gateway.kubernetes import GatewayPlatform
from components.gateway.tenant import TenantGateway
from components.serving.kubernetes import OnnxRuntimeServer
from components.zero_trust.kubernetes import WalledNamespace

CONTROLS = Path(__file__).parents[2] / "policies" / "controls"


@pytest.mark.parametrize(
    "component", [CertificateAuthority, GatewayPlatform, OnnxRuntimeServer, TenantGateway, WalledNamespace]
)
def test_every_control_a_component_supports_is_in_the_policy_pack(component: type) -> None:
    known = {found for file in CONTROLS.glob("*.py") for found in re.findall(r'id="([A-Z]+-\d+)"', file.read_text())}

    claimed = component.controls  # type: ignore[attr-defined]  # each of these has it
    assert claimed
    assert sorted(set(claimed) - known) == []
    assert list(claimed) == sorted(claimed)
