"""weft's SQL, which is DuckDB's, in the dialects of engines that weft compiles for and never runs.

What comes out is read again by sqlglot in its dialect, by tests; whether an engine takes it, and
whether its values are DuckDB's to the byte, nobody has seen. ``compiled_words.py`` has what each
dialect says.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial

import sqlglot
from sqlglot import ErrorLevel, exp

from warehouse.engines.compiled_lists import (
    first_in_order,
    listed_texts,
    sorted_list,
    usual_nulls,
)
from warehouse.engines.compiled_words import said
from warehouse.engines.sql_rules import (
    BLANKS,
    PARAMETER,
    Rule,
    apply_rules,
    group_by_all,
    name_windows,
    numbered,
)

_NO_FILTER = frozenset(("snowflake", "bigquery", "redshift"))
_NO_REPLACE = frozenset(("redshift",))


@lru_cache(maxsize=2_000)
def compile_statement(sql: str, dialect: str) -> tuple[str, ...]:
    """The statements that are meant to do in a dialect what a text of DuckDB's does.

    ``dialect`` is a key of ``compiled_words.WORDS``. Parameters are numbered from 1, as the
    dialect has them (``:1``, ``@p1``, ``:p1``, ``$1``).

    Raises sqlglot's ParseError for what is no SQL of DuckDB's, UnsupportedError for what it knows
    the dialect to lack.
    """
    found: list[str] = []
    for tree in sqlglot.parse(numbered(sql), read="duckdb"):
        if tree is not None:
            found += _compiled(tree, dialect)
    return tuple(found)


def _compiled(tree: exp.Expr, dialect: str) -> Iterator[str]:
    for select in list(tree.find_all(exp.Select)):
        group_by_all(select)
        name_windows(select)
    tree = apply_rules(tree, _lists(dialect))
    tree = apply_rules(tree, _rules(dialect))
    if dialect in _NO_REPLACE and isinstance(tree, exp.Create) and tree.args.get("replace"):
        name = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
        yield f"drop {tree.kind} if exists {name.sql(dialect=dialect)}"
        tree.set("replace", False)
    yield tree.sql(dialect=dialect, unsupported_level=ErrorLevel.RAISE)


@lru_cache
def _lists(dialect: str) -> dict[type[exp.Expr], Rule]:
    """What aggregates make lists of, or choose by their order."""
    return {
        exp.ArraySort: partial(sorted_list, dialect),
        exp.Bracket: partial(first_in_order, dialect),
        exp.Dot: partial(first_in_order, dialect),
        exp.Select: partial(listed_texts, dialect),
    }


@lru_cache
def _rules(dialect: str) -> dict[type[exp.Expr], Rule]:
    def word(key: str) -> Rule:
        return lambda node: said(dialect, key, node.this, node.args.get("expression"))

    rules: dict[type[exp.Expr], Rule] = {
        exp.Anonymous: partial(_named, dialect),
        exp.ArrayOverlaps: word("overlaps"),
        exp.BitwiseXorAgg: partial(_checksum, dialect),
        exp.Contains: word("contains"),
        exp.CurrentDatabase: word("database"),
        exp.DataType: _type,
        exp.EndsWith: word("ends with"),
        exp.Greatest: partial(_extreme, dialect, "greatest"),
        exp.Least: partial(_extreme, dialect, "least"),
        exp.NullSafeEQ: word("is same"),
        exp.NullSafeNEQ: word("differs"),
        exp.Placeholder: partial(_parameter, dialect),
        exp.RegexpFullMatch: word("fully matches"),
        exp.RegexpLike: word("matches"),
        exp.RegexpReplace: partial(_regexp_replace, dialect),
        exp.SHA2: word("sha256"),
        exp.StartsWith: word("starts with"),
        exp.Trim: _trim,
        exp.TryCast: partial(_try_cast, dialect),
    }
    if dialect in _NO_FILTER:
        rules[exp.Filter] = filtered
    if dialect == "bigquery":
        rules |= {exp.Delete: _every_row, exp.Interval: _interval, exp.Ordered: usual_nulls}
    return rules


def filtered(node: exp.Expr) -> exp.Expr | None:
    """An aggregate over some of the rows, as one over values that are null in the others."""
    aggregate: exp.Expr = node.this.copy()
    condition = node.expression.this
    if isinstance(condition, exp.Boolean) and condition.this:
        return aggregate
    # What is counted may be distinct, and what is listed ordered: the value lies inside.
    inner = aggregate
    while isinstance(inner.this, exp.Distinct | exp.Order):
        inner = inner.this
    values = inner.expressions if isinstance(inner, exp.Distinct) else [inner.this]
    for value in values:
        kept = exp.Literal.number(1) if isinstance(value, exp.Star) else value.copy()
        value.replace(exp.Case(ifs=[exp.If(this=condition.copy(), true=kept)]))
    return aggregate


def _named(dialect: str, node: exp.Expr) -> exp.Expr | None:
    rule = _NAMED_RULES.get(str(node.this).lower())
    return rule(dialect, node) if rule else None


def _json_array_contains(dialect: str, node: exp.Expr) -> exp.Expr | None:
    array, element = node.expressions
    if not isinstance(element, exp.Literal):
        return None
    text = exp.Literal.string(element.name.removeprefix('"').removesuffix('"'))
    return said(dialect, "JSON array contains", array, text)


def _one_operand(key: str) -> Callable[[str, exp.Expr], exp.Expr | None]:
    return lambda dialect, node: said(dialect, key, node.expressions[0])


def _any_value(dialect: str, node: exp.Expr) -> exp.Expr:
    return exp.AnyValue(this=node.expressions[0].copy())


def _key(dialect: str, node: exp.Expr) -> exp.Expr:
    """A key of 128 bits is a text of 32 letters where there is no type for it."""
    return exp.MD5(this=node.expressions[0].copy())


_NAMED_RULES: dict[str, Callable[[str, exp.Expr], exp.Expr | None]] = {
    "arbitrary": _any_value,
    "epoch_us": _one_operand("microseconds"),
    "isfinite": _one_operand("is finite"),
    "json_contains": _json_array_contains,
    "md5_number": _key,
    "to_json": _one_operand("JSON string"),
}


def _checksum(dialect: str, node: exp.Expr) -> exp.Expr | None:
    """Of the keys of texts. It is compared with itself alone, so each engine may have its own."""
    text = node.this.this if isinstance(node.this, exp.MD5) else node.this
    return said(dialect, "checksum", text)


def _extreme(dialect: str, key: str, node: exp.Expr) -> exp.Expr | None:
    operands = [node.this, *node.expressions]
    return said(dialect, key, exp.Array(expressions=[one.copy() for one in operands]))


def _try_cast(dialect: str, node: exp.Expr) -> exp.Expr | None:
    to = node.args["to"]
    if to.this in exp.DataType.TEXT_TYPES:
        return exp.Cast(this=node.this.copy(), to=to.copy())
    if dialect == "snowflake" and not node.args.get("requires_string"):
        # TRY_CAST takes texts alone there.
        text = exp.cast(node.this.copy(), exp.DataType.Type.TEXT)
        return exp.TryCast(this=text, to=to.copy(), requires_string=True)
    return None


def _regexp_replace(dialect: str, node: exp.Expr) -> exp.Expr | None:
    """Every dialect here replaces each match, which DuckDB does where it is told to."""
    modifiers = node.args.get("modifiers")
    if modifiers is None or modifiers.name != "g":
        return None
    operands = [node.this, node.expression, node.args["replacement"]]
    if dialect == "redshift":
        # sqlglot writes PostgreSQL's fourth operand, which is a position there.
        return exp.Anonymous(this="REGEXP_REPLACE", expressions=[one.copy() for one in operands])
    names = ("this", "expression", "replacement")
    return exp.RegexpReplace(
        **{name: one.copy() for name, one in zip(names, operands, strict=True)}
    )


def _trim(node: exp.Expr) -> exp.Expr | None:
    if not node.args.get("expression"):
        node.set("expression", exp.Literal.string(BLANKS))
    return None


def _parameter(dialect: str, node: exp.Expr) -> exp.Expr:
    number = node.name.removeprefix(PARAMETER)
    if dialect == "redshift":
        return exp.Parameter(this=exp.Literal.number(number))
    return exp.Placeholder(this=number if dialect == "snowflake" else f"p{number}")


def _every_row(node: exp.Expr) -> exp.Expr | None:
    """BigQuery deletes nothing without a condition."""
    if not node.args.get("where"):
        node.set("where", exp.Where(this=exp.true()))
    return None


def _interval(node: exp.Expr) -> exp.Expr | None:
    if isinstance(node.this, exp.Literal) and node.this.is_string and node.this.name.isdecimal():
        node.set("this", exp.Literal.number(node.this.name))
    return None


_TYPES = {
    exp.DataType.Type.UUID: "varchar",
    exp.DataType.Type.INT128: "decimal(38, 0)",
    exp.DataType.Type.UINT128: "decimal(38, 0)",
    exp.DataType.Type.UBIGINT: "decimal(20, 0)",
    exp.DataType.Type.UINT: "bigint",
    exp.DataType.Type.USMALLINT: "integer",
    exp.DataType.Type.UTINYINT: "smallint",
}


def _type(node: exp.Expr) -> exp.Expr | None:
    """A type that DuckDB has alone."""
    name = _TYPES.get(node.this)
    return exp.DataType.build(name, dialect="duckdb") if name else None
