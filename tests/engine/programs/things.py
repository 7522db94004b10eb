"""Resources of the fake package, for the programs that the tests run."""

from __future__ import annotations

import pulumi


class Thing(pulumi.CustomResource):
    """A thing of the fake cloud; ``serial`` is given by it."""

    serial: pulumi.Output[int]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **properties: object) -> None:
        super().__init__("fake:index:Thing", name, {**properties, "serial": None}, opts)


class Fake(pulumi.ProviderResource):
    """An explicit provider of the fake package."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **properties: object) -> None:
        super().__init__("fake", name, properties, opts)


class Box(pulumi.ComponentResource):
    """A component with one thing inside."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **properties: object) -> None:
        super().__init__("test:index:Box", name, {"flows": []}, opts)
        self.inner = Thing(f"{name}-inner", opts=pulumi.ResourceOptions(parent=self), **properties)
        self.register_outputs({"serial": self.inner.serial})
