"""Identities in the form in which an advertising network compares them: made alike, then hashed.

Every network has a table of its own, for their rules differ: whether a dot in a Gmail address
counts, whether a telephone number has its plus sign. Nothing empty and nothing of zeros only is
ever hashed, as its hash would stand for everybody who has no value.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reverse_etl.values import plain

Step = Callable[[str], str]

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_ZEROS = re.compile(r"[0\s+.:-]*")
_GMAIL = ("gmail.com", "googlemail.com")
_ADDRESS = r"[^@\s]+@[^@\s]+"
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Rule:
    """How one field becomes what a network compares.

    ``called`` is the network's name of the field, ``steps`` make a value alike, ``form`` is what
    must come of it (a regular expression for the whole).
    """

    called: str
    steps: tuple[Step, ...] = (str.strip, str.lower)
    form: str = r"(?s).+"
    is_hashed: bool = True

    def compared(self, value: str, *, prehashed: bool = False) -> str | None:
        """What is sent for a value, None where there is nothing in it.

        ``prehashed``: the value is a hash already. Raises ValueError, a few words that do not
        show the value, for one that is not what the network takes.
        """
        if prehashed and self.is_hashed:
            if value and not _HASH.fullmatch(value):
                raise ValueError("is no SHA-256 hash of 64 hexadecimal digits in lower case")
            return None if value in _HASHES_OF_NOTHING else value
        if not value.strip():
            return None
        for step in self.steps:
            value = step(value)
        if _ZEROS.fullmatch(value):
            return None
        if not re.fullmatch(self.form, value):
            raise ValueError("is not in the form that the network takes")
        return sha256(value) if self.is_hashed else value


@dataclass(frozen=True, slots=True)
class Person:
    """What a network is told of a person: values by the network's names of the fields.

    ``faults`` says what cannot be sent, and why.
    """

    values: Mapping[str, list[str]] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


def read_person(
    fragments: Mapping[str, str], rules: Mapping[str, Rule], *, prehashed: bool
) -> Person:
    """A person of the fields of a row, which are JSON text; a list holds several values."""
    values: dict[str, list[str]] = {}
    faults: list[str] = []
    for name, rule in rules.items():
        for value in _texts(fragments.get(name)):
            try:
                found = rule.compared(value, prehashed=prehashed)
            except ValueError as fault:
                faults.append(f"the field {name!r} {fault}")
                continue
            if found is not None and found not in values.setdefault(rule.called, []):
                values[rule.called].append(found)
    return Person({name: found for name, found in values.items() if found}, tuple(faults))


def sha256(text: str) -> str:
    """The SHA-256 of a text in UTF-8, in lower-case hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def e164(value: str) -> str:
    """A telephone number that is a valid one in the form of ITU-T E.164, as it is.

    Raises ValueError for any other; a number without its country is not made up.
    """
    import phonenumbers

    try:
        if _E164.fullmatch(value) and phonenumbers.is_valid_number(phonenumbers.parse(value)):
            return value
    except phonenumbers.NumberParseException:
        pass
    raise ValueError("is no valid telephone number in the form E.164: +, country, number")


def without_plus(value: str) -> str:
    """The digits of a number in the form E.164."""
    return value.removeprefix("+")


def without_spaces(value: str) -> str:
    """Without any white space."""
    return "".join(value.split())


def without_punctuation(value: str) -> str:
    """Without punctuation and symbols; letters of any script and spaces stay."""
    kept = (mark for mark in value if unicodedata.category(mark)[0] not in "PS")
    return "".join(kept).strip()


def letters(value: str) -> str:
    """The letters only."""
    return "".join(mark for mark in value if mark.isalpha())


def short_zip(value: str) -> str:
    """Of a ZIP+4 of the United States the first five digits."""
    return re.sub(r"^([0-9]{5})-?[0-9]{4}$", r"\1", value)


def fold_gmail(value: str) -> str:
    """Of an address at Gmail the part that counts there: no dots, nothing from a plus sign on."""
    local, at, domain = value.rpartition("@")
    if domain not in _GMAIL:
        return value
    return local.partition("+")[0].replace(".", "") + at + domain


def _texts(fragment: str | None) -> list[str]:
    if fragment is not None and fragment.startswith("["):
        found = [plain(json.dumps(value, ensure_ascii=False)) for value in json.loads(fragment)]
        return [value for value in found if value is not None]
    value = plain(fragment)
    return [] if value is None else [value]


_HASHES_OF_NOTHING = frozenset({"", "0" * 64, sha256("")})
_NAME_STEPS = (str.strip, str.lower, without_punctuation)
_PLACE_STEPS = (str.lower, letters)

# https://developers.facebook.com/documentation/ads-commerce/marketing-api/audiences/guides/custom-audiences
META: Mapping[str, Rule] = {
    "email": Rule("EMAIL", form=_ADDRESS),
    "phone": Rule("PHONE", (e164, without_plus)),
    "external_id": Rule("EXTERN_ID", (str.strip,), is_hashed=False),
    "madid": Rule("MADID", form=_UUID, is_hashed=False),
    "first_name": Rule("FN", _NAME_STEPS),
    "last_name": Rule("LN", _NAME_STEPS),
    "gender": Rule("GEN", form=r"[mf]"),
    "birth_year": Rule("DOBY", form=r"(19|20)[0-9]{2}"),
    "birth_month": Rule("DOBM", form=r"0[1-9]|1[0-2]"),
    "birth_day": Rule("DOBD", form=r"0[1-9]|[12][0-9]|3[01]"),
    "city": Rule("CT", _PLACE_STEPS),
    "state": Rule("ST", _PLACE_STEPS),
    "zip": Rule("ZIP", (str.lower, without_spaces, short_zip)),
    "country": Rule("COUNTRY", form=r"[a-z]{2}"),
}
# https://developers.google.com/data-manager/api/devguides/concepts/formatting
GOOGLE: Mapping[str, Rule] = {
    "email": Rule("emailAddress", (without_spaces, str.lower, fold_gmail), _ADDRESS),
    "phone": Rule("phoneNumber", (e164,)),
    "first_name": Rule("givenName"),
    "last_name": Rule("familyName"),
    "country": Rule("regionCode", (str.strip, str.upper), r"[A-Z]{2}", is_hashed=False),
    "zip": Rule("postalCode", (str.strip,), is_hashed=False),
}
TIKTOK: Mapping[str, Rule] = {
    "email": Rule("EMAIL_SHA256", form=_ADDRESS),
    "phone": Rule("PHONE_SHA256", (e164,)),
}
# https://learn.microsoft.com/en-us/linkedin/marketing/matched-audiences/create-and-manage-segment-users
LINKEDIN: Mapping[str, Rule] = {
    "email": Rule("SHA256_EMAIL", form=_ADDRESS),
    "google_aid": Rule("GOOGLE_AID", form=_UUID, is_hashed=False),
    "first_name": Rule("firstName", (str.strip,), is_hashed=False),
    "last_name": Rule("lastName", (str.strip,), is_hashed=False),
    "title": Rule("title", (str.strip,), is_hashed=False),
    "company": Rule("company", (str.strip,), is_hashed=False),
    "country": Rule("country", (str.strip, str.upper), r"[A-Z]{2}", is_hashed=False),
}
# https://developers.snap.com/api/marketing-api/Ads-API/customer-lists
SNAPCHAT: Mapping[str, Rule] = {
    "email": Rule("EMAIL_SHA256", form=_ADDRESS),
    "phone": Rule("PHONE_SHA256", (e164, without_plus)),
    "madid": Rule("MOBILE_AD_ID_SHA256", form=_UUID),
}
