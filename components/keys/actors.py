"""Which actor of an environment uses which of its keys. Plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from components.identities.spec import Actor
from components.keys.spec import Purpose

Named = TypeVar("Named")
"""What an actor is known by: the ARN of its role, or its identity."""

AWS_USERS: Mapping[Purpose, Sequence[Actor]] = {
    Purpose.CLUSTER_SECRETS: (Actor.CONTROL_PLANE,),
    Purpose.NODE_DISKS: (Actor.DISKS,),
    Purpose.BACKUP: (Actor.BACKUP, Actor.RESTORE),
}
AWS_READERS: Mapping[Purpose, Actor] = {Purpose.MODEL_STORE: Actor.BACKUP}
AZURE_USERS: Mapping[Purpose, Actor] = {
    Purpose.CLUSTER_SECRETS: Actor.CONTROL_PLANE,
    Purpose.NODE_DISKS: Actor.DISKS,
    Purpose.REGISTRY: Actor.REGISTRY,
    Purpose.MODEL_STORE: Actor.MODEL_STORE,
    Purpose.LOGS: Actor.LOGS,
    Purpose.AUDIT: Actor.AUDIT,
    Purpose.BACKUP: Actor.BACKUP,
}


def aws_users(purposes: Sequence[Purpose], roles: Mapping[Actor, Named]) -> dict[Purpose, list[Named]]:
    """Return the roles that read and write with the key for each of these purposes."""
    return {purpose: [roles[actor] for actor in actors] for purpose, actors in AWS_USERS.items() if purpose in purposes}


def aws_readers(purposes: Sequence[Purpose], roles: Mapping[Actor, Named]) -> dict[Purpose, list[Named]]:
    """Return the roles that only read with the key for each of these purposes."""
    return {purpose: [roles[actor]] for purpose, actor in AWS_READERS.items() if purpose in purposes}


def azure_users(purposes: Sequence[Purpose], identities: Mapping[Actor, Named]) -> dict[Purpose, Named]:
    """Return the identity that uses the key for each of these purposes."""
    return {purpose: identities[actor] for purpose, actor in AZURE_USERS.items() if purpose in purposes}
