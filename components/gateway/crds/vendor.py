"""Write the vendored definitions anew from their Go modules: `python -m components.gateway.crds.vendor`.

Run it after a version changed in the catalog's recipe. Descriptions are dropped: they are seven eighths of the text, no
API server acts on them, and every one of them would lie in the state and cross the wire on each preview. JSON because
it parses fifty times faster than YAML. Needs `go` on PATH.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import yaml

from falaj.catalog.recipes import recipes

HERE = Path(__file__).parent
GATEWAY_KINDS = (
    "backendtlspolicies",
    "gatewayclasses",
    "gateways",
    "grpcroutes",
    "httproutes",
    "listenersets",
    "referencegrants",
    "tlsroutes",
)
CERTIFICATE_KINDS = ("certificaterequests", "certificates", "clusterissuers", "issuers")

ISSUER_KINDS = ("ClusterIssuer", "Issuer")
OUTSIDE_ISSUERS = ("acme", "vault", "venafi")


def without_descriptions(schema: Any, *, names: bool = False) -> Any:  # noqa: ANN401 - a JSON value
    """Return the schema without its descriptions. With `names`, keys are property names and all of them stay."""
    if isinstance(schema, dict):
        return {
            key: without_descriptions(value, names=key == "properties" and not names)
            for key, value in schema.items()
            if names or key != "description" or not isinstance(value, str)
        }
    if isinstance(schema, list):
        return [without_descriptions(item) for item in schema]
    return schema


def module_directory(module: str, version: str) -> Path:
    """Return where Go keeps the module. Refuses a module that cannot be had."""
    answer = subprocess.run(
        ["go", "mod", "download", "-json", f"{module}@v{version}"], check=True, capture_output=True, text=True
    )
    return Path(json.loads(answer.stdout)["Dir"])


def vendor() -> None:
    """Write every definition of the local recipe's versions beside this file."""
    recipe = recipes()["local"]
    gateway = module_directory("sigs.k8s.io/gateway-api", recipe.gateway_api) / "config/crd/standard"
    certificates = module_directory("github.com/cert-manager/cert-manager", recipe.cert_manager) / "deploy/crds"
    sources = [gateway / f"gateway.networking.k8s.io_{kind}.yaml" for kind in GATEWAY_KINDS]
    sources += [certificates / f"cert-manager.io_{kind}.yaml" for kind in CERTIFICATE_KINDS]
    for source in sources:
        definition = without_descriptions(yaml.load(source.read_text(encoding="utf-8"), yaml.CSafeLoader))
        definition.pop("status", None)
        if definition["spec"]["names"]["kind"] in ISSUER_KINDS:
            for version in definition["spec"]["versions"]:
                _without_outside_issuers(version["schema"]["openAPIV3Schema"]["properties"])
        target = HERE / f"{source.stem}.json"
        target.write_text(json.dumps(definition, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _without_outside_issuers(properties: dict[str, Any]) -> None:
    """Drop the issuers whose controllers our cert-manager leaves out, so that the API server refuses them."""
    for block in ("spec", "status"):
        for issuer in OUTSIDE_ISSUERS:
            properties.get(block, {}).get("properties", {}).pop(issuer, None)


if __name__ == "__main__":
    vendor()
