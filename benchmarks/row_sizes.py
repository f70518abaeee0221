"""How many bytes a row takes, table by table: ``python -m benchmarks.row_sizes WAREHOUSE.duckdb``.

DuckDB stores columns in segments, compressed, several small ones to a block. A table's bytes are
those of its segments' blocks, a block that several share divided among them by their rows.
"""

import argparse
import json
from pathlib import Path

import duckdb

_BLOCK = 262_144


def row_sizes(database: Path, least: int) -> list[tuple[str, int, float]]:
    """Tables of at least so many rows: name, rows, and bytes a row, the largest first."""
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where not internal"
            " and not temporary order by all"
        ).fetchall()
        blocks: list[tuple[str, int, int]] = []
        rows: dict[str, int] = {}
        for schema, table in tables:
            name = f"{schema}.{table}"
            quoted = f'"{schema}"."{table}"'
            rows[name] = connection.execute(f"select count(*) from {quoted}").fetchall()[0][0]
            found = connection.execute(
                "select block_id, sum(count) from pragma_storage_info(?)"
                " where block_id >= 0 group by block_id",
                [quoted],
            ).fetchall()
            blocks += [(name, block, count) for block, count in found]
        connection.execute("create temporary table used (name text, block bigint, rows bigint)")
        connection.executemany("insert into used values (?, ?, ?)", blocks)
        sizes = connection.execute(
            f"select name, sum({_BLOCK} * share) from (select name,"
            " rows / sum(rows) over (partition by block) as share from used) group by name"
        ).fetchall()
    measured = [
        (name, rows[name], size / rows[name]) for name, size in sizes if rows[name] >= least
    ]
    return sorted(measured, key=lambda one: (-one[1] * one[2], one[0]))


def main() -> None:
    """Print the sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("--rows", type=int, default=10_000, help="leave out smaller tables")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    sizes = row_sizes(arguments.warehouse, arguments.rows)
    if arguments.json:
        print(json.dumps({name: {"rows": rows, "bytes": size} for name, rows, size in sizes}))
        return
    for name, rows, size in sizes:
        print(f"{name:60} {rows:12,} rows {size:8.1f} bytes a row")


if __name__ == "__main__":
    main()
