"""The reference page holds every control."""

from __future__ import annotations

from policies import reference
from policies.controls import load, named


def test_every_control_has_a_row_and_a_section() -> None:
    page = reference.markdown()

    for control in load():
        assert f"| [{control.id}](#{control.id.lower()}) | {control.title} | {control.severity} |" in page
        assert f"\n## {control.id}\n\n**{control.title}.** {control.harm}\n" in page
        assert f"- Remedy: {control.remedy}\n" in page


def test_a_control_over_the_whole_stack_says_so() -> None:
    assert "- Judges: `kubernetes:core/v1:Namespace` with the whole stack in view\n" in reference.markdown()


def test_what_a_control_finds_is_shown_in_its_own_words() -> None:
    for control in load():
        for example in control.examples.bad:
            assert f"  - {example.label}: `{example.says[0]}`\n" in reference.markdown()


def test_what_the_operator_may_set_is_told_with_its_default() -> None:
    (control,) = named("BDR-003")

    assert reference.settings(control) == ["- Parameter `least_days` (`7`): Fewest days for which a backup is kept."]
    assert "\n- Parameter `defender_elsewhere` (`false`): " in reference.markdown()
    assert [*map(reference.settings, named("SUP-001"))] == [[]]


def test_a_control_says_how_it_stands_at_the_door_of_a_cluster() -> None:
    page = reference.markdown()

    judged = "`v1/namespaces`, every kind that runs containers"
    assert f"- At the door of a cluster: {judged}. Left to the plan: tags of the clouds' resources.\n" in page
    assert "- At the door of a cluster: not judged. CEL has no clock to tell how old an assessment is.\n" in page
    assert "- At the door" not in reference.section(*named("ENC-001"))
