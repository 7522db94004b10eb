"""What every cluster has from its first second: access for its components, and a resolver."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from string import Template

from lightkube import Client, KubeConfig, codecs

from falaj.localcluster.places import Places
from falaj.localcluster.subnets import Subnets

MANIFESTS = Path(__file__).parent / "manifests"
FIELD_MANAGER = "falaj-localcluster"


def apply(places: Places, subnets: Subnets, resolver_image: str) -> None:
    """Apply the manifests on the server; those that are there already stay as they are."""
    values = {"image": resolver_image, "dns_address": str(subnets.dns_address)}
    client = Client(config=KubeConfig.from_file(places.kubeconfig), field_manager=FIELD_MANAGER, trust_env=False)
    with closing(client):
        for file in sorted(MANIFESTS.glob("*.yaml")):
            for resource in codecs.load_all_yaml(Template(file.read_text()).substitute(values)):
                client.apply(resource, force=True)
