"""The laws, standards and benchmarks that controls refer to, with where and when each was read.

An engineering reading to be confirmed by counsel; clauses of one framework may carry different relations.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from policies.control import Reference, Relation

REVIEWED: Final = date(2026, 11, 22)


@dataclass(frozen=True, slots=True)
class Framework:
    """One law, standard or benchmark."""

    title: str
    """Its full name."""
    short: str
    """Its name in a finding."""
    source: str
    """Where its clauses were read."""

    def clause(self, clause: str, relation: Relation = Relation.SUPPORTS) -> Reference:
        """Return a reference to one clause."""
        return Reference(self.short, clause, relation, source=self.source, reviewed=REVIEWED)


PDPL: Final = Framework(
    "Federal Decree-Law 45 of 2021 on the protection of personal data",
    "PDPL",
    "uaepdpl.com, article list and article 20; securiti.ai overview",
)
HEALTH: Final = Framework(
    "Federal Law 2 of 2019 on information technology in health, with Cabinet Decision 32 of 2020",
    "UAE health ICT law",
    "ehs.gov.ae, copy of the law; elaws.moj.gov.ae; Taylor Wessing, August 2021",
)
CBUAE: Final = Framework(
    "Central Bank consumer protection standards (C 8/2020) and outsourcing regulation (C 14/2021)",
    "CBUAE",
    "rulebook.centralbank.ae, article 6 of both",
)
UAE_IA: Final = Framework(
    "UAE Information Assurance standards",
    "UAE IA",
    "NESA edition, Annex B and section T6.3",
)
DIFC: Final = Framework(
    "DIFC Data Protection Law 5 of 2020, amended 2025",
    "DIFC DPL",
    "dlapiperdataprotection.com; Gowling WLG, part three",
)
ADGM: Final = Framework(
    "ADGM Data Protection Regulations 2021", "ADGM DPR", "adgmen.thomsonreuters.com, part V, sections 40 to 42"
)
GDPR: Final = Framework("Regulation (EU) 2016/679", "GDPR", "the regulation's own text")
ISO_27001: Final = Framework("ISO/IEC 27001:2022 Annex A", "ISO/IEC 27001", "prowler 5.46.0, iso27001_2022_aws.json")
CIS_KUBERNETES: Final = Framework(
    "CIS Kubernetes Benchmark 1.12", "CIS Kubernetes", "prowler 5.46.0, cis_1.12_kubernetes.json"
)
POD_SECURITY: Final = Framework(
    "Kubernetes Pod Security Standards", "Pod Security", "kubernetes.io/docs/concepts/security/pod-security-standards"
)
NSA: Final = Framework("NSA and CISA Kubernetes Hardening Guide 1.2", "NSA/CISA", "the guide's chapters, August 2022")
ZERO_TRUST: Final = Framework("NIST SP 800-207 Zero Trust Architecture", "NIST SP 800-207", "section 2.1")
SLSA: Final = Framework("SLSA 1.x, build track", "SLSA", "slsa.dev, build levels")

POD_HARDENING: Final = (
    UAE_IA.clause("T3.2.1"),
    UAE_IA.clause("T7.5.1"),
    UAE_IA.clause("T5.6.2"),
    PDPL.clause("Art 20"),
    GDPR.clause("Art 32"),
    ISO_27001.clause("A.8.9"),
    ISO_27001.clause("A.8.19"),
    ISO_27001.clause("A.8.27"),
    NSA.clause("Kubernetes Pod security", Relation.PARTIAL),
)
"""What asks for hardened pods in general."""
RESIDENCY: Final = (
    PDPL.clause("Art 22"),
    PDPL.clause("Art 23"),
    CBUAE.clause("CPS 6.1.6.3", Relation.PARTIAL),
    CBUAE.clause("OutsourcingReg 6.1"),
    CBUAE.clause("OutsourcingReg 6.3"),
    HEALTH.clause("FL 2/2019 Art 13", Relation.PARTIAL),
    UAE_IA.clause("T6.3.1"),
    UAE_IA.clause("T6.3.2"),
    UAE_IA.clause("M5.2.4"),
    ISO_27001.clause("A.5.23"),
    ISO_27001.clause("A.5.31"),
    ISO_27001.clause("A.5.34"),
    GDPR.clause("Art 44"),
    GDPR.clause("Art 46"),
    DIFC.clause("Art 26"),
    DIFC.clause("Art 27"),
    ADGM.clause("s.40"),
    ADGM.clause("s.41"),
    ADGM.clause("s.42"),
)
"""What asks that data stays where the law can reach it."""
TRANSPORT: Final = (
    PDPL.clause("Art 20(1)(a)"),
    UAE_IA.clause("T4.2.1"),
    UAE_IA.clause("T4.5.2"),
    UAE_IA.clause("T7.3.3"),
    CBUAE.clause("CPS 6.1.6.4"),
    HEALTH.clause("CabDec 32/2020"),
    ISO_27001.clause("A.8.24"),
    ISO_27001.clause("A.5.14"),
    ISO_27001.clause("A.8.21"),
    GDPR.clause("Art 32(1)(a)"),
    ZERO_TRUST.clause("Tenet 2"),
)
"""What asks for encryption on the way."""
