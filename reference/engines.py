"""What the engines can do that weft compiles for and never runs, as a table."""

from collections.abc import Callable

from reference.destinations import table
from warehouse.engines.compiled import COMPILED, CompiledEngine

_NO_LIMIT = 2**31
_LINES: dict[str, Callable[[CompiledEngine], str]] = {
    "type in `profiles.yml`": lambda engine: f"`{engine.dialect}`",
    "dbt's package": lambda engine: f"`{engine.adapter}`",
    "transactions": lambda engine: engine.transactions,
    "upsert": lambda engine: engine.upsert,
    "temporary tables": lambda engine: engine.temporary_tables,
    "rows in": lambda engine: engine.arrow_in,
    "rows out": lambda engine: engine.arrow_out,
    "lock": lambda engine: engine.lock,
    "lists and lambdas": lambda engine: engine.lists,
    "names": lambda engine: engine.names,
    "bytes of a name": lambda engine: _count(engine.limits.name),
    "columns of a table": lambda engine: _count(engine.limits.columns),
    "bytes of a statement": lambda engine: _count(engine.statement),
    "missing": lambda engine: "; ".join(engine.missing),
    "vendor's reference": lambda engine: engine.documents,
}


def compiled_engines_table() -> str:
    """A line for each thing weft needs of an engine, a column for each engine."""
    engines = list(COMPILED.values())
    lines = ((name, *(say(engine) for engine in engines)) for name, say in _LINES.items())
    return table(("", *(engine.name for engine in engines)), lines) + "\n"


def _count(limit: int) -> str:
    return "no limit stated" if limit == _NO_LIMIT else f"{limit:,}"
