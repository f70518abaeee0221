"""Identity at the size of its benchmark: a chain and a star of a million links."""

import math
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from benchmarks.identity import SOLVED, full_build
from benchmarks.people import land_path, land_star

LINKS = 1_000_000
SHAPES = {"chain": land_path, "star": land_star}


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_million_links_make_one_tree(tmp_path: Path, shape: Callable[[Path, int], None]) -> None:
    shape(tmp_path / "landed.duckdb", LINKS)
    full_build(tmp_path, tmp_path / "landed.duckdb", SOLVED)()
    with duckdb.connect(str(tmp_path / "project" / "dev.duckdb")) as connection:
        (found,) = connection.execute(
            "select count(*), count(distinct tree_id), count(distinct piece_id)"
            " from analytics.identity_trees"
        ).fetchall()
        (rounds,) = connection.execute(
            "select count_rounds from analytics.identity_builds where model_name = 'identity_trees'"
        ).fetchall()[0]
    assert found == (LINKS + 1, 1, 1)
    assert rounds <= math.log2(LINKS)
