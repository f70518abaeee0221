"""weft audience on the sample shop, and on projects under git."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import sample_data
from tests.command import Finished
from tests.conftest import Shop
from tests.test_whole_path import ANSWERS

DOCUMENTED = (Path(__file__).parent.parent.parent / "docs" / "json.md").read_text("utf-8")
SIZES = {name: len(members) for name, members in ANSWERS["audiences"]["next_day"].items()}
NAME = "high_value_customers"


@pytest.fixture(scope="module")
def shop(next_day: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The sample shop under git, as it was when its tables were built."""
    shop = next_day.copy(tmp_path_factory.mktemp("audience") / "shop")
    git(shop.folder, "init", "--quiet", "--initial-branch", "main")
    git(shop.folder, "add", "--all")
    git(shop.folder, "commit", "--quiet", "--message", "As built")
    return shop


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def lowered(shop: Shop) -> Iterator[Shop]:
    """The shop with a lower bar for its best customers, which is not committed."""
    path = shop.folder / "models" / "audiences" / f"{NAME}.sql"
    path.write_text(path.read_text("utf-8").replace(">= 500", ">= 400"))
    yield shop
    git(shop.folder, "checkout", "--quiet", "--", "models")


def answer(finished: Finished) -> dict[str, Any]:
    assert finished.exit_code == 0, finished.errors
    document: dict[str, Any] = json.loads(finished.output)
    assert document.pop("format_version") == 1
    return document


def assert_documented(document: dict[str, Any]) -> None:
    section = DOCUMENTED[DOCUMENTED.index("## audiences") :]
    samples = ("sample", "sample_removed", "sample_added", "settings")
    for name, value in document.items():
        assert f"`{name}`" in section, name
        for row in value if isinstance(value, list) and name not in samples else ():
            for field in row if isinstance(row, dict) else ():
                assert f"`{field}`" in section, f"{name}.{field}"


def test_the_list_has_every_audience_with_its_size_and_syncs(shop: Shop) -> None:
    document = answer(shop.weft("audience", "list", "--json"))
    assert_documented(document)
    assert {row["audience"]: row["size"] for row in document["audiences"]} == SIZES
    [row] = [row for row in document["audiences"] if row["audience"] == NAME]
    assert row["syncs"] == ["high_value_customers_to_files"]
    assert row["changed"] == sample_data.NEXT_AS_OF.isoformat()
    assert NAME in shop.weft("audience", "list").output


def test_show_names_what_an_audience_rests_on(shop: Shop) -> None:
    document = answer(shop.weft("audience", "show", NAME, "--json"))
    assert_documented(document)
    assert document["models"] == ["profiles"]
    assert {used["trait"] for used in document["traits"]} == {"lifetime_revenue", "orders_count"}
    assert document["events"] == ["Order Completed"]
    assert 'from "prod"."analytics"."profiles"' in document["sql"]
    assert "lifetime_revenue (purchase_traits: event: Order Completed" in (
        shop.weft("audience", "show", NAME).output
    )


WINDOW = """
select profile_id, email
from {{ ref('profiles') }}
where {{ weft.performed('Order Completed', within='30 days') }}
    and not {{ weft.in_audience('high_value_customers') }}
"""


def test_a_file_is_previewed_before_it_is_an_audience(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "recent.sql"
    file.write_text(WINDOW)
    document = answer(shop.weft("audience", "preview", str(file), "--json", "--sample", "3"))
    assert_documented(document)
    [expected] = shop.rows(
        "select count(*) as n from analytics.profiles where last_order_at >= date '2026-09-01'"
        f" and profile_id not in (select profile_id from analytics.{NAME})"
    )
    assert document["size"] == expected["n"] > 0
    assert len(document["sample"]) == 3
    assert (document["entering"], document["leaving"]) == (None, None)
    shared = {row["audience"]: row["shared"] for row in document["overlaps"]}
    assert shared[NAME] == 0
    [lapsed] = shop.rows(
        "select count(*) as n from analytics.lapsed_customers where profile_id in"
        " (select profile_id from analytics.profiles where last_order_at >= date '2026-09-01')"
    )
    assert shared["lapsed_customers"] == lapsed["n"]
    identifiers = {row["type"]: row["percent"] for row in document["identifiers"]}
    [known] = shop.rows(
        "select round(100.0 * count(user_id) / count(*), 1)::double as percent"
        " from analytics.profiles where last_order_at >= date '2026-09-01'"
        f" and profile_id not in (select profile_id from analytics.{NAME})"
    )
    assert identifiers["user_id"] == known["percent"]
    shown = shop.weft("audience", "show", str(file)).output
    assert 'performed("Order Completed", within="30 days")' in shown


def test_an_edited_audience_is_previewed_against_its_table(lowered: Shop) -> None:
    document = answer(lowered.weft("audience", "preview", NAME, "--json"))
    [expected] = lowered.rows(
        "select count(*) as n from analytics.profiles where lifetime_revenue >= 400"
    )
    assert document["size"] == expected["n"] > SIZES[NAME]
    assert document["entering"] == expected["n"] - SIZES[NAME]
    assert document["leaving"] == 0
    assert document["syncs"] == ["high_value_customers_to_files"]
    printed = lowered.weft("audience", "preview", NAME).output
    assert f"{document['entering']:,} would enter, 0 would leave" in printed


def test_a_preview_is_the_same_every_time_and_leaves_nothing(shop: Shop) -> None:
    query = "select schema_name, table_name from duckdb_tables() order by all"
    before = shop.rows(query)
    first, again = (shop.weft("audience", "preview", NAME, "--json").output for _ in range(2))
    assert first == again
    assert shop.rows(query) == before


def test_two_audiences_compared(shop: Shop) -> None:
    document = answer(shop.weft("audience", "diff", f"{NAME}:lapsed_customers", "--json"))
    assert_documented(document)
    members = ANSWERS["audiences"]["next_day"]
    first, second = ({json.dumps(one) for one in members[n]} for n in (NAME, "lapsed_customers"))
    assert document["both"] == len(first & second)
    assert document["removed"] == len(first - second)
    assert document["added"] == len(second - first)
    assert (document["size_before"], document["size_after"]) == (len(first), len(second))
    assert document["columns_removed"] == ["first_name", "lifetime_revenue", "orders_count"]
    assert document["columns_added"] == ["last_order_at"]
    assert len(document["sample_removed"]) == 10


def schemas(shop: Shop) -> list[dict[str, Any]]:
    return shop.rows("select schema_name from duckdb_schemas() order by schema_name")


@pytest.mark.slow
def test_an_audience_against_how_it_was(lowered: Shop) -> None:
    before, ledger = schemas(lowered), lowered.rows(LEDGER)
    document = answer(lowered.weft("audience", "diff", NAME, "--against", "main", "--json"))
    assert_documented(document)
    assert document["models"] == [NAME]
    assert document["size_before"] == SIZES[NAME]
    [expected] = lowered.rows(
        "select count(*) as n from analytics.profiles where lifetime_revenue between 400 and 499.99"
    )
    assert (document["added"], document["removed"]) == (expected["n"], 0)
    assert len(document["sample_added"]) == min(10, expected["n"])
    assert schemas(lowered) == before
    assert lowered.rows(LEDGER) == ledger
    assert len(git(lowered.folder, "worktree", "list").splitlines()) == 1
    # The manifest is still that of the project's own schema.
    assert answer(lowered.weft("audience", "list", "--json"))["audiences"]


LEDGER = "select * from analytics.audience_memberships order by all"


@pytest.mark.slow
def test_a_trait_that_changed_is_built_too(shop: Shop) -> None:
    path = shop.folder / "models" / "traits" / "purchase_traits.yml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("property: revenue", "property: total", 1))
    try:
        document = answer(shop.weft("audience", "diff", NAME, "--against", "HEAD", "--json"))
    finally:
        path.write_text(text)
    assert {"purchase_traits", "profiles", NAME} <= set(document["models"])
    assert document["size_before"] == SIZES[NAME]


@pytest.mark.slow
def test_what_has_not_changed_is_not_built(shop: Shop) -> None:
    document = answer(shop.weft("audience", "diff", NAME, "--against", "HEAD", "--json"))
    assert document["models"] == []
    assert (document["added"], document["removed"]) == (0, 0)
    assert document["both"] == SIZES[NAME]


@pytest.mark.slow
def test_an_audience_that_does_not_build_leaves_nothing_behind(shop: Shop) -> None:
    path = shop.folder / "models" / "audiences" / f"{NAME}.sql"
    text = path.read_text("utf-8")
    before = schemas(shop)
    path.write_text(text.replace("lifetime_revenue >= 500", "lifetime_revenue >= 'many'"))
    try:
        finished = shop.weft("audience", "diff", NAME, "--against", "HEAD")
    finally:
        path.write_text(text)
    assert finished.exit_code == 1
    assert f"{NAME} cannot be built to compare" in finished.errors
    assert schemas(shop) == before
    assert len(git(shop.folder, "worktree", "list").splitlines()) == 1


@pytest.mark.slow
def test_an_audience_that_is_new_has_only_members_added(shop: Shop) -> None:
    path = shop.folder / "models" / "audiences" / "recent.sql"
    path.write_text(WINDOW)
    try:
        document = answer(shop.weft("audience", "diff", "recent", "--against", "HEAD", "--json"))
    finally:
        path.unlink()
    assert document["size_before"] == 0
    assert document["added"] == document["size_after"] > 0


def test_the_history_is_a_row_per_day_of_change(shop: Shop, tmp_path: Path) -> None:
    svg = tmp_path / "drawings" / "history.svg"
    finished = shop.weft("audience", "history", NAME, "--svg", str(svg), "--json")
    document = answer(finished)
    assert_documented(document)
    first = len(ANSWERS["audiences"]["first_day"][NAME])
    assert [row["size"] for row in document["sizes"]] == [first, SIZES[NAME]]
    assert [row["as_of"] for row in document["sizes"]] == [
        sample_data.FIRST_AS_OF.isoformat(),
        sample_data.NEXT_AS_OF.isoformat(),
    ]
    drawing = ElementTree.parse(svg).getroot()
    assert len(drawing.findall("{http://www.w3.org/2000/svg}circle")) == 2
    assert "█" * 40 in shop.weft("audience", "history", NAME).output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "high_value_customer"], "did you mean 'high_value_customers'?"),
        (["preview", "nowhere.sql"], "nowhere.sql cannot be read"),
        (["diff", NAME], "--against GIT-REF"),
        (["diff", f"{NAME}:nobody"], "There is no audience 'nobody'"),
        (["diff", NAME, "--against", "no-such-branch"], "no-such-branch"),
    ],
)
def test_a_name_that_does_not_exist_is_one_sentence(
    shop: Shop, arguments: list[str], says: str
) -> None:
    finished = shop.weft("audience", *arguments)
    assert finished.exit_code == 2
    assert says in finished.errors
    assert finished.errors.count("Error: ") == 1


def test_outside_of_git_there_is_nothing_to_compare_with(next_day: Shop) -> None:
    finished = next_day.weft("audience", "diff", NAME, "--against", "HEAD")
    assert finished.exit_code == 2
    assert "git" in finished.errors


WRONG = """select profile_id
from {{ ref('profiles') }}
where {{ weft.performed('Order Completed') }}
    and emial is not null
"""


def test_wrong_sql_is_named_with_its_line_before_it_runs(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "wrong.sql"
    file.write_text(WRONG)
    finished = shop.weft("audience", "preview", str(file))
    assert finished.exit_code == 2
    assert "wrong.sql:4; did you mean 'email'?" in finished.errors

    model = shop.folder / "models" / "audiences" / "wrong.sql"
    model.write_text(WRONG.replace("emial is not null", "last_order_at < current_date"))
    as_of = sample_data.NEXT_AS_OF.isoformat()
    try:
        built = shop.weft("build", "--as-of", as_of, "--select", "wrong")
    finally:
        model.unlink()
    assert built.exit_code == 1
    assert "models/audiences/wrong.sql:4: current_date is whatever time it is" in built.output
    assert not shop.rows("select 1 as n from duckdb_tables() where table_name = 'wrong'")


def test_a_build_says_what_is_unusual_about_a_size(next_day: Shop, tmp_path: Path) -> None:
    shop = next_day.copy(tmp_path / "shop")
    path = shop.folder / "models" / "audiences" / f"{NAME}.yml"
    settings = "    config: {meta: {audience: {alert: {min: 5000, change_percent: 1}}}}\n"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines[:2], settings, *lines[2:]]))
    as_of = sample_data.NEXT_AS_OF.isoformat()
    finished = shop.weft("build", "--as-of", as_of, "--select", NAME)
    assert finished.exit_code == 0, finished.output
    assert f"alert: {NAME} has {SIZES[NAME]} members, below 5,000" in finished.output
    assert "a change of more than" not in finished.output
    document = answer(
        shop.weft("build", "--as-of", as_of, "--select", "lapsed_customers", "--json")
    )
    assert document["alerts"] == []
