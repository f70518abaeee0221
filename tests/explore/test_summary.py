"""weft status against the sample's answers."""

import json

import sample_data
from tests.conftest import Shop
from tests.test_whole_path import ANSWERS, DAYS


def test_status_tells_what_the_warehouse_holds(next_day: Shop) -> None:
    finished = next_day.weft("status", "--json")
    assert finished.exit_code == 0
    status = json.loads(finished.output)

    landed = {source["source"]: source["events"] for source in status["sources"]}
    assert landed == {
        source: sum(ANSWERS["counts"][day][source]["landed"] for day in DAYS)
        for source in ("mobile", "server", "web")
    }
    assert status["profiles"]["profiles"] == len(ANSWERS["people"]["next_day"])
    assert {row["audience"]: row["size"] for row in status["audiences"]} == {
        name: len(members) for name, members in ANSWERS["audiences"]["next_day"].items()
    }
    assert {row["sync"]: row["keys"] for row in status["syncs"]} == {
        "cart_abandoners_to_webhook": len(ANSWERS["audiences"]["next_day"]["cart_abandoners"]),
        "high_value_customers_to_files": len(
            ANSWERS["audiences"]["next_day"]["high_value_customers"]
        ),
    }
    assert status["last_build"]["as_of"] == sample_data.NEXT_AS_OF.isoformat()


def test_status_of_nothing_says_what_to_do(next_day: Shop) -> None:
    finished = next_day.weft("--target", "dev", "status")
    assert finished.exit_code == 0
    assert "weft load" in finished.output
