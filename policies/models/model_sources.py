"""Where a container is told to fetch models from: addresses and names in its command line and its environment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import Field

from policies.geography.card_hosts import host_of, lies_in_the_uae
from policies.node import Node
from policies.outcomes import Undecided
from policies.parameters import Parameters
from policies.path import Path
from policies.resources import Plan
from policies.workloads.program_options import not_known as words_not_known
from policies.workloads.program_options import options, words
from policies.workloads.registries import STACK_REFERENCE, exported_in_the_uae

HUBS: Final = re.compile(
    r"(?<![\w-])(?:[\w-]+\.)*(?:huggingface\.co|hf\.co|hf-mirror\.com|ngc\.nvidia\.com|modelscope\.cn|kaggle\.com|"
    r"tfhub\.dev|civitai\.com|ollama\.(?:ai|com)|download\.pytorch\.org)(?![\w-])",
    re.IGNORECASE,
)
"""Hosts from which anyone may fetch models, and to which anyone may bring some."""
ABROAD: Final = ("hf", "gs", "gcs", "ngc", "kaggle", "modelscope", "ollama")
"""Schemes of hubs, and of a cloud without a region in the UAE."""
OBJECTS: Final = ("s3", "as", "az", "azureml", "abfs", "abfss", "wasb", "wasbs")
"""Schemes of object stores."""
WEB: Final = ("http", "https")
STORES: Final = {"aws:s3/bucket:Bucket": "bucket", "azure-native:storage:StorageAccount": "accountName"}
"""Stores that a stack makes, with the property that names them. Where they lie is judged by the controls of RES."""
OFFLINE: Final = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
_ADDRESS: Final = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://[^\s\"'`,;]+", re.IGNORECASE)
_OF_A_MODEL: Final = re.compile(r"model|storage_?uri|checkpoint|weights|hf_endpoint", re.IGNORECASE)
_HUB_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_NAMED_BY: Final = frozenset({"model", "model-id", "model_id", "MODEL_ID", "HF_MODEL_ID"})
_STORE: Final = re.compile(r"\.(?:blob|dfs)\.core\.windows\.net|[./-]s3[.-][^/]*amazonaws\.com")
_AZURE_DOMAIN: Final = re.compile(r"\.(?:blob|dfs)\.core\.windows\.net$")


class OwnStores(Parameters):
    """The operator's stores of models."""

    stores: tuple[str, ...] = Field(
        default=(),
        description="Buckets, storage accounts and hosts in the UAE that hold models and that no stack at hand makes.",
    )


@dataclass(frozen=True, slots=True)
class Source:
    """One place that a container may fetch models from."""

    node: Node
    address: str
    """The address, or the name that a library looks up in its hub."""


def sources(container: Node) -> Iterator[Source]:
    """Yield what a container is told of where models lie, each once."""
    variables = [(str(each["name"].value), each["value"]) for each in container["env"].items()]
    told = [(option.name, option.value, option.node) for option in options(container)]
    told += [("", word.text, word.node) for word in words(container)]
    # A slice is plain text even of a secret; only the value itself is ever shown.
    told += [(name, node.value[:], node) for name, node in variables if isinstance(node.value, str)]
    is_offline = any(name in OFFLINE and value == "1" for name, value, _ in told)
    found: dict[tuple[Path, str], Source] = {}
    for name, text, node in told:
        for address in _addresses(name, text, is_offline=is_offline):
            found.setdefault((node.path, address), Source(node, address))
    yield from found.values()


def not_known(container: Node) -> Iterator[Undecided]:
    """Yield what is not known yet and may name a source."""
    yield from (element.undecided for element in words_not_known(container))
    for variable in container["env"].items():
        if not variable["value"].known:
            yield variable["value"].undecided


def lies_here(source: Source, plan: Plan) -> bool | Undecided:
    """Tell whether a source lies in the UAE and is ours; where that is not known yet, return what it hangs on."""
    host = host_of(source.address, (*OBJECTS, *WEB))
    if host is None or HUBS.search(source.address) or source.address.count("://") > 1:
        return False
    lies = lies_in_the_uae(host, plan.parameters(OwnStores).stores)
    if lies is not None:
        return lies
    name = _AZURE_DOMAIN.sub("", host)
    if any(each[key].value == name for token, key in STORES.items() for each in plan.of_type(token)):
        return True
    answers = [exported_in_the_uae(each, name) for each in plan.of_type(STACK_REFERENCE)]
    known = [answer for answer in answers if isinstance(answer, bool)]
    return any(known) or next((answer for answer in answers if isinstance(answer, Undecided) and not known), False)


def _addresses(name: str, text: str, *, is_offline: bool) -> Iterator[str]:
    for match in _ADDRESS.finditer(text):
        scheme, address = match["scheme"].lower(), match[0]
        of_models = _OF_A_MODEL.search(name) or _STORE.search(address) or HUBS.search(address)
        if scheme in (*ABROAD, *OBJECTS) or (scheme in WEB and of_models):
            yield address
    yield from (match[0] for match in HUBS.finditer(_ADDRESS.sub("", text)))
    if name in _NAMED_BY and _HUB_NAME.fullmatch(text) and not is_offline:
        yield text
