"""What translations of weft's SQL share: sqlglot's tree, changed by rules for its nodes."""

from collections.abc import Callable, Mapping
from itertools import count

import sqlglot
from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

# What Unicode calls a space separator: DuckDB's trim takes these away.
BLANKS = "".join(map(chr, (0x20, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)))

PARAMETER = "weft_parameter_"
"""How a parameter that is numbered begins; the number follows, from 1."""

CHECKSUM = "weft_checksum"
"""The name of an aggregate of texts that is the same in whatever order they come."""

Rule = Callable[[exp.Expr], exp.Expr | None]
"""What takes the place of a node; None leaves it as it is."""


def apply_rules(tree: exp.Expr, rules: Mapping[type[exp.Expr], Rule]) -> exp.Expr:
    """The tree after each node's rule, what is inside a node before the node itself."""
    for node in reversed(list(tree.walk())):
        rule = rules.get(type(node))
        if rule is not None and (new := rule(node)) is not None:
            tree = _put(tree, node, new)
    return tree


def _put(tree: exp.Expr, old: exp.Expr, new: exp.Expr) -> exp.Expr:
    if old is tree:
        return new
    old.replace(new)
    return tree


def template(text: str, dialect: str) -> Rule:
    """A rule that puts a function's arguments into a text of a dialect, as ``:one``, ``:other``."""
    pattern = sqlglot.parse_one(text, read=dialect)

    def rule(node: exp.Expr) -> exp.Expr:
        arguments = {"one": node.this, "other": node.args.get("expression")}
        if isinstance(node, exp.Anonymous):
            arguments = {"one": node.expressions[0]}
        given = {name: one.copy() for name, one in arguments.items() if isinstance(one, exp.Expr)}
        return exp.replace_placeholders(pattern.copy(), **given)

    return rule


def numbered(sql: str) -> str:
    """A statement of DuckDB's whose parameters, ``?``, are numbered, ``:weft_parameter_1``."""
    numbers = count(1)
    parts: list[str] = []
    end = 0
    for token in sqlglot.tokenize(sql, read="duckdb"):
        if token.token_type == TokenType.PLACEHOLDER:
            parts += [sql[end : token.start], f" :{PARAMETER}{next(numbers)} "]
            end = token.end + 1
    return "".join([*parts, sql[end:]])


def group_by_all(select: exp.Select) -> None:
    """Write out ``group by all``."""
    group = select.args.get("group")
    if group is None or not group.args.get("all"):
        return
    places = [
        exp.Literal.number(place)
        for place, one in enumerate(select.expressions, start=1)
        if not one.find(exp.AggFunc)
    ]
    select.set("group", exp.Group(expressions=places) if places else None)


def name_windows(select: exp.Select) -> None:
    """Write a window that has a name where the name stands."""
    windows = {one.this.name: one for one in select.args.get("windows") or []}
    if not windows:
        return
    select.set("windows", None)
    for use in list(select.find_all(exp.Window)):
        window = windows.get(use.alias)
        if window is not None:
            inlined = window.copy()
            inlined.set("this", use.this.copy())
            inlined.set("alias", None)
            use.replace(inlined)
