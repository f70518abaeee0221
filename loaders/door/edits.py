"""One rule of the door as SQL: lines are cut around the value, and put together again."""

from collections.abc import Iterable, Iterator, Sequence

from loaders.door import patterns
from loaders.door.settings import WILDCARD, Named, Renamed
from loaders.structure import literal

TWICE = "a name that the door guards is given twice"
"""The reason of a line in which a named value stands more than once."""

TAKEN = "null::struct(name varchar, value varchar)[]"
"""SQL for: no value has found its new name taken."""

# The text up to a value that is the first of its object, without its key.
_OPENS = r"\{[ \t\r\n]*$"


def rule_tables(kind: str, named: Named, again: bool, source: str, name: str) -> list[str]:
    """The common table expressions of a rule: they read the table ``source``, the last is ``name``.

    Both have the columns file, line, raw, fault and taken, ``name`` also what else ``source`` has.
    """
    if WILDCARD in named.keys:
        return _tables_of_members(kind, named, again, source, name)
    return list(_chain(_steps(kind, named, again), source, name))


def _chain(selects: Iterable[str], source: str, name: str, how: str = "") -> Iterator[str]:
    """Tables of which each reads the one before; the last is ``name``."""
    selects = list(selects)
    for number, select in enumerate(selects, start=1):
        is_last = number == len(selects)
        own = name if is_last else f"{name}_{number}"
        yield f"{own} as {how if is_last else ''} ({select} from {source})"
        source = own


def _steps(kind: str, named: Named, again: bool) -> list[str]:
    """A rule without a wildcard, as selects of which each reads the one before."""
    path = literal(patterns.up_to_value(named.keys))
    edited, taken = _edit(kind, named, again)
    return [
        f"""
        select *, case when {_may_hold(named)} then regexp_extract(raw, {path}) else '' end as head
        """,
        "select *, case when head <> '' then substring(raw, length(head) + 1) end as rest",
        f"select *, regexp_extract(rest, {literal(patterns.value())}) as value",
        *_without(named.keys[-1], path),
        f"""
        select
            * exclude (head, rest, value, tail, front, without, is_twice)
            replace (
                case when rest is null or is_twice then raw else {edited} end as raw,
                case when is_twice then '{TWICE}' else fault end as fault,
                {taken} as taken
            )
        """,
    ]


def _without(name: str, path: str) -> list[str]:
    """The line without the member, and whether there is another of its name."""
    return [
        f"""
        select
            *,
            substring(rest, length(value) + 1) as tail,
            regexp_replace(head, {literal(patterns.last_key(name))}, '') as front
        """,
        f"""
        select
            *,
            case
                when regexp_matches(front, '{_OPENS}')
                    then front || regexp_replace(tail, '^[ \\t\\r\\n]*,', '')
                else front || tail
            end as without
        """,
        f"""
        select
            *,
            case
                when rest is null or not regexp_matches(tail, {literal(patterns.member(name))})
                    then false
                else regexp_matches(without, {path})
            end as is_twice
        """,
    ]


def _tables_of_members(kind: str, named: Named, again: bool, source: str, name: str) -> list[str]:
    """A rule with a wildcard: the members of the object there, each edited as a line of its own."""
    place = named.keys.index(WILDCARD)
    rest = ".".join(named.keys[place + 1 :])
    inner = named.model_copy(update={"path": rest, "events": []})
    found, members, edited = f"{name}_found", f"{name}_members", f"{name}_edited"
    return [
        # Read twice, but what it reads may be a stream.
        *_chain(_steps_to_members(named, named.keys[:place]), source, found, "materialized"),
        f"{members} as ({_members(found)})",
        *rule_tables(kind, inner, again, members, edited),
        f"{name} as ({_put_together(found, edited)})",
    ]


def _steps_to_members(named: Named, parents: Sequence[str]) -> list[str]:
    """Selects that cut a line around the object whose members a wildcard stands for."""
    path = literal(patterns.up_to_value(parents))
    head = f"regexp_extract(raw, {path})"
    if parents:
        head = f"nullif({head}, '')"
    return [
        f"select *, case when {_may_hold(named)} then {head} end as head",
        "select *, substring(raw, length(head) + 1) as rest",
        f"select *, regexp_extract(rest, {literal(patterns.value())}) as value",
        *(
            _without(parents[-1], path)
            if parents
            else ["select *, substring(rest, length(value) + 1) as tail, false as is_twice"]
        ),
    ]


def _members(found: str) -> str:
    """SQL for the members of objects, with their texts up to their values, and these as lines."""
    return f"""
        select
            file,
            line,
            place,
            length(text) as size,
            regexp_extract(text, {literal(patterns.start_of_member())}) as key,
            substring(text, length(key) + 1) as raw,
            null::varchar as fault,
            {TAKEN} as taken
        from (
            select
                file, line, unnest(texts) as text, generate_subscripts(texts, 1) as place
            from (
                select
                    file,
                    line,
                    regexp_extract_all(substring(value, 2), {literal(patterns.whole_member())})
                        as texts
                from {found}
                where left(value, 1) = '{{' and not is_twice
            )
        )
    """


def _put_together(found: str, edited: str) -> str:
    """SQL for lines with the members of their objects as they were edited."""
    return f"""
        with objects as (
            select
                file,
                line,
                string_agg(key || raw, '' order by place) as members,
                sum(size)::bigint as size,
                max(fault) as inner_fault,
                flatten(list(taken order by place) filter (taken is not null)) as inner_taken
            from {edited}
            group by file, line
        )
        select
            file,
            line,
            case
                when members is null then raw
                else head || '{{' || members || substring(value, 2 + size) || tail
            end as raw,
            case when is_twice then '{TWICE}' else coalesce(inner_fault, fault) end as fault,
            case
                when len(inner_taken) > 0 then list_concat(coalesce(taken, []), inner_taken)
                else taken
            end as taken
        from {found}
        left join objects using (file, line)
    """


def _may_hold(named: Named) -> str:
    """Whether a line is worth a pattern. A key may be written in escapes."""
    conditions = ["fault is null"]
    for key in set(named.keys) - {WILDCARD}:
        conditions.append(f"(contains(raw, {literal(key)}) or contains(raw, '\\u'))")
    if named.events:
        events = literal(patterns.with_value(("event",), named.events))
        conditions.append(f"regexp_matches(raw, {events})")
    return " and ".join(conditions)


def _edit(kind: str, named: Named, again: bool) -> tuple[str, str]:
    """A line after a rule, as SQL, and the values that found their new name taken."""
    if kind == "hash":
        text = "case when left(value, 1) = '\"' then json_extract_string(value, '$') else value end"
        stays = f"value = 'null' or trim({text}, ' \t\r\n') = ''"
        if again:
            stays += " or regexp_full_match(value, '\"[0-9a-f]{64}\"')"
        hashed = f"""head || '"' || sha256((select salt from door) || {text}) || '"' || tail"""
        return f"case when {stays} then raw else {hashed} end", "taken"
    if not isinstance(named, Renamed):
        return "without", "taken"
    path = patterns.up_to_value((*named.keys[:-1], named.to))
    is_taken = f"regexp_matches(without, {literal(path)})"
    # The value keeps its text and its place; only the key before it is another.
    new_key = literal(f'"{named.to}":')
    comma = f"case when regexp_matches(front, '{_OPENS}') then '' else ',' end"
    moved = f"front || {comma} || {new_key} || value || tail"
    taken = f"list_append(coalesce(taken, []), {{'name': {literal(named.to)}, 'value': value}})"
    return (
        f"case when {is_taken} then without else {moved} end",
        f"case when rest is not null and {is_taken} then {taken} else taken end",
    )
