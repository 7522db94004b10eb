"""The files of one evidence: the document, its renderings, a manifest that names each by its digest, signatures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

from falaj.signing import PrivateKey, PublicKey, is_signed, sign
from policies.evidence.document import digest, read, written
from policies.evidence.junit import junit
from policies.evidence.markdown import markdown
from policies.evidence.model import Evidence
from policies.evidence.oscal import oscal
from policies.evidence.page import page
from policies.evidence.page_findings import arrow_of
from policies.evidence.sarif import sarif
from policies.residency.picture import picture
from policies.visible import json_text

DOCUMENT: Final = "evidence.json"
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = ".sig"
SIGNED: Final = (DOCUMENT, MANIFEST)
"""The files that have a signature of their own: the document for who reads it alone, the manifest for all the rest."""
FORMAT: Final = "falaj-evidence-manifest/1"


class Rendering(StrEnum):
    """A form in which the evidence is read."""

    OSCAL = "oscal"
    SARIF = "sarif"
    JUNIT = "junit"
    MARKDOWN = "markdown"
    HTML = "html"
    SVG = "svg"


FILES: Final = {
    Rendering.OSCAL: "evidence.oscal.json",
    Rendering.SARIF: "evidence.sarif",
    Rendering.JUNIT: "evidence.junit.xml",
    Rendering.MARKDOWN: "evidence.md",
    Rendering.HTML: "evidence.html",
    Rendering.SVG: "residency.svg",
}
OURS: Final = frozenset({DOCUMENT, MANIFEST, *FILES.values(), *(f"{name}{SIGNATURE}" for name in SIGNED)})
"""The names of all files that a bundle may have."""


class NoBundleError(Exception):
    """There is no manifest, or none that can be read: nothing says what belongs together."""


class TamperedError(Exception):
    """One or more files are not what was signed. Names each."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("\n".join(f"{name} {wrong}" for name, wrong in problems.items()))
        self.problems = dict(problems)


def bundle(evidence: Evidence, renderings: Iterable[Rendering] = Rendering) -> dict[str, bytes]:
    """Return the files by name: the document, the renderings of it, the manifest. The same evidence, the same bytes."""
    document = written(evidence)
    wanted = sorted(set(renderings), key=list(Rendering).index)
    names = {DOCUMENT, *(FILES[each] for each in wanted)}
    # From the document alone, so that nothing can be in a rendering that is not in what is signed.
    again = read(document)
    renderers: Mapping[Rendering, Callable[[Evidence], bytes]] = {
        Rendering.OSCAL: oscal,
        Rendering.SARIF: sarif,
        Rendering.JUNIT: junit,
        Rendering.MARKDOWN: lambda evidence: markdown(evidence, names),
        Rendering.HTML: page,
        Rendering.SVG: lambda evidence: f"{picture(map(arrow_of, evidence.residency))}\n".encode(),
    }
    files = {DOCUMENT: document, **{FILES[each]: renderers[each](again) for each in wanted}}
    return {**files, MANIFEST: _manifest(files)}


def signed(files: Mapping[str, bytes], key: PrivateKey) -> dict[str, bytes]:
    """Return the files with the signatures of those that have one."""
    return {**files, **{f"{name}{SIGNATURE}": sign(files[name], key) for name in SIGNED}}


def verify(files: Mapping[str, bytes], key: PublicKey) -> Evidence:
    """Return what the evidence says once every file is proven to be what the holder of the key signed.

    Raises ``NoBundleError`` without a manifest, ``TamperedError`` for files that were changed, removed or added, and
    ``UnreadableEvidenceError`` for a document of another version.
    """
    if MANIFEST not in files:
        raise NoBundleError(f"there is no {MANIFEST}")
    _refuse(_wrong_signature(MANIFEST, files, key))
    listed = _listed(files[MANIFEST])
    _refuse(_wrong_files(listed, files))
    _refuse(_wrong_signature(DOCUMENT, files, key))
    return read(files[DOCUMENT])


def _manifest(files: Mapping[str, bytes]) -> bytes:
    digests = {name: digest(content) for name, content in sorted(files.items())}
    return json_text({"format": FORMAT, "sha256": digests}).encode()


def _listed(manifest: bytes) -> Mapping[str, str]:
    try:
        content: Any = json.loads(manifest)
        if content["format"] == FORMAT and DOCUMENT in content["sha256"]:
            return {str(name): str(found) for name, found in content["sha256"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise NoBundleError(f"{MANIFEST} is no manifest of the form {FORMAT}")


def _wrong_signature(name: str, files: Mapping[str, bytes], key: PublicKey) -> Iterator[tuple[str, str]]:
    signature = f"{name}{SIGNATURE}"
    if signature not in files:
        yield signature, "is missing: nothing proves who made this evidence"
    elif not is_signed(files[name], files[signature], key):
        yield name, f"is not what {signature} signs with this key"


def _wrong_files(listed: Mapping[str, str], files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    signatures = {f"{name}{SIGNATURE}" for name in SIGNED}
    for name in sorted({*listed, *files}):
        if name not in files:
            yield name, "is missing"
        elif name in listed:
            if digest(files[name]) != listed[name]:
                yield name, "was changed after it was signed"
        elif name != MANIFEST and name not in signatures:
            yield name, "is no part of the evidence"


def _refuse(problems: Iterator[tuple[str, str]]) -> None:
    found = dict(problems)
    if found:
        raise TamperedError(found)
