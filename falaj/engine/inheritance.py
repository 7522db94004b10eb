"""What a resource takes over from its parent: protection, provider, transforms."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from falaj.engine import urn as urns
from falaj.engine.goal import Goal
from falaj.engine.protocol import callback_pb2, resource_pb2


class Inheritance:
    """Remembers every resource's options for the sake of its children."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._goals: dict[str, Goal] = {}
        self._providers: dict[str, dict[str, str]] = {}
        self._transforms: dict[str, list[callback_pb2.Callback]] = {}

    def inherit(self, request: resource_pb2.RegisterResourceRequest) -> None:
        """Fill in what the request leaves to its parent."""
        with self._lock:
            parent = self._goals.get(request.parent)
        if parent is None:
            return
        request.deletedWith = request.deletedWith or parent.deleted_with
        if not request.HasField("protect") and parent.protect is not None:
            request.protect = parent.protect
        if not request.HasField("retainOnDelete") and parent.retain_on_delete is not None:
            request.retainOnDelete = parent.retain_on_delete
        if not request.provider and parent.provider:
            package = urns.provider_package(urns.split_reference(parent.provider)[0])
            if not request.custom or package == urns.package_of(request.type):
                request.provider = parent.provider

    def provider_for(self, request: resource_pb2.RegisterResourceRequest) -> str:
        """Reference of the provider that the request, or a parent, names; empty for the default one."""
        if request.provider or not request.custom:
            return request.provider
        package = urns.package_of(request.type)
        return request.providers.get(package) or self.provider_of_parent(request.parent, package)

    def provider_of_parent(self, parent: str, package: str) -> str:
        """Reference of the provider that a component hands down for a package."""
        with self._lock:
            return self._providers.get(parent, {}).get(package, "")

    def transforms_for(self, request: resource_pb2.RegisterResourceRequest) -> list[callback_pb2.Callback]:
        """Transforms of the resource itself, then of its parents from the nearest up."""
        found = list(request.transforms)
        parent = request.parent
        with self._lock:
            while parent:
                found.extend(self._transforms.get(parent, []))
                goal = self._goals.get(parent)
                parent = goal.parent if goal else ""
        return found

    def merge_providers(
        self,
        request: resource_pb2.RegisterResourceRequest,
        options: resource_pb2.TransformResourceOptions,
    ) -> None:
        """Add the providers that a component's parent hands down to those it hands down itself."""
        if request.custom:
            return
        with self._lock:
            inherited: Mapping[str, str] = dict(self._providers.get(request.parent, {}))
        for package, reference in inherited.items():
            if package not in options.providers:
                options.providers[package] = reference

    def remember(
        self,
        urn: str,
        request: resource_pb2.RegisterResourceRequest,
        goal: Goal,
        options: resource_pb2.TransformResourceOptions,
    ) -> None:
        """Keep a resource's options for its children."""
        with self._lock:
            self._goals[urn] = goal
            self._transforms[urn] = list(request.transforms)
            if not request.custom:
                self._providers[urn] = dict(options.providers)
                goal.provider = ""
