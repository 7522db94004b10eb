"""Pulumi's ResourceMonitor service: what the program calls for every resource, read and invoke."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from typing import NoReturn

import grpc
from google.protobuf.empty_pb2 import Empty

from falaj.engine import urn as urns
from falaj.engine.builtin_provider import STACK_REFERENCE
from falaj.engine.callbacks import CallbackError, Callbacks
from falaj.engine.deployment import Deployment, ResourceError
from falaj.engine.goal import Completion, Outcome
from falaj.engine.goal_request import goal_of, options_of, unsupported, with_origins
from falaj.engine.inheritance import Inheritance
from falaj.engine.protocol import callback_pb2, provider_pb2, resource_pb2, resource_pb2_grpc
from falaj.engine.provider import ProviderError
from falaj.engine.registration import ReadGoal, Registrations
from falaj.engine.resource_state import ResourceState
from falaj.engine.values import PropertyMap, downgrade_properties
from falaj.engine.wire import decode, encode
from falaj.errors import DeploymentError, FalajError

FEATURES = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_DEPENDS_ON,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_PARENT,
)
"""What the program is told that the engine can do."""

FEATURE_NAMES = (
    "secrets",
    "resourceReferences",
    "outputValues",
    "aliasSpecs",
    "replacementTrigger",
    "deletedWith",
    "replaceWith",
    "transforms",
    "invokeTransforms",
    "resourceHooks",
)
"""The same, by the names that older programs ask for."""


class ResourceMonitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Turns the program's calls into registrations. What the engine does not do ends the run with its reason."""

    def __init__(self, registrations: Registrations, callbacks: Callbacks, parallel: int) -> None:
        self._registrations = registrations
        self._deployment: Deployment = registrations.deployment
        self._callbacks = callbacks
        self._parallel = parallel
        self._inheritance = Inheritance()
        self._stack_transforms: list[callback_pb2.Callback] = []
        self._invoke_transforms: list[callback_pb2.Callback] = []
        self._packages: dict[str, tuple[str, str]] = {}
        self.program_ended = threading.Event()
        self.may_exit = threading.Event()

    def GetDeploymentInfo(  # noqa: N802 - gRPC
        self, request: Empty, context: grpc.ServicerContext
    ) -> resource_pb2.DeploymentInfo:
        """Who is deployed and what the engine can do."""
        del request, context
        target = self._deployment.target
        return resource_pb2.DeploymentInfo(
            project=target.project,
            stack=target.stack,
            organization="organization",
            config=target.settings.values,
            configSecretKeys=sorted(target.settings.secret_keys),
            dryRun=self._deployment.dry_run,
            parallel=self._parallel,
            supportedFeatures=FEATURES,
        )

    def SupportsFeature(  # noqa: N802 - gRPC
        self, request: resource_pb2.SupportsFeatureRequest, context: grpc.ServicerContext
    ) -> resource_pb2.SupportsFeatureResponse:
        """Whether the engine can do something, for programs that ask one by one."""
        del context
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in FEATURE_NAMES)

    def RegisterResource(  # noqa: N802 - gRPC
        self, request: resource_pb2.RegisterResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.RegisterResourceResponse:
        """Bring one resource to where the program wants it."""
        self._stop_if_over(context)
        try:
            outcome = self._register(request)
        except FalajError as error:
            self._abort(context, error)
        except (CallbackError, ResourceError, ProviderError) as error:
            urn = self._deployment.target.urn(request.parent, request.type, request.name)
            self._deployment.fail(urn, _failure(error))
            state = ResourceState(urn=urn, type=request.type, custom=request.custom)
            outcome = Outcome(state, Completion.FAILED)
        self._stop_if_over(context)
        if outcome.completion is not Completion.SUCCEEDED and not request.supportsResultReporting:
            context.abort(grpc.StatusCode.UNAVAILABLE, "resource registration failed")
        state = outcome.state
        outputs = state.outputs if request.custom else PropertyMap()
        return resource_pb2.RegisterResourceResponse(
            urn=state.urn,
            id=state.id,
            object=encode(outputs, secrets=request.acceptSecrets),
            result=_result(outcome),
        )

    def _register(self, request: resource_pb2.RegisterResourceRequest) -> Outcome:
        refused = unsupported(request)
        if refused:
            raise self._unsupported(refused, f"{request.type} {request.name}")
        self._inheritance.inherit(request)
        properties = decode(request.object, f"resource {request.name} ({request.type})")
        provider = self._inheritance.provider_for(request)
        options = options_of(request, provider)
        transforms = self._inheritance.transforms_for(request)
        carries_origins = bool(request.transforms)
        if carries_origins:
            properties = with_origins(properties, request)
        for transform in (*transforms, *self._stack_transforms):
            properties, options = self._transform(transform, request, properties, options)
        goal = goal_of(request, properties, options, carries_origins=carries_origins)
        self._inheritance.merge_providers(request, options)
        if urns.is_provider_type(goal.type):
            goal.properties = _provider_inputs(goal.properties, options)
        elif goal.custom:
            goal.provider = self._provider_reference(request, options)
        outcome = self._registrations.register(goal)
        self._inheritance.remember(outcome.state.urn, request, goal, options)
        return outcome

    def _provider_reference(
        self, request: resource_pb2.RegisterResourceRequest, options: resource_pb2.TransformResourceOptions
    ) -> str:
        if options.provider:
            return options.provider
        package, version = self._package(request.packageRef, urns.package_of(request.type), options.version)
        return self._registrations.default_provider(package, version)

    def _package(self, reference: str, package: str, version: str) -> tuple[str, str]:
        if not reference:
            return package, version
        if reference not in self._packages:
            raise ResourceError(f"its package reference {reference} is not registered")
        return self._packages[reference]

    def _transform(
        self,
        transform: callback_pb2.Callback,
        request: resource_pb2.RegisterResourceRequest,
        properties: PropertyMap,
        options: resource_pb2.TransformResourceOptions,
    ) -> tuple[PropertyMap, resource_pb2.TransformResourceOptions]:
        asked = resource_pb2.TransformRequest(
            type=request.type,
            name=request.name,
            custom=request.custom,
            parent=request.parent,
            properties=encode(properties),
            options=options,
        )
        answer = self._callbacks.call(transform, asked, resource_pb2.TransformResponse())
        return (
            decode(answer.properties, f"a transform of {request.name}")
            if answer.HasField("properties")
            else properties,
            answer.options if answer.HasField("options") else options,
        )

    def RegisterResourceOutputs(  # noqa: N802 - gRPC
        self, request: resource_pb2.RegisterResourceOutputsRequest, context: grpc.ServicerContext
    ) -> Empty:
        """Record a component's outputs."""
        self._stop_if_over(context)
        try:
            outputs = downgrade_properties(decode(request.outputs, f"the outputs of {request.urn}"))
            self._registrations.register_outputs(request.urn, outputs)
        except FalajError as error:
            self._abort(context, error)
        return Empty()

    def ReadResource(  # noqa: N802 - gRPC
        self, request: resource_pb2.ReadResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.ReadResourceResponse:
        """Look a resource up that others own."""
        self._stop_if_over(context)
        urn = self._deployment.target.urn(request.parent, request.type, request.name)
        try:
            outcome = self._registrations.read(self._read_goal(request))
        except FalajError as error:
            self._abort(context, error)
        except (ResourceError, ProviderError) as error:
            self._deployment.fail(urn, _failure(error))
            failed = ResourceState(urn=urn, type=request.type, custom=True, id=request.id)
            outcome = Outcome(failed, Completion.FAILED)
        return resource_pb2.ReadResourceResponse(
            urn=outcome.state.urn,
            id=outcome.state.id,
            properties=encode(outcome.state.outputs, secrets=request.acceptSecrets),
            result=_result(outcome),
        )

    def _read_goal(self, request: resource_pb2.ReadResourceRequest) -> ReadGoal:
        provider = request.provider
        if not provider:
            package, version = self._package(request.packageRef, urns.package_of(request.type), request.version)
            if request.type == STACK_REFERENCE:
                version = ""
            provider = self._registrations.default_provider(package, version)
        return ReadGoal(
            type=request.type,
            name=request.name,
            id=request.id,
            provider=provider,
            parent=request.parent,
            properties=downgrade_properties(decode(request.properties, f"the reading of {request.name}")),
            dependencies=tuple(request.dependencies),
            additional_secret_outputs=tuple(request.additionalSecretOutputs),
        )

    def Invoke(  # noqa: N802 - gRPC
        self, request: resource_pb2.ResourceInvokeRequest, context: grpc.ServicerContext
    ) -> resource_pb2.ResourceInvokeResponse:
        """The answer of a package's function; a failure is the program's to handle."""
        self._stop_if_over(context)
        try:
            return self._invoke(request)
        except FalajError as error:
            self._abort(context, error)
        except (ResourceError, ProviderError, CallbackError) as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))

    def _invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:
        arguments = decode(request.args, f"the arguments of {request.tok}")
        package = urns.package_of(request.tok)
        options = resource_pb2.TransformInvokeOptions(
            provider=request.provider or self._inheritance.provider_of_parent(request.parent, package),
            version=request.version,
            plugin_download_url=request.pluginDownloadURL,
        )
        for transform in self._invoke_transforms:
            asked = resource_pb2.TransformInvokeRequest(token=request.tok, args=encode(arguments), options=options)
            answer = self._callbacks.call(transform, asked, resource_pb2.TransformInvokeResponse())
            if answer.HasField("args"):
                arguments = downgrade_properties(decode(answer.args, f"an invoke transform of {request.tok}"))
            options = answer.options if answer.HasField("options") else options
        if self._is_pending(request.dependsOn):
            return resource_pb2.ResourceInvokeResponse(unknown=True)
        reference = options.provider
        if not reference:
            package, version = self._package(request.packageRef, package, options.version)
            reference = self._registrations.default_provider(package, "" if package == "pulumi" else version)
        provider = self._registrations.registry.get(reference)
        if provider is None:
            raise ResourceError(f"the provider {reference} is not known")
        outputs, failures = provider.invoke(request.tok, arguments, preview=self._deployment.dry_run)
        response = resource_pb2.ResourceInvokeResponse(
            failures=[provider_pb2.CheckFailure(property=item.property, reason=item.reason) for item in failures],
        )
        getattr(response, "return").CopyFrom(encode(outputs))
        return response

    def _is_pending(self, dependencies: Sequence[str]) -> bool:
        """Whether an invoke would ask about resources that a preview has not made, or that failed."""
        if self._deployment.broken_dependency(set(dependencies)):
            return True
        if not self._deployment.dry_run:
            return False
        states = [self._registrations.find(urn) for urn in dependencies]
        return any(state is not None and state.custom and not state.id for state in states)

    def RegisterStackTransform(  # noqa: N802 - gRPC
        self, request: callback_pb2.Callback, context: grpc.ServicerContext
    ) -> Empty:
        """Have every later resource pass through a function of the program."""
        del context
        self._stack_transforms.append(request)
        return Empty()

    def RegisterStackInvokeTransform(  # noqa: N802 - gRPC
        self, request: callback_pb2.Callback, context: grpc.ServicerContext
    ) -> Empty:
        """Have every later invoke pass through a function of the program."""
        del context
        self._invoke_transforms.append(request)
        return Empty()

    def RegisterResourceHook(  # noqa: N802 - gRPC
        self, request: resource_pb2.RegisterResourceHookRequest, context: grpc.ServicerContext
    ) -> Empty:
        """Remember a function of the program to call around steps."""
        del context
        self._registrations.hooks.register(request)
        return Empty()

    def RegisterPackage(  # noqa: N802 - gRPC
        self, request: resource_pb2.RegisterPackageRequest, context: grpc.ServicerContext
    ) -> resource_pb2.RegisterPackageResponse:
        """A short name for a package and its version. Refuses parameterized packages."""
        if request.HasField("parameterization") or request.HasField("extension"):
            self._abort(context, self._unsupported("a parameterized package", request.name))
        reference = str(uuid.uuid4())
        self._packages[reference] = (request.name, request.version)
        return resource_pb2.RegisterPackageResponse(ref=reference)

    def SignalAndWaitForShutdown(  # noqa: N802 - gRPC
        self, request: Empty, context: grpc.ServicerContext
    ) -> Empty:
        """Keep the program, which still serves its hooks, until everything is done."""
        del request, context
        self.program_ended.set()
        self.may_exit.wait()
        return Empty()

    def Call(  # noqa: N802 - gRPC
        self, request: resource_pb2.ResourceCallRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CallResponse:
        """Refuse: methods of resources are not supported."""
        self._abort(context, self._unsupported("a method call on a resource", request.tok))

    def ExistsResource(  # noqa: N802 - gRPC
        self, request: resource_pb2.ExistsResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.ExistsResourceResponse:
        """Refuse: asking whether a resource exists is not supported."""
        self._abort(context, self._unsupported("a question whether a resource exists", f"{request.type} {request.id}"))

    def RegisterErrorHook(  # noqa: N802 - gRPC
        self, request: resource_pb2.RegisterErrorHookRequest, context: grpc.ServicerContext
    ) -> Empty:
        """Refuse: error hooks are not supported."""
        self._abort(context, self._unsupported("an error hook", request.name))

    def _stop_if_over(self, context: grpc.ServicerContext) -> None:
        if self._deployment.cancelled.is_set():
            context.abort(grpc.StatusCode.UNAVAILABLE, "the run is over")

    def _abort(self, context: grpc.ServicerContext, error: FalajError) -> NoReturn:
        self._deployment.abort(error)
        context.abort(grpc.StatusCode.UNAVAILABLE, error.message)
        raise error

    @staticmethod
    def _unsupported(what: str, where: str) -> DeploymentError:
        return DeploymentError(
            f"The program asks for {what}, which the embedded engine does not do yet.",
            code="FAL-ENG-401",
            where=where,
            hint="run this stack with the Pulumi CLI: `pulumi up`.",
        )


def _failure(error: CallbackError | ResourceError | ProviderError) -> ResourceError:
    if isinstance(error, ResourceError):
        return error
    return ResourceError.of(error) if isinstance(error, ProviderError) else ResourceError(str(error))


def _result(outcome: Outcome) -> resource_pb2.Result.ValueType:
    """How a registration ended, as the program is told: what was left out has failed for it."""
    return resource_pb2.SUCCESS if outcome.completion is Completion.SUCCEEDED else resource_pb2.FAIL


def _provider_inputs(properties: PropertyMap, options: resource_pb2.TransformResourceOptions) -> PropertyMap:
    """A provider's inputs with the version of the package that the program uses."""
    return properties.changed(version=options.version, __internal={}) if options.version else properties
