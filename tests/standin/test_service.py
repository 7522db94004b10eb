"""The stand-in as an engine meets it: over gRPC, through the embedded engine's own client."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from falaj.engine.grpc_provider import GrpcProvider
from falaj.engine.provider import CheckFailure, Existing, InitializationError, ProviderError
from falaj.engine.values import UNKNOWN, PropertyMap, Secret
from falaj.standin.account import digest, stable_uuid
from falaj.standin.service import StandIn

PROVIDER = "urn:pulumi:prod::falaj::pulumi:providers:aws::main"
KEY = "urn:pulumi:prod::falaj::aws:kms/key:Key::main"
TEMPLATE = "urn:pulumi:prod::falaj::aws:ec2/launchTemplate:LaunchTemplate::main"
INSTANCE = "urn:pulumi:prod::falaj::aws:rds/instance:Instance::main"


@contextmanager
def serving(package: str) -> Iterator[tuple[GrpcProvider, provider_pb2_grpc.ResourceProviderStub]]:
    provider, server = StandIn(package), grpc.server(futures.ThreadPoolExecutor(4))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield GrpcProvider(channel), provider_pb2_grpc.ResourceProviderStub(channel)
    server.stop(0).wait()
    provider.close()


@pytest.fixture
def aws() -> Iterator[GrpcProvider]:
    """A stand-in for AWS, configured."""
    with serving("aws") as (provider, _):
        settings = PropertyMap({"region": "me-central-1", "allowedAccountIds": '["210987654321"]'})
        provider.configure(PROVIDER, "id", settings)
        yield provider


def existing(identifier: str, inputs: dict[str, Any], outputs: PropertyMap) -> Existing:
    return Existing(identifier, PropertyMap(inputs), outputs)


def test_refuses_settings_and_regions_that_the_provider_can_not_have(aws: GrpcProvider) -> None:
    given = PropertyMap({"region": "us-east-1", "colour": "blue"})

    inputs, refused = aws.check_config(PROVIDER, PropertyMap(), given)

    assert inputs == given
    assert refused == [
        CheckFailure("colour", "there is no such property"),
        CheckFailure("region", "us-east-1 does not lie in the UAE, allowed: me-central-1"),
    ]


def test_a_provider_that_works_elsewhere_replaces_what_it_made(aws: GrpcProvider) -> None:
    old, same = PropertyMap({"region": "me-central-1", "maxRetries": 3}), PropertyMap()

    elsewhere = aws.diff_config(PROVIDER, old, same, PropertyMap({"region": "me-south-1", "maxRetries": 4}))
    here = aws.diff_config(PROVIDER, old, same, old)

    assert (elsewhere.changed, elsewhere.keys, elsewhere.replaces) == (True, ("maxRetries", "region"), ("region",))
    assert here.changed is False


def test_check_names_what_is_not_named_and_says_what_is_wrong(aws: GrpcProvider) -> None:
    inputs, refused = aws.check(TEMPLATE, PropertyMap(), PropertyMap({"imageid": "ami-1"}), b"")

    assert inputs["name"] == f"main-{digest(TEMPLATE, 7)}"
    assert refused == [CheckFailure("imageid", "there is no such property; the nearest is imageId")]


def test_a_preview_leaves_unknown_what_only_a_server_can_know(aws: GrpcProvider) -> None:
    identifier, outputs = aws.create(KEY, PropertyMap({"description": "x"}), 60, preview=True)

    assert identifier == ""
    assert (outputs["description"], outputs["arn"], outputs["keyId"]) == ("x", UNKNOWN, UNKNOWN)


def test_a_creation_answers_with_stable_ids_of_the_configured_account(aws: GrpcProvider) -> None:
    identifier, outputs = aws.create(KEY, PropertyMap({"description": Secret("x")}), 60, preview=False)

    assert identifier == stable_uuid(KEY)
    assert outputs["arn"] == f"arn:aws:kms:me-central-1:210987654321:key/{identifier}"
    assert outputs["description"] == Secret("x")
    assert aws.create(KEY, PropertyMap({"description": Secret("x")}), 60, preview=False) == (identifier, outputs)


def test_what_the_sdk_keeps_secret_is_secret(aws: GrpcProvider) -> None:
    inputs = PropertyMap({"instanceClass": "db.t4g.medium", "password": "pearl"})

    assert aws.create(INSTANCE, inputs, 60, preview=False)[1]["password"] == Secret("pearl")


def test_a_change_is_told_property_by_property(aws: GrpcProvider) -> None:
    old = existing("id", {"description": "x", "keyUsage": "ENCRYPT_DECRYPT"}, PropertyMap())

    changed = aws.diff(KEY, old, PropertyMap({"description": "y", "keyUsage": "SIGN_VERIFY"}), [])
    same = aws.diff(KEY, old, old.inputs, [])

    assert (changed.changed, changed.keys, changed.replaces) == (True, ("description", "keyUsage"), ("keyUsage",))
    assert changed.detailed == {"description": False, "keyUsage": True}
    assert (same.changed, same.keys) == (False, ())


def test_an_update_keeps_the_id_and_moves_the_version(aws: GrpcProvider) -> None:
    inputs = {"name": "nodes", "imageId": "ami-1"}
    identifier, outputs = aws.create(TEMPLATE, PropertyMap(inputs), 60, preview=False)
    old, new = existing(identifier, inputs, outputs), PropertyMap({**inputs, "imageId": "ami-2"})

    planned = aws.update(TEMPLATE, old, new, 60, [], preview=True)
    after = aws.update(TEMPLATE, old, new, 60, [], preview=False)

    assert (planned["arn"], planned["latestVersion"]) == (outputs["arn"], UNKNOWN)
    assert (after["arn"], after["imageId"], after["latestVersion"]) == (outputs["arn"], "ami-2", 2)


def test_reading_answers_as_if_it_existed_and_deleting_as_if_it_were_gone(aws: GrpcProvider) -> None:
    read = aws.read(KEY, "1234", PropertyMap())

    assert read is not None
    assert read[0] == "1234"
    aws.delete(KEY, existing("1234", {}, PropertyMap()), 60)


def test_functions_are_answered_or_refused_by_name(aws: GrpcProvider) -> None:
    returned, _ = aws.invoke("aws:index/getCallerIdentity:getCallerIdentity", PropertyMap(), preview=False)

    assert returned["accountId"] == "210987654321"
    with pytest.raises(ProviderError, match="does not know the function aws:ec2/getAmi:getAmi"):
        aws.invoke("aws:ec2/getAmi:getAmi", PropertyMap(), preview=False)


def test_ordered_failures_happen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FALAJ_STANDIN_FAULTS", "quota@*::none; partial@*::half; throttle(seconds=0)@*::main")
    with serving("aws") as (aws, _):
        aws.configure(PROVIDER, "id", PropertyMap())
        with pytest.raises(ProviderError) as refused:
            aws.create(KEY.replace("::main", "::none"), PropertyMap(), 60, preview=False)
        with pytest.raises(InitializationError) as half:
            aws.create(KEY.replace("::main", "::half"), PropertyMap(), 60, preview=False)
        made, _ = aws.create(KEY, PropertyMap(), 60, preview=False)
        aws.cancel()

    assert refused.value.described is not None
    assert refused.value.described.message == "LimitExceededException: the quota of the account is used up."
    assert half.value.reasons == ["it was created and its state is FAILED"]
    assert half.value.id == stable_uuid(KEY.replace("::main", "::half"))
    assert made == stable_uuid(KEY)


def test_says_who_it_is() -> None:
    with serving("azure-native") as (_, stub):
        version = stub.GetPluginInfo(Empty()).version
        schema = stub.GetSchema(provider_pb2.GetSchemaRequest()).schema
        shaken = stub.Handshake(provider_pb2.ProviderHandshakeRequest())

    assert schema == f'{{"name": "azure-native", "version": "{version}"}}'
    assert shaken.accept_secrets is True
