"""What the README shows is what happens."""

import re
from pathlib import Path

import yaml

import sample_data
from tests.conftest import Shop

README = (Path(__file__).parent.parent.parent / "README.md").read_text("utf-8")
RUN_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def block(language: str, containing: str) -> str:
    """The code block of a language that contains a text."""
    [found] = [
        text
        for text in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
        if containing in text
    ]
    return str(found)


def shown(output: str) -> list[str]:
    """The lines of an output, with what differs from run to run masked."""
    lines = RUN_ID.sub("<run id>", output).splitlines()
    return [re.sub(r"\S*/weft --project-dir", "weft --project-dir", line) for line in lines]


def test_the_demo_prints_what_the_readme_shows(demo: Path) -> None:
    printed = (demo / "output.txt").read_text("utf-8")
    assert shown(printed) == shown(block("text", "The first 90 days"))


def test_the_snippets_of_the_readme_work(next_day: Shop, tmp_path: Path) -> None:
    shop = next_day.copy(tmp_path / "shop")
    models = shop.folder / "models"
    traits = models / "traits" / "purchase_traits.yml"
    traits.write_text(traits.read_text("utf-8") + block("yaml", "euro_orders"), "utf-8")
    audience = block("sql", "orders_count >= 2")
    (models / "audiences" / "repeat_buyers.sql").write_text(audience, "utf-8")
    syncs = models / "syncs" / "syncs.yml"
    syncs.write_text(syncs.read_text("utf-8") + "\n" + block("yaml", "repeat_buyers"), "utf-8")
    assert yaml.safe_load(syncs.read_text("utf-8"))

    as_of = sample_data.NEXT_AS_OF.isoformat()
    changed = ("--select", "purchase_traits", "profiles", "repeat_buyers")
    built = shop.weft("build", "--as-of", as_of, *changed)
    assert built.exit_code == 0, built.output + built.errors
    [euro] = shop.rows(
        "select sum(euro_orders_last_90_days) as trait, ("
        "  select count(*) from analytics.profile_events as events"
        "  inner join (select id, currency from server.order_completed union all"
        "    select id, currency from mobile.order_completed) as orders on orders.id = event_id"
        f"  where currency = 'EUR' and occurred_at >= date '{as_of}' - 89"
        f"  and occurred_at < date '{as_of}' + 1"
        ") as events from analytics.profiles"
    )
    assert euro["trait"] == euro["events"]

    [members] = shop.rows("select count(*) as n from analytics.repeat_buyers")
    planned = shop.weft("plan", "-s", "repeat_buyers_to_files", "--detailed-exitcode")
    assert planned.exit_code == 4
    assert f"{members['n']} rows would be sent" in planned.output
