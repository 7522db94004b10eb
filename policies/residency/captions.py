"""The words of the picture of movements, in English and in Arabic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from policies.residency.place import Place
from policies.residency.proof import Proof


@dataclass(frozen=True, slots=True)
class Captions:
    """Every fixed word of the picture in one language."""

    language: str
    """Its code."""
    right_to_left: bool
    title: str
    senders: str
    receivers: str
    places: Mapping[Place, str]
    undeclared: str
    """For a sender that no movement ends at: nothing says where it stands."""
    proofs: Mapping[Proof, str]
    """What became of movements, beside their number."""
    forbidden: str
    """Before the article that forbids a movement."""
    nothing: str
    """Where no movement is declared."""


ENGLISH: Final = Captions(
    language="en",
    right_to_left=False,
    title="Where data goes",
    senders="Who sends",
    receivers="Who receives",
    places={
        Place.ABROAD: "Abroad",
        Place.UNKNOWN: "Place not known yet",
        Place.GLOBAL: "Global services",
        Place.INSIDE: "Inside the UAE",
    },
    undeclared="Place not stated",
    proofs={Proof.BROKEN: "broken", Proof.UNKNOWN: "not known yet", Proof.WAIVED: "waived", Proof.ALLOWED: "allowed"},
    forbidden="forbidden by",
    nothing="No movement of data is declared.",
)
ARABIC: Final = Captions(
    language="ar",
    right_to_left=True,
    title="إلى أين تذهب البيانات",
    senders="المرسِل",
    receivers="المستقبِل",
    places={
        Place.ABROAD: "خارج الدولة",
        Place.UNKNOWN: "مكان غير معروف بعد",
        Place.GLOBAL: "خدمات عالمية",
        Place.INSIDE: "داخل دولة الإمارات",
    },
    undeclared="مكان غير مذكور",
    proofs={
        Proof.BROKEN: "مخالِفة",
        Proof.UNKNOWN: "غير معروفة بعد",
        Proof.WAIVED: "مستثناة",
        Proof.ALLOWED: "مسموح بها",
    },
    forbidden="تمنعه",
    nothing="لا حركة بيانات مذكورة.",
)
