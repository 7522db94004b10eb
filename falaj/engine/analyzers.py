"""Policy packs, asked over Pulumi's analyzer protocol. A pack that fails, hangs or dies stops the run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import grpc
from google.protobuf.empty_pb2 import Empty

from falaj.engine import urn as urns
from falaj.engine.events import EnforcementLevel, Violation
from falaj.engine.plugin_process import Plugin, PluginError
from falaj.engine.project import interpreter, read_yaml_mapping
from falaj.engine.protocol import analyzer_pb2, analyzer_pb2_grpc
from falaj.engine.resource_state import ResourceState
from falaj.engine.values import PropertyMap
from falaj.engine.wire import decode, encode
from falaj.errors import ConfigurationError, DeploymentError

_LEVELS = {
    analyzer_pb2.ADVISORY: EnforcementLevel.ADVISORY,
    analyzer_pb2.MANDATORY: EnforcementLevel.MANDATORY,
    analyzer_pb2.REMEDIATE: EnforcementLevel.REMEDIATE,
    analyzer_pb2.DISABLED: EnforcementLevel.DISABLED,
}


@dataclass(frozen=True, slots=True)
class Remediation:
    """What a policy did to mend a resource."""

    policy: str
    """The policy's name."""

    description: str
    """What the policy is for."""

    properties: PropertyMap | None
    """The mended properties; None when it only has something to say."""

    diagnostic: str
    """What it has to say; empty when it mended the resource."""


class Analyzer:
    """One policy pack: started, configured, asked about every resource and about the stack."""

    def __init__(self, directory: Path, engine: str, timeout: float, report: Callable[[str, str], None]) -> None:
        manifest = directory / "PulumiPolicy.yaml"
        if not manifest.is_file():
            raise ConfigurationError(
                "The directory is not a policy pack: it has no PulumiPolicy.yaml.",
                code="FAL-ENG-701",
                where=str(directory),
                hint="name a directory that has one with `--policy-pack`.",
            )
        self.name = directory.name
        self._timeout = timeout
        command = (*_command(manifest), engine, str(directory.resolve()))
        try:
            self._plugin = Plugin(command, directory, os.environ, lambda _, line: report(self.name, line), timeout)
        except PluginError as error:
            raise DeploymentError(
                f"The policy pack did not start: {error}. Nothing was created.",
                code="FAL-ENG-702",
                where=f"policy pack {directory}",
                hint="read what it printed above; `python -m pulumi.policy` must be able to run it.",
            ) from error
        self._stub = analyzer_pb2_grpc.AnalyzerStub(self._plugin.channel)
        self._mends = True

    def configure_stack(
        self, project: str, stack: str, config: Mapping[str, str], secret_keys: Iterable[str], *, dry_run: bool
    ) -> None:
        """Tell the pack which stack it judges, then set every policy as the pack itself wants it."""
        request = analyzer_pb2.AnalyzerStackConfigureRequest(
            stack=stack,
            project=project,
            organization="organization",
            dry_run=dry_run,
            config=config,
            config_secret_keys=sorted(secret_keys),
        )
        self._call(self._stub.ConfigureStack, request, optional=True)
        self._call(self._stub.GetPluginInfo, Empty(), optional=True)
        info = self._call(self._stub.GetAnalyzerInfo, Empty())
        self.name = info.name or self.name
        settings = {
            policy.name: info.initialConfig[policy.name]
            if policy.name in info.initialConfig
            else analyzer_pb2.PolicyConfig(enforcementLevel=policy.enforcementLevel)
            for policy in info.policies
        }
        self._mends = any(each.enforcementLevel == analyzer_pb2.REMEDIATE for each in settings.values())
        if settings:
            configuration = analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=settings)
            self._call(self._stub.Configure, configuration, optional=True)

    def remediate(self, state: ResourceState, provider: ResourceState | None) -> list[Remediation]:
        """What the pack's policies mend in a resource; nothing is asked of a pack of which none may mend."""
        if not self._mends:
            return []
        response = self._call(self._stub.Remediate, self._request(state, provider), optional=True)
        if response is None:
            return []
        return [
            Remediation(
                policy=item.policyName,
                description=item.description,
                properties=None if item.diagnostic else decode(item.properties, state.urn),
                diagnostic=item.diagnostic,
            )
            for item in response.remediations
        ]

    def analyze(self, state: ResourceState, provider: ResourceState | None) -> list[Violation]:
        """The verdicts against one resource."""
        response = self._call(self._stub.Analyze, self._request(state, provider))
        return [self._violation(item, state.urn) for item in response.diagnostics]

    def analyze_stack(self, states: Iterable[tuple[ResourceState, ResourceState | None]], root: str) -> list[Violation]:
        """The verdicts against the stack as a whole; without a resource of their own they are about ``root``."""
        resources = [
            analyzer_pb2.AnalyzerResource(
                urn=state.urn,
                type=state.type,
                name=urns.name_of(state.urn),
                properties=encode(_shown(state.outputs)),
                options=_options(state),
                provider=_provider(provider),
                parent=state.parent,
                dependencies=state.dependencies,
                propertyDependencies={
                    name: analyzer_pb2.AnalyzerPropertyDependencies(urns=names)
                    for name, names in state.property_dependencies.items()
                    if names
                },
            )
            for state, provider in states
        ]
        request = analyzer_pb2.AnalyzeStackRequest(resources=resources)
        response = self._call(self._stub.AnalyzeStack, request, optional=True)
        return [] if response is None else [self._violation(item, root) for item in response.diagnostics]

    def close(self) -> None:
        """Ask the pack to end, then end it."""
        try:
            self._stub.Cancel(Empty(), timeout=1)
        except grpc.RpcError:
            pass
        finally:
            self._plugin.close()

    @staticmethod
    def _request(state: ResourceState, provider: ResourceState | None) -> analyzer_pb2.AnalyzeRequest:
        return analyzer_pb2.AnalyzeRequest(
            urn=state.urn,
            type=state.type,
            name=urns.name_of(state.urn),
            properties=encode(_shown(state.inputs)),
            options=_options(state),
            provider=_provider(provider),
        )

    def _violation(self, item: analyzer_pb2.AnalyzeDiagnostic, urn: str) -> Violation:
        severity = analyzer_pb2.PolicySeverity.Name(item.severity).removeprefix("POLICY_SEVERITY_").lower()
        return Violation(
            policy=item.policyName,
            urn=item.urn or urn,
            level=_LEVELS[item.enforcementLevel],
            message=item.message,
            pack=item.policyPackName or self.name,
            description=item.description,
            severity="" if severity == "unspecified" else severity,
        )

    def _call(self, method: Any, request: object, *, optional: bool = False) -> Any:  # noqa: ANN401 - gRPC stubs
        try:
            return method(request, timeout=self._timeout)
        except grpc.RpcError as error:
            if optional and error.code() == grpc.StatusCode.UNIMPLEMENTED:
                return None
            self._fail(error)

    def _fail(self, error: grpc.RpcError) -> NoReturn:
        if error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
            what = f"gave no answer within {self._timeout:.0f} s"
        elif error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED):
            what = "died"
        else:
            what = f"failed: {error.details()}"
        raise DeploymentError(
            f"The policy pack {what}. What it did not judge is not let through.",
            code="FAL-ENG-703",
            where=f"policy pack {self.name}",
            hint="mend the policy pack; its own messages are above.",
        ) from error


def _command(manifest: Path) -> tuple[str, ...]:
    runtime = read_yaml_mapping(manifest).get("runtime")
    name = runtime.get("name") if isinstance(runtime, dict) else runtime
    if name != "python":
        raise ConfigurationError(
            f"The policy pack's runtime is {name!r}; the embedded engine runs Python packs.",
            code="FAL-ENG-704",
            where=str(manifest),
            hint="run it with the Pulumi CLI: `pulumi preview --policy-pack`.",
        )
    options = (runtime.get("options") or {}) if isinstance(runtime, dict) else {}
    return (str(interpreter(manifest.parent.resolve(), options)), "-u", "-m", "pulumi.policy")


def _shown(properties: PropertyMap) -> PropertyMap:
    """The properties without those that belong to the engine or the provider alone."""
    hidden = [name for name in properties if name.startswith("__")]
    return properties.without(*hidden) if hidden else properties


def _options(state: ResourceState) -> analyzer_pb2.AnalyzerResourceOptions:
    timeouts = analyzer_pb2.AnalyzerResourceOptions.CustomTimeouts(**state.custom_timeouts)
    return analyzer_pb2.AnalyzerResourceOptions(
        protect=state.protect,
        deleteBeforeReplace=bool(state.delete_before_replace),
        deleteBeforeReplaceDefined=state.delete_before_replace is not None,
        ignoreChanges=state.ignore_changes,
        additionalSecretOutputs=state.additional_secret_outputs,
        aliases=state.aliases,
        customTimeouts=timeouts,
        parent=state.parent,
    )


def _provider(state: ResourceState | None) -> analyzer_pb2.AnalyzerProviderResource | None:
    if state is None:
        return None
    return analyzer_pb2.AnalyzerProviderResource(
        urn=state.urn, type=state.type, name=urns.name_of(state.urn), properties=encode(_shown(state.inputs))
    )
