"""What was checked, how, when and on what, and what that does not say: the same sentences in both languages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from policies.evidence.model import Judged, Sentence, Tool, Topic
from policies.evidence.phrase import Phrase
from policies.readers.source import SourceKind

SENTENCES: Final = {
    Topic.WHAT: Phrase(
        "{name} has {resources} resources. The policy pack of Falaj {tool} (pack {pack}) judged them by {controls} "
        "controls, of which {met} met something of theirs. Profiles: {profiles}.",
        "عدد موارد {name} هو {resources}. وقد فحصتها حزمة ضوابط فلج، الإصدار {tool} (الحزمة {pack})، وعدد ضوابطها "
        "{controls}، وجد {met} منها ما يخصّه. الملفات التنظيمية: {profiles}.",
    ),
    Topic.HOW: Phrase(
        "Each control is a program that reads the inputs of a resource and decides by what it reads alone; examples in "
        "the pack prove it. What is not known before a resource exists is told as unknown, never as passed. A check "
        "that itself fails counts as broken. A waiver lets a finding be until its day and never hides it.",
        "كل ضابط برنامج يقرأ مدخلات المورد ويحكم بما يقرؤه وحده، وتثبته أمثلة في الحزمة. وما لا يُعرف قبل إنشاء المورد "
        "يُذكر على أنه غير معروف، ولا يُعدّ مستوفيًا أبدًا. والفحص الذي يتعذّر إجراؤه يُعدّ مخالفة. والاستثناء يُبقي "
        "الملاحظة إلى أجلها ولا يخفيها أبدًا.",
    ),
    Topic.WHEN: Phrase(
        "On {day} at {time} UTC. The days that waivers have left are counted from that day.",
        "بتاريخ {day} الساعة {time} بالتوقيت العالمي المنسّق. وتُحسب الأيام المتبقية للاستثناءات من ذلك اليوم.",
    ),
    Topic.ON_WHAT: Phrase(
        "{kind} SHA-256 of everything judged, secrets left out: {digest}. SHA-256 of the pack and its catalogue: "
        "{pack_digest}. What is the same has the same digest.",
        "{kind} بصمة SHA-256 لكل ما فُحص من دون الأسرار: {digest}. وبصمة SHA-256 للحزمة ودليل حقائقها: {pack_digest}. "
        "والشيء الواحد بصمته واحدة.",
    ),
    Topic.LIMITS: Phrase(
        "This is a record of checks made by a machine. It is no certificate and no legal opinion, and it does not say "
        "that any law or standard as a whole is met. For each clause it says whether a machine checked it, whether it "
        "needs a person, or that nobody addressed it. Which control answers to which clause is an engineering reading, "
        "to be confirmed by counsel.",
        "هذا سجلّ لفحوص أجرتها آلة. وليس شهادة ولا رأيًا قانونيًا، ولا يقول إن قانونًا أو معيارًا قد استُوفي في جملته. "
        "وإنما يقول عن كل بند: هل فحصته آلة، أم يحتاج إلى شخص، أم لم يتناوله أحد. أما أيّ ضابط يقابل أيّ بند فقراءة "
        "هندسية يُرجع في تأكيدها إلى المستشار القانوني.",
    ),
}
KINDS: Final = {
    SourceKind.PREVIEW: Phrase(
        "A plan: what the program asks for, before anything exists.",
        "خطة: ما يطلبه البرنامج قبل أن يوجد أي شيء.",
    ),
    SourceKind.STATE: Phrase(
        "A state: what the engine believes to exist.",
        "حالة مسجّلة: ما يعدّه المحرّك موجودًا.",
    ),
    SourceKind.MANIFESTS: Phrase(
        "Kubernetes manifests: objects as they are written down.",
        "ملفات كائنات Kubernetes كما كُتبت.",
    ),
    SourceKind.CLUSTER: Phrase(
        "A running cluster: its Kubernetes objects as they are.",
        "عنقود قيد التشغيل: كائنات Kubernetes كما هي فيه.",
    ),
}
BASELINE: Final = "baseline"


def statement(
    tool: Tool, at: datetime, judged: Judged, profiles: Sequence[str], *, controls: int, met: int
) -> tuple[Sentence, ...]:
    """Return the statement, one sentence or more on each topic."""
    facts = {
        "name": judged.name,
        "resources": judged.resources,
        "tool": tool.version,
        "pack": tool.pack_version,
        "controls": controls,
        "met": met,
        "profiles": ", ".join(profiles) or BASELINE,
        "day": f"{at:%Y-%m-%d}",
        "time": f"{at:%H:%M}",
        "digest": judged.digest,
        "pack_digest": tool.pack_digest,
    }
    kind = KINDS[judged.kind]
    return tuple(
        Sentence(topic=topic, en=each.en.format(kind=kind.en, **facts), ar=each.ar.format(kind=kind.ar, **facts))
        for topic, each in SENTENCES.items()
    )
