"""A page for each vendor's API, and a table of all destinations, from their descriptions."""

import inspect
from collections.abc import Iterable, Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from reverse_etl.destinations import TYPES, destination_type
from reverse_etl.destinations.kit.about import read_about
from reverse_etl.destinations.kit.ad_base import AdDestination
from reverse_etl.destinations.kit.api_base import ApiDestination
from reverse_etl.destinations.kit.base import Destination
from reverse_etl.destinations.kit.http_base import HttpDestination

_KINDS = {
    "people": "people, or other records (`upsert`, `update`, `create`, `mirror`)",
    "members": "members of a list (`audience`)",
    "events": "events (`append`)",
    "erasure": "a person who is forgotten (`weft forget`)",
}


def api_destinations() -> dict[str, type[ApiDestination]]:
    """The destinations that are a vendor's API, by type."""
    found = {name: destination_type(name) for name in sorted(TYPES)}
    return {
        name: description
        for name, description in found.items()
        if issubclass(description, ApiDestination)
    }


def destination_page(name: str, description: type[ApiDestination]) -> str:
    """The page of one vendor."""
    about = read_about(name)
    parts = [
        f"# {about.name}",
        inspect.cleandoc(description.__doc__ or ""),
        f"`type: {name}`. The vendor's documents: {about.documentation}. What all destinations "
        "have in common, such as retries: [destinations.md](../destinations.md).",
        _example(name, description),
        "## Settings",
        table(("setting", "meaning", "default"), _settings(description)),
        "## What is sent",
        table(("rows", "become"), ((_KINDS[kind], said) for kind, said in about.writes.items())),
        _identifiers(description),
        _rules(description),
        "## Limits",
        table(("limit", "default"), _limits(description)),
        "All of them can be overridden in `weft.yml`.",
    ]
    if about.cannot:
        parts += ["## What it cannot do", _list(about.cannot)]
    parts += ["## Where this was read", _sources(name)]
    return "\n\n".join(part for part in parts if part) + "\n"


def destination_table() -> str:
    """A line for each destination: what it takes, how fast, and what was verified when."""
    lines = []
    for name in sorted(TYPES):
        description = destination_type(name)
        if issubclass(description, ApiDestination):
            about = read_about(name)
            kinds = ", ".join(about.writes)
            link = f"[{about.name}](destinations/{name}.md)"
        else:
            kinds = "rows"
            link = f"[{name}](#{name})"
        lines.append((link, f"`{name}`", kinds, _modes(description), *_verified(name, description)))
    headings = ("destination", "type", "takes", "modes", "limits read on", "not verified")
    return table(headings, lines) + "\n"


def _example(name: str, description: type[ApiDestination]) -> str:
    lines = ["```yaml", "destinations:", f"  {name}:", f"    type: {name}"]
    for setting, field in _own_fields(description):
        if field.is_required():
            lines.append(f"    {setting}: {_example_value(name, setting, field)}")
    return "\n".join([*lines, "```"])


def _example_value(name: str, setting: str, field: FieldInfo) -> str:
    choices = _choices(field.annotation)
    if choices:
        return choices[0]
    return f"\"{{{{ env_var('{name.upper()}_{setting.upper()}') }}}}\""


def _settings(description: type[ApiDestination]) -> Iterator[tuple[str, str, str]]:
    for setting, field in _own_fields(description):
        choices = _choices(field.annotation)
        meaning = field.description or ""
        if choices:
            meaning += f": {', '.join(f'`{choice}`' for choice in choices)}"
        if _is_secret(field.annotation):
            meaning += " (secret)"
        default = "" if field.is_required() or field.default is None else f"`{_said(field)}`"
        yield f"`{setting}`", meaning.strip(), default


def _said(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True, validated_data={})
    return str(default).lower() if isinstance(default, bool) else str(default)


def _own_fields(description: type[Destination]) -> Iterator[tuple[str, FieldInfo]]:
    common = HttpDestination.model_fields.keys()
    for setting, field in description.model_fields.items():
        if setting not in common:
            yield setting, field


def _choices(annotation: Any) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return tuple(str(choice) for choice in get_args(annotation))
    inner = [_choices(argument) for argument in get_args(annotation)]
    return next((choices for choices in inner if choices), ())


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(map(_is_secret, get_args(annotation)))


def _rules(description: type[ApiDestination]) -> str:
    """What an advertising network compares, and how it is made alike before."""
    if not issubclass(description, AdDestination):
        return ""
    lines = [
        (
            f"`{name}`",
            rule.called,
            ", ".join(step.__name__.replace("_", " ") for step in rule.steps),
            "SHA-256" if rule.is_hashed else "as it is",
            "" if name in description.beside else "yes",
        )
        for name, rule in description.rules.items()
    ]
    headings = ("key or field", "called there", "made alike by", "sent", "says who it is")
    said = "A person needs one value that says who it is."
    if "phone" in description.rules:
        said += " A phone is in the form E.164, or the person is refused."
    return f"## Fields\n\n{table(headings, lines)}\n\n{said}"


def _identifiers(description: type[ApiDestination]) -> str:
    lines = [f"Modes: {_modes(description)}."]
    if description.identifiers:
        names = (
            f"`{given}`" if given == theirs else f"`{given}` ({theirs})"
            for given, theirs in description.identifiers.items()
        )
        lines.append(f"The key may be: {', '.join(names)}; say which with `identifier`.")
    if description.takes_object:
        lines.append("`object` names another type of record than a person.")
    if description.takes_list:
        lines.append("`list` or `list_id` names the list of an audience.")
    return " ".join(lines)


def _modes(description: type[Destination]) -> str:
    order = ("upsert", "update", "create", "mirror", "audience", "append")
    return ", ".join(f"`{mode}`" for mode in order if mode in description.modes)


def _limits(description: type[ApiDestination]) -> Iterator[tuple[str, str]]:
    limits = description.limits
    yield "rows in a request", f"{limits.rows_per_request:,}"
    for kind, rows in description.most_of_kind.items():
        yield f"rows in a request of {kind}", f"{rows:,}"
    if limits.bytes_per_request:
        yield "bytes in a request", f"{limits.bytes_per_request:,}"
    if limits.requests_per_second:
        yield "requests in a second", f"{limits.requests_per_second:g}"
    yield "requests at one time", f"{limits.concurrency:,}"
    yield "read on", limits.verified_on or "not verified"


def _verified(name: str, description: type[Destination]) -> tuple[str, str]:
    if not issubclass(description, ApiDestination):
        return "", ""
    return description.limits.verified_on or "", "; ".join(read_about(name).unverified)


def _sources(name: str) -> str:
    about = read_about(name)
    lines = [table(("statement", "read in"), about.verified.items())] if about.verified else []
    if about.unverified:
        lines += ["Not verified, and therefore settings or left to the vendor's answer:"]
        lines += [_list(about.unverified)]
    return "\n\n".join(lines)


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of Markdown."""
    names = list(headings)
    lines = [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)
