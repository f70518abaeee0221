"""Views of PostgreSQL that others read: it replaces or drops none while they stand.

On other engines a view that reads another one finds it again by its name.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from warehouse.engines.base import literal
from warehouse.engines.postgres_connection import ask, run

_GOING = re.compile(
    r"\s*(?:create\s+or\s+replace\s+view|drop\s+view(?:\s+if\s+exists)?)\s+"
    r"((?:\"[^\"]+\"|\w+)(?:\.(?:\"[^\"]+\"|\w+))?)",
    re.IGNORECASE,
)


def going_view(sql: str) -> str | None:
    """The view that a statement replaces or drops, as its name stands there."""
    found = _GOING.match(sql)
    return found[1] if found else None


@contextmanager
def readers_kept(connection: Any, view: str) -> Iterator[None]:
    """Within, a view may be replaced or dropped; views that read it are made again afterwards.

    One that cannot be, since what it reads is gone, is gone too. Needs a transaction.
    """
    readers = _readers(connection, view)
    if readers:
        run(connection, f"drop view {view} cascade")
    yield
    for name, definition in readers:
        _make(connection, name, definition)


def _make(connection: Any, name: str, definition: str) -> None:
    run(connection, "savepoint weft_view")
    try:
        run(connection, f"create view {name} as {definition}")
    except connection.Error:
        run(connection, "rollback to savepoint weft_view")
    run(connection, "release savepoint weft_view")


def _readers(connection: Any, view: str) -> list[tuple[str, str]]:
    """Names and definitions of the views that read a view, those first that are read by others."""
    return [
        (name, definition)
        for name, definition in ask(
            connection,
            f"""
            with recursive readers(oid, depth) as (
                select to_regclass({literal(view)})::oid, 0
                union
                select ev_class, depth + 1
                from readers
                join pg_depend on pg_depend.refobjid = readers.oid
                join pg_rewrite on pg_rewrite.oid = pg_depend.objid
                where classid = 'pg_rewrite'::regclass and ev_class <> readers.oid
            )
            select quote_ident(nspname) || '.' || quote_ident(relname), pg_get_viewdef(readers.oid)
            from readers
            join pg_class on pg_class.oid = readers.oid
            join pg_namespace on pg_namespace.oid = relnamespace
            where depth > 0 and relkind = 'v'
            group by 1, 2
            order by max(depth), 1
            """,
        )
    ]
