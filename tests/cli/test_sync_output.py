"""What a person reads of a plan."""

import pytest

from cli.sync_output import print_plans, summary_line

PLAN = {
    "sync": "customers_to_crm",
    "plan_id": "the-plan",
    "mode": "mirror",
    "destination": "crm",
    "added": 1200,
    "changed": 1,
    "removed": 0,
    "unchanged": 5,
    "invalid": 3,
    "leaving": 0,
    "withheld": 2,
    "suppressed": 1,
    "rejected_earlier": 1,
    "requests": 13,
    "seconds": 0.0,
    "mapping_changed": False,
    "mapping_changes": (),
    "invalid_reasons": {"invalid_duplicate_key": 2, "invalid_null_key": 1},
    "invalid_keys": ("bob@example.com",),
    "guards": (),
    "samples": [
        {"key": "ada@example.com", "operation": "change", "fields": {"name": ("Ada", "Ada L.")}},
        {"key": "e@x", "operation": "add", "fields": {"name": (None, "Eve")}},
    ],
}


def shown(capsys: pytest.CaptureFixture[str], **changes: object) -> str:
    print_plans({"plans": [{**PLAN, **changes}]})
    return capsys.readouterr().out


def test_a_plan_says_what_goes_and_what_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys).splitlines() == [
        "Plan: 1,201 rows would be sent",
        "  sync              mode    added  changed  removed  unchanged  invalid  requests"
        "  at least  to",
        "  ----------------  ------  -----  -------  -------  ---------  -------  --------"
        "  --------  ---",
        "  customers_to_crm  mirror  1,200        1        0          5        3        13"
        "            crm",
        "",
        "  customers_to_crm",
        "  + add  ~ change  - remove: 2 of 1,201 rows",
        "  ~ ada@example.com  name: Ada -> Ada L.",
        "  + e@x              name: Eve",
        "  never sent: 2 rows with a key that occurs more than once: bob@example.com",
        "  never sent: 1 row without a key",
        "  never sent: 2 rows without the consent required",
        "  never sent: 1 row suppressed",
        "  1 row that the destination refused before, or must not get twice, stay behind;"
        " send them again with: weft runs retry",
    ]


@pytest.mark.parametrize(("seconds", "said"), [(12.4, "12 s"), (60.0, "60 s"), (5400, "90 min")])
def test_a_plan_says_how_long_the_limits_make_it(
    capsys: pytest.CaptureFixture[str], seconds: float, said: str
) -> None:
    assert f"  {said}" in shown(capsys, seconds=seconds)


def test_a_changed_mapping_and_a_guard_have_lines_of_their_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = shown(
        capsys,
        mapping_changed=True,
        mapping_changes=("full_name is new", "name is gone"),
        guards=("The model is empty.",),
    )
    assert "mapping changed since the last push: full_name is new; name is gone" in output
    assert "  blocked: The model is empty." in output
    assert "weft sync -s customers_to_crm --approve the-plan" in output


def test_the_last_line_counts_every_state() -> None:
    states = ("succeeded", "failed", "failed", "blocked")
    assert summary_line([{"state": state} for state in states]) == (
        "Done. SUCCEEDED=1 UNCHANGED=0 DIVERTED=0 FAILED=2 BLOCKED=1 TOTAL=4"
    )
