"""What every tenant has inside its environment's cluster: walls, a door and the models it serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi

from components.gateway.spec import TenantGatewaySpec
from components.gateway.tenant import TenantGateway
from components.zero_trust.kubernetes import WalledNamespace
from components.zero_trust.spec import NamespaceSpec
from falaj.catalog.model_annotations import MODEL_REGISTER
from falaj.catalog.regions import regions
from falaj.catalog.tiers import Isolation, Tier, tiers
from stacks.environment_settings import LocalEnvironment
from stacks.gpu_offers import gpu_names, offers_to
from stacks.images import TRITON, Images
from stacks.runtime_rules import gpus_of
from stacks.servers import Server, Way, serve, server_spec

if TYPE_CHECKING:
    from components.model_endpoint.spec import GpuPoolFacts
    from stacks.environment_settings import EnvironmentSettings
    from stacks.settings import StackFile
    from stacks.tenant_settings import TenantSettings


@dataclass(frozen=True, slots=True)
class Resident:
    """A tenant as its stack file describes it."""

    name: str
    """The tenant, which is the stack's name."""
    settings: TenantSettings
    """What its file says."""
    images: Images
    """What each image name stands for, where its cluster pulls from."""
    country: str
    """ISO 3166 code of the country it lies in; `unknown` for a cluster of which nobody said."""
    own_machines: bool
    """Whether its pods run on machines of their own."""
    triton: str | None
    """Triton's image, where its cluster pulls from; none where nobody built one."""
    gpu_names: frozenset[str]
    """What pods of the cluster can ask for, so that its quota names it; none where nobody has GPUs to give."""
    gpu_pools: tuple[GpuPoolFacts, ...]
    """The pools with GPUs that it may use."""
    spot_gpus: bool
    """Whether its pods with GPUs may run on spot machines, because a pool of theirs looks for some."""

    @classmethod
    def of(cls, file: StackFile, images: Images | None = None) -> Resident:
        """Return the tenant of a stack file; refuses a file without one."""
        settings = file.settings.tenant
        if settings is None:
            raise LookupError(f"{file.name} is no tenant")
        dedicated = tiers()[settings.tier].isolation is Isolation.DEDICATED_NODES
        in_a_cloud = not isinstance(file.home, LocalEnvironment)
        known = regions()[settings.region].jurisdiction.country
        country = known if known != "unknown" else file.settings.local_country or known
        held, offers = images or file.images, offers_to(file.home, file.name, apart=dedicated)
        return cls(
            file.name,
            settings,
            held,
            country,
            own_machines=dedicated and in_a_cloud,
            triton=_triton(file.home, held),
            gpu_names=gpu_names(file.home),
            gpu_pools=tuple(facts for offer in offers for facts in offer.facts()),
            spot_gpus=any(offer.spot for offer in offers),
        )

    @property
    def tier(self) -> Tier:
        """Its tier."""
        return tiers()[self.settings.tier]

    @property
    def own_gpus(self) -> bool:
        """Whether it has machines with GPUs of its own."""
        return any(pool.tenant == self.name for pool in self.gpu_pools)

    def require_region(self, region: str) -> None:
        """Refuse an environment that, as deployed, lies elsewhere than the tenant's data must stay."""
        if region != self.settings.region:
            raise pulumi.RunError(
                f"FAL-CFG-103  stacks/config/Pulumi.{self.name}.yaml, key falaj:tenant.region\n"
                f"  found '{self.settings.region}', but environment {self.settings.environment} lies in '{region}'.\n"
                "  Next: name an environment in that region, or the environment's region"
            )


def _triton(home: EnvironmentSettings, images: Images) -> str | None:
    if isinstance(home, LocalEnvironment):
        return images.find(TRITON)
    return None if home.triton_image is None else images.find(home.triton_image)


def environment_of(stack: str) -> pulumi.StackReference:
    """Return the reference to a tenant's environment."""
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}"
    return pulumi.StackReference(stack, stack_name=name)


def kubeconfig_in_region(
    resident: Resident, environment: pulumi.StackReference, *, given: str | None = None
) -> pulumi.Output[str]:
    """Return the kubeconfig, once it is known that the environment lies where the tenant's data must stay."""

    def checked(found: list[Any]) -> str:
        region, environments_own = found
        resident.require_region(region)
        return given or str(environments_own)

    return pulumi.Output.all(environment.require_output("region"), environment.require_output("kubeconfig")).apply(
        checked
    )


def reside(resident: Resident, environment: pulumi.StackReference, *, inside: pulumi.ResourceOptions) -> None:
    """Make the tenant inside the cluster that `inside` names, and export where its endpoints answer."""
    name, settings = resident.name, resident.settings
    room = WalledNamespace(name, _room(resident), opts=inside)
    door = TenantGateway(
        f"{name}-door",
        TenantGatewaySpec(tenant=name, tier=settings.tier, owner=settings.owner),
        namespace=room.namespace,
        domain=environment.require_output("domain"),
        issuer=environment.require_output("issuer"),
        gateway_class=environment.require_output("gateway_class"),
        opts=inside,
    )
    endpoints, register = {}, []
    for key, endpoint in settings.endpoints.items():
        spec = server_spec(resident, key, endpoint)
        way: Way = {"namespace": room.namespace, "gateway": door.gateway, "host_suffix": door.host_suffix}
        server = serve(f"{name}-{key}", spec, way, inside)
        model, said = resident.images.require(endpoint.model), endpoint.governance
        if said is not None:
            register.append(said.entry(name=key, owner=settings.owner, model=model, residency=resident.country))
        endpoints[key] = _way_to(server, endpoint.model_name or key, model, environment)

    pulumi.export("namespace", room.namespace)
    pulumi.export("endpoints", endpoints)
    pulumi.export(MODEL_REGISTER, register)
    pulumi.export("certificate_authority", environment.require_output("certificate_authority"))


def _room(resident: Resident) -> NamespaceSpec:
    return NamespaceSpec(
        name=f"tenant-{resident.name}",
        owner=resident.settings.owner,
        role="tenant",
        tenant=resident.name,
        tier=resident.settings.tier,
        quota=resident.tier.quota,
        gpus=_gpu_quota(resident),
        default_resources=resident.tier.resources,
    )


def _gpu_quota(resident: Resident) -> dict[str, int]:
    """Return the most GPUs the namespace may hold: what its endpoints ask for, and none of any other."""
    asked = gpus_of(resident.settings)
    return {name: asked[name] for name in sorted(resident.gpu_names)}


def _way_to(
    server: Server, model_name: str, model: str, environment: pulumi.StackReference
) -> dict[str, pulumi.Input[Any]]:
    """Return what a caller of the endpoint needs."""
    return {
        "url": pulumi.Output.concat("https://", server.host),
        "host": server.host,
        "address": environment.require_output("gateway_address"),
        "port": environment.require_output("gateway_port"),
        "model": model_name,
        "model_digest": model.partition("@")[2],
    }
