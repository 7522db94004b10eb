"""Why some mutants of AIG controls survive."""

from __future__ import annotations

from falaj.catalog.model_annotations import COMPONENT_LABEL, ModelAnnotation, RegisterField
from tests.policies.excuses.excuse import Excuse, each

ROLE, IMAGE = COMPONENT_LABEL, ModelAnnotation.IMAGE
ANOTHER_MARK = "another mark says that it serves a model"
MARKED = (
    Excuse(each("unknown", ROLE, IMAGE), ANOTHER_MARK, of="CronJob Deployment HTTPRoute InferenceService Pod Rollout"),
    Excuse(
        each("delete null strange upper cut empty", ROLE, IMAGE),
        "another mark says so, or it serves no model after all",
        of="CronJob Deployment InferenceService Pod Rollout",
    ),
)
ANY_TEXT = "any text that says something will do"
NOT_NEEDED = "it needs no assessment"
STILL_HIGH = "a tier that there is not counts as high"
ANOTHER_RULE = "another rule watches for drift, or no rule has to watch for bias"
MADE_ELSEWHERE = "high risk, checked last month, a second rule made elsewhere"
BARE = "an image without a digest, a workload that says little"

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "AIG-001": (
        *MARKED,
        Excuse(
            each("strange cut", ModelAnnotation.NAME, ModelAnnotation.LICENCE, ModelAnnotation.OWNER),
            ANY_TEXT,
            of="Deployment Pod",
        ),
        Excuse(each("upper", ModelAnnotation.NAME, ModelAnnotation.LICENCE), ANY_TEXT, of="Deployment Pod"),
        Excuse(each("strange", ModelAnnotation.VERSION), ANY_TEXT, of="Deployment Pod"),
        Excuse(each("upper cut", ModelAnnotation.CARD), "another address on the same host", of="Deployment Pod"),
        Excuse(
            each("unknown delete null strange upper cut empty", "image", "reference"),
            "SUP-001 and SUP-002 judge the images; here they only place a card beside them",
            of="Deployment Pod",
        ),
    ),
    "AIG-002": (
        *MARKED,
        Excuse(
            each("unknown offend", ModelAnnotation.ASSESSMENT, ModelAnnotation.ASSESSED_ON),
            NOT_NEEDED,
            "low risk, about nobody",
        ),
        Excuse(
            each("unknown offend", ModelAnnotation.ASSESSMENT, ModelAnnotation.ASSESSED_ON),
            NOT_NEEDED,
            "medium risk, about nobody",
        ),
        Excuse(
            each("strange cut", ModelAnnotation.ASSESSMENT),
            ANY_TEXT,
            (
                "about people, assessed last month",
                "high risk, about nobody, assessed last month",
                "about people, assessed, its risk made elsewhere",
            ),
        ),
        Excuse(
            each("unknown delete null strange upper cut empty", ModelAnnotation.RISK),
            "it is about people, and assessed",
            "about people, assessed last month",
        ),
        Excuse(
            each("delete null", ModelAnnotation.RISK),
            "it is about people, and assessed",
            "about people, assessed, its risk made elsewhere",
        ),
        Excuse(
            each("delete null strange upper cut empty", ModelAnnotation.RISK),
            STILL_HIGH,
            "high risk, about nobody, assessed last month",
        ),
    ),
    "AIG-003": MARKED,
    "AIG-004": (
        *MARKED,
        Excuse(
            each("unknown offend", ModelAnnotation.BIAS_CHECKED_ON),
            "the risk is low, or an alert rule watches for bias",
            of="CronJob Deployment",
        ),
        Excuse(
            each("delete null strange upper cut empty", ModelAnnotation.RISK),
            STILL_HIGH,
            of="CronJob Deployment InferenceService Rollout",
        ),
        Excuse(
            each("strange upper cut", "alert", "expr", "expression"), ANY_TEXT, of="PrometheusRule PrometheusRuleGroup"
        ),
        Excuse(
            each("unknown delete null empty", "alert", "expr"), ANOTHER_RULE, "among others, on pods that are labelled"
        ),
        Excuse(each("unknown delete null", "labels"), ANOTHER_RULE, "among others, on pods that are labelled"),
        Excuse(each("unknown delete null empty", "alert", "expr"), ANOTHER_RULE, MADE_ELSEWHERE),
        Excuse(each("unknown delete null", "labels"), ANOTHER_RULE, MADE_ELSEWHERE),
        Excuse(each("cut", "data"), "the last character ends the line", "a rule in Amazon's Prometheus"),
        Excuse(
            each("delete null", "enabled"), "Azure switches on what is not switched off", "switched on in so many words"
        ),
    ),
    "AIG-005": (
        Excuse(each("unknown", ROLE), ANOTHER_MARK, of="CronJob Deployment"),
        MARKED[1],
        Excuse(
            each("delete null empty", ModelAnnotation.VERSION, ModelAnnotation.OWNER, ModelAnnotation.RISK)
            + each("cut", ModelAnnotation.VERSION)
            + each("delete null empty", ModelAnnotation.ASSESSMENT),
            "where the workload says nothing, AIG-001 to AIG-003 find it; the register may say anything",
            of="CronJob Deployment",
        ),
        Excuse(
            each("delete null strange upper cut empty", ModelAnnotation.PERSONAL_DATA),
            "AIG-002 finds it",
            of="CronJob Deployment",
        ),
        Excuse(each("unknown", ModelAnnotation.PERSONAL_DATA), "high risk needs an assessment anyway", "assessed"),
        Excuse(
            each("unknown", ModelAnnotation.ASSESSMENT, RegisterField.ASSESSMENT),
            NOT_NEEDED,
            (
                "a complete entry",
                "among others, its former version too",
                "an image without a digest, a workload that says little",
            ),
        ),
        Excuse(
            each("second", RegisterField.ASSESSMENT),
            NOT_NEEDED,
            (
                "a complete entry",
                "among others, its former version too",
                "an image without a digest, a workload that says little",
            ),
        ),
        Excuse(each("second", RegisterField.VERSION), "an entry of another version may stand beside", of="Stack"),
        Excuse(each("strange upper cut", RegisterField.PURPOSE), ANY_TEXT, of="Stack"),
        Excuse(each("strange upper cut", RegisterField.OWNER), "the workload names no owner to compare it with", BARE),
        Excuse(each("offend second", RegisterField.DIGEST), "the workload names no digest to compare it with", BARE),
        Excuse(
            each("unknown delete null empty", "name", "version", "digest", "purpose", "owner", "risk", "residency")
            + each("strange", "name", "version", "digest", "owner", "risk", "residency")
            + each("cut", "name", "version", "digest", "owner", "risk", "residency")
            + each("upper", "name", "digest", "owner", "risk")
            + each("offend second", "version", "digest", "purpose", "owner", "risk", "residency"),
            "the entry of another model or version, or a register with two of one",
            "among others, its former version too",
        ),
    ),
    "AIG-006": (
        *MARKED,
        Excuse(each("unknown offend", ModelAnnotation.REVIEW_ROUTE), "it decides nothing", "decides nothing"),
        Excuse(each("cut", ModelAnnotation.REVIEW_ROUTE), "another address", ("a mailbox", "a page", "a telephone")),
    ),
    "AIG-007": (
        *MARKED,
        Excuse(
            each("delete null strange upper cut empty", ModelAnnotation.RISK),
            STILL_HIGH,
            of="CronJob Deployment InferenceService Rollout",
        ),
        Excuse(
            each("unknown", ModelAnnotation.RISK),
            "the risk of a route or of another Rollout is not asked",
            of="HTTPRoute Rollout",
        ),
        Excuse(
            each("unknown delete null more less", "weight"),
            "one weight of two is enough, and any weight will do",
            ("a canary on the route", "a canary that waits for the next version", "a shadow on the route"),
        ),
        Excuse(
            each("strange upper cut offend", ModelAnnotation.NAME),
            "it carries its step itself",
            ("a Rollout of its own", "a Rollout that waits for a person", "a share of the requests"),
        ),
        Excuse(each("more less", "canaryTrafficPercent"), "another share, below all", "a share of the requests"),
    ),
    "AIG-008": (
        *MARKED,
        Excuse(
            each("strange upper cut", ModelAnnotation.TRAINING_DATA),
            ANY_TEXT,
            ("trained at home", "trained on public data in two countries", "with a space between"),
        ),
    ),
}
LOGIC: dict[str, dict[str, str]] = {}
