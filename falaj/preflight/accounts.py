"""The account that a stack would be made in, with whatever credentials the user has."""

from __future__ import annotations

import logging

from falaj.catalog.providers import Provider
from falaj.errors import MachineError
from falaj.preflight.live import Account, UnansweredError
from falaj.preflight.wanted import Wanted

INSTALL = "pip install 'falaj[live]'"
SIGN_IN = {Provider.AWS: "aws sso login, or aws configure", Provider.AZURE: "az login"}


def account_of(wanted: Wanted) -> Account | None:
    """Return the account of a stack, or None for a cluster of one's own.

    Refuses a machine without the provider's library, and one without credentials.
    """
    if wanted.provider is Provider.LOCAL:
        return None
    try:
        return _aws(wanted) if wanted.provider is Provider.AWS else _azure(wanted)
    except ImportError as error:
        raise _refusal(wanted, f"{error.name} is not installed, and --live asks through it.", "003", INSTALL) from error
    except UnansweredError as error:
        raise _refusal(
            wanted, f"No credentials were found: {str(error).rstrip('.')}.", "004", SIGN_IN[wanted.provider]
        ) from error


def _aws(wanted: Wanted) -> Account:
    from falaj.preflight.aws import AwsAccount  # noqa: PLC0415 - boto3 is there only with the extra `live`

    account = AwsAccount(wanted.region)
    account.require_credentials()
    return account


def _azure(wanted: Wanted) -> Account:
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - is there only with the extra `live`

    from falaj.preflight.azure import AzureAccount  # noqa: PLC0415 - as above

    logging.getLogger("azure.identity").setLevel(logging.ERROR)
    account = AzureAccount(wanted.account, wanted.region, DefaultAzureCredential())
    account.require_credentials()
    return account


def _refusal(wanted: Wanted, message: str, number: str, hint: str) -> MachineError:
    return MachineError(message, code=f"FAL-PFL-{number}", where=f"stack {wanted.stack}", hint=hint)
