"""Which extents block, and which pass."""

import pytest

from reverse_etl.guards import Extent, blocking_guards
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
