"""Connected components by others, from landed calls to (type, value, label) in DuckDB.

The strings are coded by DuckDB for both, under the same rules that weft is given; scipy and Splink
then find the components.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.measure import connect

_NOBODY = "('-1', 'null', 'undefined', 'none', 'nan', 'anonymous')"
_RESULT = "create table result as select type, value, label from nodes inner join labels using (id)"


def by_scipy(folder: Path, database: Path) -> Callable[[], object]:
    """Components by scipy, to be timed."""
    import numpy
    import pyarrow
    from scipy.sparse import coo_matrix  # type: ignore[import-untyped]
    from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped]

    def timed() -> None:
        with connect(_copy(folder, database)) as connection:
            _code(connection)
            edges: Any = connection.execute("select a, b from edges").fetchnumpy()
            (count,) = connection.execute("select count(*) from nodes").fetchall()[0]
            ones = numpy.ones(len(edges["a"]), dtype=numpy.int8)
            matrix = coo_matrix((ones, (edges["a"], edges["b"])), shape=(count, count))
            _, labels = connected_components(matrix, directed=False)
            table = pyarrow.table({"id": numpy.arange(count), "label": labels})
            connection.register("labels", table)
            connection.execute(_RESULT)

    return timed


def by_splink(folder: Path, database: Path) -> Callable[[], object]:
    """Components by Splink's clustering, to be timed."""
    from splink import DuckDBAPI
    from splink.clustering import (
        cluster_pairwise_predictions_at_threshold as cluster,
    )

    def timed() -> None:
        with connect(_copy(folder, database)) as connection:
            _code(connection)
            clusters = cluster(
                "nodes",
                "edges",
                DuckDBAPI(connection=connection),
                node_id_column_name="id",
                edge_id_column_name_left="a",
                edge_id_column_name_right="b",
            )
            connection.execute(
                "create temp view labels as select id, cluster_id as label"
                f" from {clusters.physical_name}"
            )
            connection.execute(_RESULT)

    return timed


def _copy(folder: Path, database: Path) -> Path:
    return Path(shutil.copyfile(database, folder / "reference.duckdb"))


def _code(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(_nodes())
    connection.execute(_edges())


def _nodes() -> str:
    columns = [
        ("user_id", "user_id"),
        ("email", "lower(trim(context_traits_email))"),
        ("anonymous_id", "anonymous_id"),
    ]
    values = " union all ".join(
        f"select '{type}' as type, {value} as value from web.tracks" for type, value in columns
    )
    return f"""
        create temp table nodes as
        select type, value, row_number() over () - 1 as id
        from (select distinct type, value from ({values}) where {_is_identifying("value")})
    """


def _edges() -> str:
    email = "lower(trim(context_traits_email))"
    joins = [
        ("user_id", "user_id", "email", email, "true"),
        ("user_id", "user_id", "anonymous_id", "anonymous_id", "true"),
        ("email", email, "anonymous_id", "anonymous_id", "user_id is null"),
    ]
    return "create temp table edges as " + " union all ".join(
        f"select a.id as a, b.id as b from web.tracks"
        f" inner join nodes as a on a.type = '{first_type}' and a.value = {first}"
        f" inner join nodes as b on b.type = '{second_type}' and b.value = {second}"
        f" where {condition}"
        for first_type, first, second_type, second, condition in joins
    )


def _is_identifying(value: str) -> str:
    return (
        f"trim({value}) <> '' and lower(trim({value})) not in {_NOBODY}"
        f" and not regexp_matches({value}, '^[0-]*$')"
    )
