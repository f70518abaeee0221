"""Which extents block, and which pass."""

import pytest

from reverse_etl.guards import Extent, blocking_guards, upstream_sentences
from reverse_etl.syncs import Guard

CALM = {"source": 100, "acknowledged": 100, "planned": 20, "removed": 20, "leaving": 0}


@pytest.mark.parametrize(
    ("extent", "guard", "said"),
    [
        ({}, {}, None),
        ({"removed": 21, "planned": 21}, {}, "21 of 100 rows (21.0 %)"),
        ({"removed": 30, "acknowledged": 49}, {}, None),
        ({"removed": 30, "acknowledged": 50}, {}, "30 of 50 rows"),
        ({"removed": 11, "acknowledged": 1000}, {"max_removed_rows": 10}, "11 rows would be"),
        ({"source": 9}, {"min_rows": 10}, "has 9 rows"),
        ({"source": 0, "acknowledged": 1, "removed": 1}, {"min_rows": 0}, "is empty"),
        ({"source": 0, "planned": 0, "removed": 0}, {"min_rows": 10}, None),
        ({"source": 0, "planned": 0, "removed": 0, "leaving": 5}, {}, "has 0 rows"),
    ],
)
def test_guards(extent: dict[str, int], guard: dict[str, int], said: str | None) -> None:
    sentences = blocking_guards(Extent(**{**CALM, **extent}), Guard.model_validate(guard))
    if said is None:
        assert sentences == ()
    else:
        assert len(sentences) == 1
        assert said in sentences[0]


@pytest.mark.parametrize(
    ("extent", "percent", "said"),
    [
        ({"added": 51, "planned": 51}, 50, "51 rows would be added to 100 (51.0 %)"),
        ({"added": 50, "planned": 50}, 50, None),
        ({"added": 900, "planned": 900}, None, None),
        ({"added": 49, "acknowledged": 49, "planned": 49, "removed": 0}, 50, None),
    ],
)
def test_added_rows_block_where_a_percentage_is_set(
    extent: dict[str, int], percent: float | None, said: str | None
) -> None:
    guard = Guard.model_validate({"max_added_percent": percent})
    sentences = blocking_guards(Extent(**{**CALM, **extent}), guard)
    assert len(sentences) == (said is not None)
    assert said is None or said in sentences[0]


def test_circumstances_block_a_plan_only_when_it_has_rows() -> None:
    guard = Guard()
    assert blocking_guards(Extent(**CALM), guard, ["It is a copy."]) == ("It is a copy.",)
    nothing = {**CALM, "planned": 0, "removed": 0}
    assert blocking_guards(Extent(**nothing), guard, ["It is a copy."]) == ()


def test_what_failed_upstream_is_named_in_few_words() -> None:
    assert upstream_sentences([]) == ()
    [sentence] = upstream_sentences(["a (error)", "b (fail)", "c (fail)", "d (fail)"])
    assert "a (error), b (fail), c (fail) and others" in sentence
