"""The pack as Pulumi's engine sees it: its Analyzer protocol around the evaluator.

Each resource is decoded once for all controls. A check that fails is a violation that names its control, never a
broken call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import analyzer_pb2, plugin_pb2

from falaj.catalog.controls import Level
from policies.analyzer.wire import decoded
from policies.configuration import Configuration, ConfigurationError, given_to, schema_of
from policies.control import Control, Severity
from policies.controls import load
from policies.environments import with_profiles_of_environment
from policies.evaluator import Evaluator, Result, Verdict
from policies.judgement import effective_level
from policies.message import Message, messages
from policies.node import MalformedError, Node
from policies.resources import Resource
from policies.stack import described
from policies.values import UNKNOWN
from policies.waivers import Waiver, WaiverRefusedError, apply

PACK: Final = "falaj"
VERSION: Final = "0.1.0"

LEVELS: Final = {
    analyzer_pb2.ADVISORY: Level.ADVISORY,
    analyzer_pb2.MANDATORY: Level.MANDATORY,
    analyzer_pb2.DISABLED: Level.DISABLED,
    # Nothing is mended behind the program's back: what should be remedied stops the plan until it is.
    analyzer_pb2.REMEDIATE: Level.MANDATORY,
}
WIRE_LEVELS: Final = {
    Level.ADVISORY: analyzer_pb2.ADVISORY,
    Level.MANDATORY: analyzer_pb2.MANDATORY,
    Level.DISABLED: analyzer_pb2.DISABLED,
}
WIRE_SEVERITIES: Final = {
    Severity.LOW: analyzer_pb2.POLICY_SEVERITY_LOW,
    Severity.MEDIUM: analyzer_pb2.POLICY_SEVERITY_MEDIUM,
    Severity.HIGH: analyzer_pb2.POLICY_SEVERITY_HIGH,
    Severity.CRITICAL: analyzer_pb2.POLICY_SEVERITY_CRITICAL,
}


def _today() -> date:
    return datetime.now(tz=UTC).date()


class RefusedError(Exception):
    """The engine asked for something that makes no sense to this pack."""


class Analyzer:
    """Answers the engine about one stack, one method for each call of the protocol.

    Refuses configuration for a control it does not have.
    """

    def __init__(
        self,
        controls: Iterable[Control[Any]] | None = None,
        *,
        waivers: Iterable[Waiver] = (),
        today: Callable[[], date] = _today,
    ) -> None:
        self._evaluator = Evaluator(load() if controls is None else controls)
        self._waivers, self._today = tuple(waivers), today
        self._day = today()
        self._stack = ""
        self.configuration = Configuration()
        """What the operator says of the controls."""
        self._profiles: tuple[str, ...] = ()
        self._config: Mapping[str, str] = {}
        self._providers: dict[str, Resource] = {}
        # Until the engine says that this is a preview, an unknown is a violation.
        self._preview = False
        self._asked: dict[str, Node] = {}

    def handshake(self, _request: analyzer_pb2.AnalyzerHandshakeRequest) -> analyzer_pb2.AnalyzerHandshakeResponse:
        """Agree to talk; the pack never calls the engine back."""
        return analyzer_pb2.AnalyzerHandshakeResponse()

    def configure_stack(
        self, request: analyzer_pb2.AnalyzerStackConfigureRequest
    ) -> analyzer_pb2.AnalyzerStackConfigureResponse:
        """Take note of the stack's settings and of whether this is a preview."""
        self._stack = request.stack
        try:
            self._config = with_profiles_of_environment(dict(request.config))
            self._profiles = described(self._config).profiles
            self._waived(())
        except (MalformedError, WaiverRefusedError) as error:
            raise RefusedError(str(error)) from None
        self._preview = request.dry_run
        # An update that goes on past midnight is judged by one day throughout.
        self._day = self._today()
        self._asked.clear()
        self._providers.clear()
        return analyzer_pb2.AnalyzerStackConfigureResponse()

    def configure(self, request: analyzer_pb2.ConfigureAnalyzerRequest) -> Empty:
        """Take over the levels and parameters of the operator's policy configuration, and none of an earlier one."""
        controls = {control.id: control for control in self._evaluator.controls}
        if strangers := sorted(set(request.policyConfig) - set(controls)):
            raise RefusedError(f"no control is named {', '.join(strangers)}; this pack has {', '.join(controls)}")
        try:
            given = [given_to(controls[name], decoded(said.properties)) for name, said in request.policyConfig.items()]
        except ConfigurationError as error:
            raise RefusedError(str(error)) from None
        self.configuration = Configuration(
            {name: LEVELS[said.enforcementLevel] for name, said in request.policyConfig.items()},
            {type(parameters): parameters for parameters in given if parameters is not None},
        )
        self._evaluator = Evaluator(self._evaluator.controls, self.configuration.given)
        return Empty()

    def plugin_info(self, _request: Empty) -> plugin_pb2.PluginInfo:
        """Return the version of the pack."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def analyzer_info(self, _request: Empty) -> analyzer_pb2.AnalyzerInfo:
        """Return the pack and all its controls."""
        return analyzer_pb2.AnalyzerInfo(
            name=PACK,
            displayName="Falaj",
            description="What may run on a Falaj platform, judged before it exists.",
            version=VERSION,
            supportsConfig=True,
            policies=[policy_info(control) for control in self._evaluator.controls],
        )

    def remediate(self, _request: analyzer_pb2.AnalyzeRequest) -> analyzer_pb2.RemediateResponse:
        """Change nothing: what is wrong is mended in the program."""
        return analyzer_pb2.RemediateResponse()

    def analyze(self, request: analyzer_pb2.AnalyzeRequest) -> analyzer_pb2.AnalyzeResponse:
        """Judge one resource by its inputs."""
        of_the_stack = self._evaluator.needs(request.type, stack_wide=True)
        wanted = of_the_stack or self._evaluator.needs(request.type, stack_wide=False)
        # Some objects are large, such as resource definitions: what no control looks at is not decoded.
        root = Node(decoded(request.properties) if wanted else {})
        if of_the_stack:
            self._asked[request.urn] = root
        resource = Resource(
            request.type,
            request.urn,
            root,
            provider=self._provider(request.provider),
            protected=request.options.protect,
            parent=request.options.parent or None,
        )
        return self._answer(self._evaluator.judge(resource, self._config, today=self._day))

    def analyze_stack(self, request: analyzer_pb2.AnalyzeStackRequest) -> analyzer_pb2.AnalyzeResponse:
        """Judge the stack as a whole by its resources' outputs, and by their inputs where those say more.

        In a preview a provider that can't be configured yet, such as that of a cluster still to be made, gives none.
        """
        resources = [
            Resource(
                found.type,
                found.urn,
                self._known(found),
                {name: tuple(origin.urns) for name, origin in found.propertyDependencies.items()},
                self._provider(found.provider),
                found.options.protect,
                found.parent or None,
            )
            for found in request.resources
            if self._evaluator.needs(found.type, stack_wide=True)
        ]
        return self._answer(self._evaluator.judge_stack(resources, self._config, today=self._day))

    def _known(self, found: analyzer_pb2.AnalyzerResource) -> Node:
        """What is known of a resource once it is asked for: some providers give back less than they were given."""
        asked = self._asked.get(found.urn)
        given = dict(asked.value) if asked is not None and isinstance(asked.value, Mapping) else {}
        outputs = decoded(found.properties)
        made = {name: value for name, value in outputs.items() if value is not UNKNOWN or name not in given}
        return Node(given | made)

    def cancel(self, _request: Empty) -> Empty:
        """Finish what is under way; no call of this pack takes long."""
        return Empty()

    def _provider(self, found: analyzer_pb2.AnalyzerProviderResource) -> Resource | None:
        """Decode a provider once, however many resources it makes."""
        if not found.urn:
            return None
        if found.urn not in self._providers:
            self._providers[found.urn] = Resource(found.type, found.urn, Node(decoded(found.properties)))
        return self._providers[found.urn]

    def _waived(self, results: Sequence[Result]) -> Sequence[Result]:
        return apply(results, self._waivers, stack=self._stack, profiles=self._profiles, today=self._day).results

    def _answer(self, results: Sequence[Result]) -> analyzer_pb2.AnalyzeResponse:
        answer = analyzer_pb2.AnalyzeResponse()
        is_broken = any(result.verdict is Verdict.FAIL for result in results)
        for result in self._waived(results) if is_broken else results:
            level = effective_level(result.control, self._profiles, self.configuration.levels.get(result.control.id))
            if level is Level.DISABLED:
                continue
            if result.verdict is Verdict.NOT_APPLICABLE:
                answer.not_applicable.add(policy_name=result.control.id, reason=result.reason)
            answer.diagnostics.extend(
                diagnostic(result.control, message) for message in messages(result, level=level, preview=self._preview)
            )
        return answer


def diagnostic(control: Control[Any], message: Message) -> analyzer_pb2.AnalyzeDiagnostic:
    """Return a message in the engine's form."""
    return analyzer_pb2.AnalyzeDiagnostic(
        policyName=control.id,
        policyPackName=PACK,
        policyPackVersion=VERSION,
        description=control.title,
        message=message.text,
        enforcementLevel=WIRE_LEVELS[message.level],
        urn=message.urn,
        severity=WIRE_SEVERITIES[control.severity],
    )


def policy_info(control: Control[Any]) -> analyzer_pb2.PolicyInfo:
    """Return what the engine lists about a control. It can name one framework only: the most telling."""
    first = control.references[0]
    return analyzer_pb2.PolicyInfo(
        name=control.id,
        displayName=control.title,
        description=f"{control.title}. {control.harm}",
        message=control.remedy,
        remediation_steps=control.remedy,
        enforcementLevel=WIRE_LEVELS[control.level],
        policy_type=analyzer_pb2.POLICY_TYPE_STACK
        if control.applies_to.stack_wide
        else analyzer_pb2.POLICY_TYPE_RESOURCE,
        severity=WIRE_SEVERITIES[control.severity],
        framework=analyzer_pb2.PolicyComplianceFramework(name=first.framework, reference=first.clause),
        configSchema=schema_of(control),
        tags=[control.id.partition("-")[0]],
    )
