"""Every fixed word of the bilingual page, in English and Arabic side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from falaj.catalog.controls import Level, Relation
from policies.control import Severity
from policies.evaluator import Verdict
from policies.evidence.model import Status, Topic
from policies.evidence.phrase import Phrase
from policies.residency.captions import ARABIC, ENGLISH
from policies.residency.place import Place
from policies.residency.proof import Proof
from policies.waivers import Category

WORDS: Final[Mapping[str, Phrase]] = {
    "title": Phrase("Evidence of policy checks", "أدلة فحص الضوابط"),
    "language": Phrase("English", "العربية"),
    "contents": Phrase("Contents", "المحتويات"),
    "summary": Phrase("Summary", "الملخّص"),
    "stops": Phrase("Findings stop this plan.", "توقف الملاحظاتُ هذه الخطة."),
    "stops_nothing": Phrase("Nothing stops this plan.", "لا شيء يوقف هذه الخطة."),
    "source": Phrase("What was checked", "ما الذي فُحص"),
    "stack": Phrase("Stack", "المكدّس"),
    "judged_at": Phrase("When (UTC)", "متى (بالتوقيت العالمي)"),
    "resources": Phrase("Resources", "الموارد"),
    "profiles": Phrase("Profiles", "الملفات التنظيمية"),
    "baseline": Phrase("baseline", "الأساس"),
    "digest": Phrase("SHA-256 of what was checked", "بصمة SHA-256 لما فُحص"),
    "pack": Phrase("Policy pack", "حزمة الضوابط"),
    "pack_digest": Phrase("SHA-256 of the pack", "بصمة SHA-256 للحزمة"),
    "verdicts": Phrase("Results by verdict", "النتائج بحسب الحكم"),
    "statement": Phrase("What this says, and what it does not", "ما يقوله هذا السجل وما لا يقوله"),
    "findings": Phrase("Findings", "الملاحظات"),
    "no_findings": Phrase("No control is broken and every check could be made.", "لا ضابط مخالَف، وأُجريت الفحوص كلها."),
    "unknowns": Phrase("Not known yet", "ما لم يُعرف بعد"),
    "no_unknowns": Phrase("Everything that was looked at is known.", "كل ما نُظر فيه معروف."),
    "stopping": Phrase("stops the plan", "توقف الخطة"),
    "resource": Phrase("Resource", "المورد"),
    "found": Phrase("found", "وُجد"),
    "expected": Phrase("expected", "المتوقّع"),
    "not_known": Phrase("not known yet", "غير معروف بعد"),
    "check_failed": Phrase("could not be checked", "تعذّر فحصه"),
    "remedy": Phrase("Remedy", "المعالجة"),
    "asked_by": Phrase("Asked for by", "البنود التي تطلبه"),
    "waivers": Phrase("Waivers", "الاستثناءات"),
    "in_force": Phrase("In force", "السارية"),
    "no_waivers": Phrase("No waiver is in force.", "لا استثناء ساريًا."),
    "expired": Phrase("Expired", "المنتهية"),
    "no_expired": Phrase("No waiver has expired.", "لا استثناء منتهيًا."),
    "waiver": Phrase("Waiver", "الاستثناء"),
    "owner": Phrase("Owner", "المسؤول"),
    "approver": Phrase("Approved by", "اعتمده"),
    "ticket": Phrase("Ticket", "المعاملة"),
    "expires": Phrase("Last day", "آخر يوم"),
    "days_left": Phrase("Days left", "الأيام المتبقية"),
    "reason": Phrase("Reason", "السبب"),
    "category": Phrase("Kind", "النوع"),
    "compensating": Phrase("What makes up for it", "ما يعوّض عنه"),
    "lets_be": Phrase("Findings let be", "ملاحظات مستثناة"),
    "expiring": Phrase("ends soon", "ينتهي قريبًا"),
    "unused": Phrase("lets nothing be here, to be removed", "لا يستثني شيئًا هنا، ويُزال"),
    "residency": Phrase("Where data goes", "إلى أين تذهب البيانات"),
    "no_movements": Phrase("No movement of data is declared.", "لا حركة بيانات مذكورة."),
    "movement": Phrase("Movement", "الحركة"),
    "place": Phrase("Receiver lies", "مكان المستقبِل"),
    "outcome": Phrase("Outcome", "الحكم"),
    "grounds": Phrase("Grounds", "السند"),
    "forbidden": Phrase("Forbidden by", "يمنعها"),
    "all_allowed": Phrase("Every movement is allowed, with its reasons.", "كل حركة مسموح بها، ولها سندها."),
    "coverage": Phrase("Coverage of clauses", "تغطية البنود"),
    "coverage_note": Phrase(
        "Clauses that infrastructure can answer to. Only a full relation leaves nothing of a clause to people; "
        "a partial or supporting one shows a part of it.",
        "البنود التي يمكن للبنية التحتية أن تجيب عنها. والعلاقة الكاملة وحدها لا تُبقي من البند شيئًا على الأشخاص، "
        "أما الجزئية أو المسانِدة فتُظهر جانبًا منه.",
    ),
    "framework": Phrase("Law, standard or benchmark", "القانون أو المعيار أو الدليل"),
    "clauses": Phrase("Clauses", "البنود"),
    "confidence": Phrase("How sure its text and numbers are", "مدى الثقة بنصّه وأرقامه"),
    "read": Phrase("Read", "قُرئ"),
    "matrix": Phrase("Control matrix by framework", "مصفوفة الضوابط بحسب الإطار"),
    "no_clauses": Phrase("No clause of it is listed.", "لا بند مدرجًا منه."),
    "clause": Phrase("Clause", "البند"),
    "status": Phrase("Who looked at it", "من نظر فيه"),
    "controls": Phrase("Controls", "الضوابط"),
    "person": Phrase("For a person to show", "ما يُظهره شخص"),
    "all_controls": Phrase("All controls", "الضوابط كلها"),
    "control": Phrase("Control", "الضابط"),
    "holds": Phrase("What holds", "ما يتحقق به"),
    "severity": Phrase("Severity", "الخطورة"),
    "level": Phrase("A breach", "أثر المخالفة"),
    "results": Phrase("Results", "النتائج"),
    "idle": Phrase("met nothing of its own", "لم يجد ما يخصّه"),
    "met_nothing": Phrase("met nothing here", "لم تجد ما يخصّها"),
}
VERDICTS: Final = {
    Verdict.ERROR: Phrase("error", "تعذّر الفحص"),
    Verdict.FAIL: Phrase("fail", "مخالِف"),
    Verdict.UNKNOWN: Phrase("unknown", "غير معروف بعد"),
    Verdict.WAIVED: Phrase("waived", "مستثنى"),
    Verdict.PASS: Phrase("pass", "مستوفى"),
    Verdict.NOT_APPLICABLE: Phrase("not applicable", "لا ينطبق"),
}
SEVERITIES: Final = {
    Severity.LOW: Phrase("low", "منخفضة"),
    Severity.MEDIUM: Phrase("medium", "متوسطة"),
    Severity.HIGH: Phrase("high", "عالية"),
    Severity.CRITICAL: Phrase("critical", "حرجة"),
}
LEVELS: Final = {
    Level.DISABLED: Phrase("disabled", "معطّل"),
    Level.ADVISORY: Phrase("is told", "تُذكر"),
    Level.MANDATORY: Phrase("stops the plan", "توقف الخطة"),
}
RELATIONS: Final = {
    Relation.FULL: Phrase("full", "كاملة"),
    Relation.PARTIAL: Phrase("partial", "جزئية"),
    Relation.SUPPORTS: Phrase("supports", "مسانِدة"),
}
STATUSES: Final = {
    Status.CHECKED: Phrase("checked by machine", "فحصته آلة"),
    Status.PERSON: Phrase("needs a person", "يحتاج إلى شخص"),
    Status.NOT_ADDRESSED: Phrase("not addressed", "لم يُتناول"),
}
CATEGORIES: Final = {
    Category.MITIGATED: Phrase("mitigated", "مخفَّف"),
    Category.ACCEPTED: Phrase("risk accepted", "خطر مقبول"),
    Category.FALSE_POSITIVE: Phrase("false positive", "إنذار غير صحيح"),
}
TOPICS: Final = {
    Topic.WHAT: Phrase("What", "ماذا"),
    Topic.HOW: Phrase("How", "كيف"),
    Topic.WHEN: Phrase("When", "متى"),
    Topic.ON_WHAT: Phrase("On what", "على ماذا"),
    Topic.LIMITS: Phrase("What it is not", "ما لا يدّعيه"),
}
PLACES: Final = {place: Phrase(ENGLISH.places[place], ARABIC.places[place]) for place in Place}
PROOFS: Final = {proof: Phrase(ENGLISH.proofs[proof], ARABIC.proofs[proof]) for proof in Proof}
