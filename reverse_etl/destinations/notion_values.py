"""Values as Notion takes them, by the type of their property.

https://developers.notion.com/reference/property-value-object
"""

import json
from collections.abc import Mapping

from reverse_etl.values import as_text, plain

_LONGEST_TEXT = 2000
_TEXTS = ("title", "rich_text")
_PLAIN = ("url", "email", "phone_number")
_CHOICES = ("select", "status")
_LINKS = ("relation", "people")
_FILTERED = (*_TEXTS, *_PLAIN, "number")


def property_value(name: str, types: Mapping[str, str], fragment: str) -> str:
    """A value, JSON text, as the JSON text of a property. Raises ValueError, a few words."""
    kind = _type(name, types)
    return f'{{"{kind}":{_value(name, kind, fragment)}}}'


def page_filter(name: str, types: Mapping[str, str], key: str) -> str:
    """A filter for the pages whose property holds a key. Raises ValueError, a few words."""
    kind = _type(name, types)
    if kind not in _FILTERED:
        raise ValueError(f"the key's property {name!r} is of type {kind}, which holds no key")
    value = _number(name, key) if kind == "number" else as_text(key)
    return f'{{"property":{json.dumps(name, ensure_ascii=False)},"{kind}":{{"equals":{value}}}}}'


def _type(name: str, types: Mapping[str, str]) -> str:
    if name not in types:
        raise ValueError(f"the data source has no property {name!r}")
    return types[name]


def _value(name: str, kind: str, fragment: str) -> str:
    is_null = fragment == "null"
    if kind in _TEXTS:
        return "[]" if is_null else _texts(plain(fragment) or "")
    if kind == "multi_select":
        return f"[{','.join(_choice(item) for item in _items(fragment))}]"
    if kind in _LINKS:
        links = [f'{{"id":{as_text(item)}}}' for item in _items(fragment)]
        return f"[{','.join(links)}]"
    if kind == "checkbox":
        if fragment not in ("true", "false", "null"):
            raise ValueError(f"the property {name!r} takes true or false")
        return "false" if is_null else fragment
    if kind not in (*_PLAIN, *_CHOICES, "number", "date"):
        raise ValueError(f"the property {name!r} is of type {kind}, which cannot be written")
    if is_null:
        return "null"
    if kind in _CHOICES:
        return _choice(fragment)
    if kind == "date":
        return f'{{"start":{as_text(fragment)}}}'
    return _number(name, fragment) if kind == "number" else as_text(fragment)


def _texts(text: str) -> str:
    """A text in the pieces that Notion takes."""
    pieces = [text[at : at + _LONGEST_TEXT] for at in range(0, len(text), _LONGEST_TEXT)]
    written = [f'{{"text":{{"content":{json.dumps(p, ensure_ascii=False)}}}}}' for p in pieces]
    return f"[{','.join(written)}]"


def _choice(fragment: str) -> str:
    return f'{{"name":{as_text(fragment)}}}'


def _items(fragment: str) -> list[str]:
    """The elements of a list, or the one value, as JSON text; none of null."""
    if fragment == "null":
        return []
    if not fragment.startswith("["):
        return [fragment]
    items = json.loads(fragment, parse_float=str, parse_int=str)
    return [json.dumps(item, ensure_ascii=False) for item in items]


def _number(name: str, fragment: str) -> str:
    text = plain(fragment) or ""
    try:
        float(text)
        json.loads(text)
    except ValueError:
        raise ValueError(f"the property {name!r} takes a number") from None
    return text
