"""What proves an image: a bill of materials, provenance and signatures, kept beside its digest, read offline."""

from __future__ import annotations

from falaj.attestation.archive import sha256
from falaj.attestation.documents import attest, is_attested, verify
from falaj.attestation.fault import UnprovenError
from falaj.attestation.provenance import Build, Material

__all__ = ["Build", "Material", "UnprovenError", "attest", "is_attested", "sha256", "verify"]
