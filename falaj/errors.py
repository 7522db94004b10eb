"""What a user is told when something they can mend is wrong."""

from __future__ import annotations

from typing import ClassVar


class FalajError(Exception):
    """An error with a stable code, the place it was found and the next step.

    ``str(error)`` is the whole message: code and place on the first line, then what happened, then what to do.
    Subclasses are named after what the user can do about it and fix the exit code of the command.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, code: str, where: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        body = "\n".join(f"  {line}" for line in self.message.splitlines())
        return f"{self.code}  {self.where}\n{body}\n  Next: {self.hint}"


class ConfigurationError(FalajError):
    """A stack file, flag, model or image lock that has to be edited."""

    exit_code = 3


class MachineError(FalajError):
    """This machine lacks something the command needs."""

    exit_code = 4


class PolicyViolationError(FalajError):
    """The policy pack stopped the plan; nothing was created."""

    exit_code = 5


class DeploymentError(FalajError):
    """A resource could not be made, changed or removed; what was done is in the state."""

    exit_code = 6


class StateError(FalajError):
    """The state file is locked, damaged or of a version this engine does not know."""

    exit_code = 7


class ClusterError(FalajError):
    """The local cluster could not be started, reached or removed."""

    exit_code = 8


class ImageError(FalajError):
    """An image could not be built, found or loaded."""

    exit_code = 9


class EndpointError(FalajError):
    """A model endpoint could not be reached or refused the request."""

    exit_code = 10


class PreflightError(FalajError):
    """The account, its region or the backend lacks something that a stack needs; nothing was created."""

    exit_code = 11


class AccuracyError(FalajError):
    """A changed model answers worse than its owner allows; nothing was written."""

    exit_code = 12
