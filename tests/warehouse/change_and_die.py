"""Changes to a Spark warehouse in a process that may die: ``python -m … FOLDER KIND``."""

import sys
from pathlib import Path

from tests.spark import spark_output
from warehouse.crash_points import crash_point
from warehouse.engines import Warehouse, open_engine

START = (
    "create schema shop",
    "create table shop.appended (id bigint, text varchar)",
    "insert into shop.appended values (1, 'a'), (1, 'a')",
    "create table shop.changed (id bigint, text varchar)",
    "insert into shop.changed values (1, 'a'), (2, 'b')",
    "create table shop.dropped (id bigint)",
)
TOGETHER = (
    "insert into shop.appended select id, 'a' from shop.changed",
    "create table shop.made as select * from shop.changed",
    "update shop.changed set text = 'c' where id = 2",
    "drop table shop.dropped",
)
ALONE = ("update shop.changed set text = 'c' where id = 2",)


def main(folder: Path, kind: str) -> None:
    with open_engine(spark_output(folder), folder) as warehouse:
        if kind == "start":
            _run(warehouse, START)
        elif kind == "alone":
            _run(warehouse, ALONE)
        else:
            with warehouse.transaction():
                _run(warehouse, TOGETHER)
                crash_point("before_commit")


def _run(warehouse: Warehouse, statements: tuple[str, ...]) -> None:
    for sql in statements:
        warehouse.execute(sql)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
