"""What rules look at in a message, as SQL over the columns of ARRIVED."""

from collections.abc import Mapping, Sequence

from loaders.structure import literal, pointer
from loaders.tracking_plans.plan import Schema
from loaders.tracking_plans.schema import DOCUMENTS, Judgement, places_of_interest
from loaders.tracking_plans.values import Keys, ValueCheck


def shape_sql(one: Judgement) -> str:
    """SQL for the structure of a message, as far as a rule looks at it."""
    texts = []
    for part in one.parts:
        if part in one.deep:
            texts += _document_shape(part, one.deep[part])
        elif part in DOCUMENTS:
            texts.append(f"{part} is null")
        else:
            texts.append(f"json_exists(raw, {literal(pointer((part,)))})")
    # Nulls are skipped, so each part begins with whether it is there.
    return f"concat_ws(chr(10), {', '.join(f'({text})::varchar' for text in texts)})"


def _document_shape(part: str, shape: Schema) -> list[str]:
    texts = [f"{part} is null"]
    places = list(places_of_interest(shape))
    typed = ", ".join(literal(pointer(keys)) for keys, is_closed in places if not is_closed)
    if typed:
        texts.append(f"json_type({part}, [{typed}]::varchar[])")
    inner = ", ".join(literal(pointer(keys)) for keys, is_closed in places if is_closed and keys)
    if inner:
        texts.append(f"to_json(json_keys({part}, [{inner}]::varchar[]))")
    if ((), True) in places:
        # The root has no pointer that json_keys takes.
        texts.append(f"to_json(json_keys({part}))")
    return texts


def values_sql(checks: Sequence[ValueCheck]) -> str:
    """SQL for the values that a rule looks at, as a list in the order of ``_in_order``."""
    lists = []
    for document in (*DOCUMENTS, "raw"):
        inside = [keys for owner, keys in map(_owner, checks) if owner == document]
        if inside:
            # One list for all paths parses a document once.
            places = ", ".join(literal(pointer(keys) or "$") for keys in inside)
            one = f"coalesce({document}, '{{}}')"
            lists.append(f"json_extract({one}, [{places}]::varchar[])::varchar[]")
    return f"list_concat({', '.join(lists)})" if len(lists) > 1 else lists[0]


def reads_raw(one: Judgement) -> bool:
    """Whether a rule looks at anything beside the documents of a message."""
    owners = {_owner(check)[0] for check in one.checks}
    return "raw" in owners or not set(one.parts) <= set(DOCUMENTS)


def _in_order(checks: Sequence[ValueCheck]) -> list[int]:
    documents = [*DOCUMENTS, "raw"]
    return sorted(range(len(checks)), key=lambda place: documents.index(_owner(checks[place])[0]))


def _owner(check: ValueCheck) -> tuple[str, Keys]:
    """The column that a value is read from, and where in it."""
    if check.keys and check.keys[0] in DOCUMENTS:
        return check.keys[0], check.keys[1:]
    return "raw", check.keys


def suspects_sql(checks: Sequence[ValueCheck]) -> str:
    """SQL for the values that the validator must judge, as a list of (place, value)."""
    entries = []
    for index, place in enumerate(_in_order(checks), start=1):
        value = f"found[{index}]"
        is_fine = checks[place].is_fine(value)
        is_suspect = f"not coalesce({is_fine}, false)" if is_fine else "true"
        entries.append(
            f"case when {value} is not null and {is_suspect}"
            f" then {{'place': {place}, 'value': {value}}} end"
        )
    return f"list_filter([{', '.join(entries)}], lambda one: one is not null)"


def by_rule_sql(values: Mapping[int, str]) -> str:
    """SQL for a value that depends on the rule. Rules of one value are one case: it is faster."""
    rules: dict[str, list[str]] = {}
    for number, value in values.items():
        rules.setdefault(value, []).append(str(number))
    cases = " ".join(f"when rule in ({', '.join(of)}) then {value}" for value, of in rules.items())
    return f"case {cases} end"


def one_of(rules: Mapping[int, object]) -> str:
    """SQL for: the rule is one of these."""
    return f"rule in ({', '.join(map(str, rules))})"
