"""weft identity check: what became of profiles, and whether that is too much."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Shop
from tests.dbt_project.shop import OWN_TESTS, EventShop, event
from tests.explore.conftest import CROWD


def check(shop: EventShop | Shop, *options: str, exit_code: int = 0) -> dict[str, Any]:
    finished = shop.weft("identity", "check", "--json", *options)
    assert finished.exit_code == exit_code, finished.output + finished.errors
    figures: dict[str, Any] = json.loads(finished.output)
    return figures


CHANGES = ("profiles_before", "survived", "minted", "taken_up", "retired", "split")


def changes(figures: dict[str, Any]) -> tuple[int, ...]:
    return tuple(figures[name] for name in CHANGES)


BATCHES = [
    # Four profiles: vi's two browsers, mia with a phone, noa.
    [
        event("01 09:00", anonymousId="vi-1"),
        event("01 10:00", anonymousId="vi-2"),
        event("05 10:00", userId="mia", anonymousId="phone"),
        event("01 08:00", userId="noa"),
    ],
    # vi's browsers become one person, and somebody new comes.
    [
        event("06 10:00", userId="vi", anonymousId="vi-1"),
        event("06 11:00", userId="vi", anonymousId="vi-2"),
        event("06 12:00", userId="new"),
    ],
    # The phone was noa's before it was mia's.
    [event("04 10:00", userId="noa", anonymousId="phone")],
    [],
]


FIGURES = ("--select", "+identity_figures", "+profiles_to_watch", *OWN_TESTS)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> EventShop:
    return EventShop(tmp_path_factory.mktemp("story") / "shop")


@pytest.fixture(scope="module")
def story(shop: EventShop) -> list[dict[str, Any]]:
    """The check after each of four builds, run-1 to run-4."""
    checks = []
    for number, batch in enumerate(BATCHES, start=1):
        if batch:
            shop.load(batch)
        shop.build_models("--run-id", f"run-{number}", *FIGURES)
        checks.append(check(shop))
    return checks


def test_the_first_build_mints_all(story: list[dict[str, Any]]) -> None:
    assert changes(story[0]) == (0, 0, 4, 0, 0, 0)
    assert story[0]["churn_percent"] is None


def test_a_merge_retires_an_id(story: list[dict[str, Any]]) -> None:
    assert changes(story[1]) == (4, 3, 1, 0, 1, 0)
    assert story[1]["churn_percent"] == 25


def test_a_split_is_counted_where_it_happened(story: list[dict[str, Any]]) -> None:
    assert changes(story[2]) == (4, 4, 0, 0, 0, 1)
    assert story[2]["refused_links"] == {"unique": 1, "limit": 0, "never_link": 0}


def test_a_build_without_news_changes_nobody(story: list[dict[str, Any]]) -> None:
    assert changes(story[3]) == (4, 4, 0, 0, 0, 0)
    assert story[3]["churn_percent"] == 0


def test_the_match_rate_counts_anonymous_ids_of_known_profiles(
    story: list[dict[str, Any]],
) -> None:
    matched = [
        (figures["matched_identifiers"], figures["anonymous_identifiers"]) for figures in story
    ]
    assert matched == [(1, 3), (3, 3), (3, 3), (3, 3)]
    assert story[0]["match_percent"] == 33.33


@pytest.mark.slow
def test_figures_are_kept_build_by_build_and_a_run_tried_again_has_one_row(
    shop: EventShop, story: list[dict[str, Any]]
) -> None:
    query = "select * from analytics.identity_figures order by position"
    before = shop.rows(query)
    assert [(row["run_id"], row["position"]) for row in before] == [
        (f"run-{number}", number) for number in range(1, 5)
    ]
    assert [row["profiles"] for row in before] == [figures["profiles"] for figures in story]
    # With the tests of these models, which look at what all four builds made.
    shop.build("--run-id", "run-4", "--full-refresh", *FIGURES)
    assert shop.rows(query) == before


def test_the_largest_profiles_come_first(town: EventShop) -> None:
    figures = check(town, "--limit", "2", exit_code=1)
    assert [one["identifiers"] for one in figures["largest"]] == [CROWD + 1, 4]
    [breach] = figures["breaches"]
    assert f"{CROWD + 1:,} identifiers, more than 1,000" in breach


def test_the_sum_of_changes_is_the_number_of_profiles(next_day: Shop) -> None:
    figures = check(next_day)
    assert figures["profiles"] == figures["survived"] + figures["minted"] + figures["taken_up"]
    assert figures["profiles_before"] == figures["survived"] + figures["retired"]
    [merged] = next_day.rows(
        "select count(*) as n from analytics.profile_merges where as_of = date '2026-09-30'"
    )
    assert figures["retired"] == merged["n"] > 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--max-churn-percent", "0.5"], "were retired or split, more than 0.5 %"),
        (["--max-identifiers", "3"], "identifiers, more than 3"),
        (["--max-refused-links", "0"], "links between profiles are refused, more than 0"),
        (["--min-match-percent", "99.5"], "belong to a known profile, less than 99.5 %"),
    ],
)
def test_past_a_threshold_the_check_fails_with_a_sentence(
    next_day: Shop, options: list[str], sentence: str
) -> None:
    finished = next_day.weft("identity", "check", *options)
    assert finished.exit_code == 1
    assert "Past a threshold: " in finished.output
    assert sentence in finished.output
    [breach] = check(next_day, *options, exit_code=1)["breaches"]
    assert sentence in breach


def test_a_share_of_a_handful_is_no_churn(story: list[dict[str, Any]]) -> None:
    assert story[1]["churn_percent"] > 20
    assert story[1]["breaches"] == []


def test_before_the_first_build_it_says_so(tmp_path: Path) -> None:
    finished = EventShop(tmp_path / "shop").weft("identity", "check")
    assert finished.exit_code == 2
    assert "weft build" in finished.errors
