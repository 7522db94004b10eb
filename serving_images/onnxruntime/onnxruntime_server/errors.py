"""Why a request is not answered, in terms that hold for every transport."""

from __future__ import annotations


class ServerError(Exception):
    """A request that gets an error instead of an answer; ``str(error)`` is what the client reads."""


class InvalidArgumentError(ServerError):
    """The request itself is wrong; sending it again can't help."""


class NotFoundError(ServerError):
    """No such model, version or path."""


class ForbiddenError(ServerError):
    """What the operator has not switched on."""


class TooLargeError(ServerError):
    """The request is over a limit of this server."""


class UnavailableError(ServerError):
    """The server is loading or stopping; the same request may succeed later."""


class FullError(UnavailableError):
    """Too much is waiting already; the same request may succeed later."""


class ExpiredError(ServerError):
    """The time that the client gave its request has passed."""


class ModelFailedError(ServerError):
    """The model could not compute an answer for inputs that fit its signature."""


class ClientGoneError(ServerError):
    """The client left before its answer was ready; there is nobody to answer."""

    def __init__(self, message: str = "the client left before its answer was ready") -> None:
        super().__init__(message)


class SlowClientError(ServerError):
    """The request did not arrive in the time a request may take."""


class RepositoryError(Exception):
    """A model folder that can't be served; ``str(error)`` is the reason."""
