"""What holds for any mix of events in any files, and when a load is cut short."""

import json
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.loaders.desk import Desk
from tests.loaders.examples import identify, page, track
from warehouse.errors import WeftError

PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "count": st.integers(-5, 5),
        "price": st.sampled_from([0.5, 1.5]),
        "note": st.sampled_from(["x", "", "é\n"]),
        "isNew": st.booleans(),
        "nested": st.fixed_dictionaries({"a": st.sampled_from(["p", "q"])}),
        "list": st.lists(st.integers(0, 3), max_size=2),
    },
)
EVENTS = st.builds(
    lambda type_, event, user, number, day, properties: json.dumps(
        {
            "type": type_,
            "messageId": f"m{number}-{type_}-{day}",
            "event": event,
            "userId": user,
            "groupId": user,
            "sentAt": f"2026-03-{day:02}T00:00:00Z",
            "context": {"ip": user},
            # A repeated id carries the same document, as a repeated delivery does.
            "traits" if type_ in ("identify", "group") else "properties": properties
            if number == 0
            else {"count": number},
        }
    ),
    st.sampled_from(["track", "identify", "page", "group", "nothing"]),
    st.sampled_from(["Signed Up", "Order Completed", "日本", None]),
    st.sampled_from(["u1", "u2", "", None]),
    st.integers(1, 4),
    st.integers(1, 9),
    PROPERTIES,
)
LINES = st.lists(EVENTS | st.sampled_from(["{", "[]", "5"]), min_size=1, max_size=25)
FEW = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def _load_parts(parts: Sequence[Sequence[str]]) -> tuple[dict[str, list[str]], list[int]]:
    """The rows of every landed table, and the sums of all counts, when parts land one by one."""
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder) / "shop")
        sums = [0] * 5
        for number, part in enumerate(parts):
            total = desk.land(*part, name=f"{number}.ndjson").total
            assert total.read == total.landed + total.duplicate + total.rejected + total.blocked
            counts = (total.read, total.landed, total.duplicate, total.rejected, total.blocked)
            sums = [sum(pair) for pair in zip(sums, counts, strict=True)]
        assert desk.load().total.read == 0
        rows = _all_rows(desk)
        desk.warehouse.close()
        return rows, sums


def _all_rows(desk: Desk) -> dict[str, list[str]]:
    return {
        table: sorted(
            json.dumps(_own(row), default=str, sort_keys=True)
            for row in desk.rows(f"select * from web.{table}")
        )
        for table in desk.warehouse.schema_columns("web")
    }


def _own(row: dict[str, Any]) -> dict[str, Any]:
    loads = ("load_id", "uuid_ts", "loaded_at")
    return {name: value for name, value in row.items() if value is not None and name not in loads}


@FEW
@given(LINES, st.integers(2, 4), st.randoms(use_true_random=False))
def test_order_and_cut_into_files_do_not_matter(
    lines: list[str], parts: int, generator: random.Random
) -> None:
    lines = _drop_conflicts(lines)
    expected = _load_parts([lines])
    shuffled = generator.sample(lines, len(lines))
    assert _load_parts([shuffled[part::parts] for part in range(parts)]) == expected


def _drop_conflicts(lines: list[str]) -> list[str]:
    """Lines without those that carry the id of another one but differ from it."""
    first: dict[str, str] = {}
    return [
        line
        for line in lines
        if not line.startswith('{"')
        or first.setdefault(json.loads(line)["messageId"], line) == line
    ]


@pytest.mark.every_engine
def test_a_load_that_fails_leaves_nothing_and_the_next_one_lands_all(desk: Desk) -> None:
    desk.write([track(), page(), identify(), "broken"])
    # The last table of the file cannot be written to.
    desk.warehouse.execute("create schema web")
    desk.warehouse.execute("create view web.signed_up as select 'x' as id")
    with pytest.raises(WeftError, match="nothing of these files has landed"):
        desk.load()
    assert list(desk.warehouse.schema_columns("web")) == ["signed_up"]
    left = "(select 1 from weft.loads union all select 1 from weft.rejects)"
    assert desk.values(f"select count(*) from {left}") == [0]
    desk.warehouse.execute("drop view web.signed_up")
    assert desk.load().total.landed == 3


def test_files_before_the_one_that_fails_have_landed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loaders.files._GROUP_FILES", 1)
    desk.write([track("First")], "1.ndjson")
    desk.write([track("Second")], "2.ndjson")
    desk.warehouse.execute("create schema web")
    desk.warehouse.execute("create view web.second as select 'x' as id")
    with pytest.raises(WeftError, match=r"2\.ndjson"):
        desk.load()
    assert desk.values("select uri from weft.loads") == ["events/1.ndjson"]
    desk.warehouse.execute("drop view web.second")
    total = desk.load().total
    assert (total.skipped, total.landed) == (1, 1)


def test_a_file_that_cannot_be_read_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    path = desk.write([track()])

    def disappear(*_: object) -> None:
        path.unlink()

    monkeypatch.setattr("loaders.load.Tally.__init__", disappear)
    with pytest.raises(WeftError, match=r"one\.ndjson cannot be read"):
        desk.load()


@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]")])
def test_a_line_nested_too_deep_is_a_reject_and_its_neighbours_land(
    desk: Desk, opening: str, closing: str
) -> None:
    deep = json.dumps(track(properties={"deep": "?"})).replace(
        '"?"', opening * 200 + "1" + closing * 200
    )
    fine = track(properties={"deep": {"a": {"b": [[1]]}}})
    report = desk.land(fine, deep, track(), "broken")
    assert report.total.landed == 2
    assert report.rejects == {"nested deeper than 128 levels": 1, "not valid JSON": 1}
    assert desk.values("select deep_a_b from web.signed_up where deep_a_b is not null") == ["[[1]]"]
