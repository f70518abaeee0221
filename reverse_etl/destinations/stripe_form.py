"""A customer's fields as the parameters of a form, in the way of Stripe."""

import json
from collections.abc import Iterable

from reverse_etl.values import plain

LONGEST_VALUE = 500
"""Characters of a value in metadata (https://docs.stripe.com/api/metadata)."""
_MOST_NAMES, _LONGEST_NAME = 50, 40
# The rest goes into metadata.
_OWN = frozenset({"name", "email", "phone", "description", "balance", "tax_exempt"})
_OWN_PREFIXES = ("address.", "shipping.", "invoice_settings.", "preferred_locales")


def is_metadata(name: str) -> bool:
    """Whether a field has no place of its own."""
    return name not in _OWN and not name.startswith(_OWN_PREFIXES)


def check_metadata(names: Iterable[str]) -> None:
    """Raise ValueError for names that metadata cannot have."""
    wanted = list(names)
    for name in wanted:
        if len(name) > _LONGEST_NAME or "[" in name or "]" in name:
            raise ValueError(
                f"{name!r} is no name for metadata: at most {_LONGEST_NAME} characters, without "
                "brackets"
            )
    if len(wanted) > _MOST_NAMES:
        raise ValueError(f"metadata has at most {_MOST_NAMES} names, not {len(wanted)}")


def parameters(name: str, fragment: str) -> Iterable[tuple[str, str]]:
    """A field, its value as JSON text, as parameters; the empty text takes a value away."""
    if is_metadata(name):
        yield f"metadata[{name}]", plain(fragment) or ""
        return
    first, *rest = name.split(".")
    place = first + "".join(f"[{part}]" for part in rest)
    if fragment.startswith("["):
        for number, item in enumerate(json.loads(fragment, parse_float=str, parse_int=str)):
            yield f"{place}[{number}]", str(item)
    else:
        yield place, plain(fragment) or ""
