"""The rules by which networks compare identities, against published hashes and their tables."""

import pytest

from reverse_etl.destinations.kit.hashing import (
    GOOGLE,
    LINKEDIN,
    META,
    SNAPCHAT,
    TIKTOK,
    Rule,
    read_person,
    sha256,
)

NETWORKS = {
    "meta": META,
    "google": GOOGLE,
    "tiktok": TIKTOK,
    "linkedin": LINKEDIN,
    "snapchat": SNAPCHAT,
}
# Published by peers, and computed anew.
VECTORS = {
    "test@abc.com": "d3142c8f9c9129484daf28df80cc5c955791efed5e69afabb603bc8cb9ffd419",
    "test": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "random@rudderstack.com": "52ac4b9ef8f745e007c19fac81ddb0a3f50b20029f6699ca1406225fc217f392",
}
HASH_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
EVERY_RULE = [
    pytest.param(rule, id=f"{network}-{name}")
    for network, rules in NETWORKS.items()
    for name, rule in rules.items()
]
ALIKE = [
    (META, "email", " Test@ABC.com ", "test@abc.com"),
    (META, "email", "John.Doe+x@gmail.com", "john.doe+x@gmail.com"),
    (META, "phone", "+12125550123", "12125550123"),
    (META, "phone", "+442071838750", "442071838750"),
    (META, "first_name", " Mary-Ann O'Neil. ", "maryann oneil"),
    (META, "last_name", "Müller", "müller"),
    (META, "gender", " F ", "f"),
    (META, "birth_year", "1990", "1990"),
    (META, "birth_month", "07", "07"),
    (META, "birth_day", "31", "31"),
    (META, "city", "New York", "newyork"),
    (META, "city", "St. Gallen", "stgallen"),
    (META, "state", " CA ", "ca"),
    (META, "zip", "94035-1234", "94035"),
    (META, "zip", "M1 1AE", "m11ae"),
    (META, "country", "US", "us"),
    (GOOGLE, "email", " Cloudy.SanFrancisco+shop@Gmail.com ", "cloudysanfrancisco@gmail.com"),
    (GOOGLE, "email", "a.b+c@googlemail.com", "ab@googlemail.com"),
    (GOOGLE, "email", "user.name+NYC@Example.com", "user.name+nyc@example.com"),
    (GOOGLE, "phone", "+12125550123", "+12125550123"),
    (GOOGLE, "first_name", " Ada ", "ada"),
    (GOOGLE, "last_name", "O'Brien", "o'brien"),
    (TIKTOK, "email", " Test@ABC.com ", "test@abc.com"),
    (TIKTOK, "email", "John.Doe+x@Gmail.com", "john.doe+x@gmail.com"),
    (TIKTOK, "phone", "+12125550123", "+12125550123"),
    (LINKEDIN, "email", " Test@ABC.com ", "test@abc.com"),
    (SNAPCHAT, "email", " Test@ABC.com ", "test@abc.com"),
    (SNAPCHAT, "phone", "+442071838750", "442071838750"),
    (
        SNAPCHAT,
        "madid",
        "4B61639E-47CC-4056-A16A-C8217E029462",
        "4b61639e-47cc-4056-a16a-c8217e029462",
    ),
]
AS_IT_IS = [
    (META, "external_id", " u-1 ", "u-1"),
    (
        META,
        "madid",
        "AECE52E7-03EE-455A-B3C4-E57283966239",
        "aece52e7-03ee-455a-b3c4-e57283966239",
    ),
    (GOOGLE, "country", "us", "US"),
    (GOOGLE, "zip", " 94035 ", "94035"),
    (LINKEDIN, "first_name", " Ada ", "Ada"),
    (LINKEDIN, "country", "us", "US"),
]
REFUSED = [
    ("phone", "0151 234 567"),
    ("phone", "09876543210"),
    ("phone", "+09876543210"),
    ("phone", "+1 (212) 555-0123"),
    ("phone", "12125550123"),
    ("phone", "0000000000"),
    ("phone", "+1212555012"),
    ("phone", "+10000000000"),
    ("phone", "anonymous"),
    ("email", "nobody"),
    ("email", "a b@example.com@x"),
    ("email", VECTORS["test"]),
]


@pytest.mark.parametrize(("text", "expected"), VECTORS.items())
def test_published_hashes(text: str, expected: str) -> None:
    assert sha256(text) == expected
    if "@" in text:
        assert {rules["email"].compared(text) for rules in NETWORKS.values()} == {expected}


@pytest.mark.parametrize(("rules", "name", "value", "alike"), ALIKE)
def test_a_value_is_made_alike_and_hashed(
    rules: dict[str, Rule], name: str, value: str, alike: str
) -> None:
    assert rules[name].compared(value) == sha256(alike)


@pytest.mark.parametrize(("rules", "name", "value", "expected"), AS_IT_IS)
def test_a_field_that_is_not_hashed(
    rules: dict[str, Rule], name: str, value: str, expected: str
) -> None:
    assert rules[name].compared(value) == expected


@pytest.mark.parametrize("rule", EVERY_RULE)
@pytest.mark.parametrize("nothing", ["", "  ", "\t\n", "\u00a0"])
def test_nothing_is_never_hashed(rule: Rule, nothing: str) -> None:
    assert rule.compared(nothing) is None


@pytest.mark.parametrize("rule", EVERY_RULE)
@pytest.mark.parametrize("zeros", ["0", "00000", "00000000-0000-0000-0000-000000000000", "+000"])
def test_zeros_are_never_hashed(rule: Rule, zeros: str) -> None:
    if rule.called.startswith(("PHONE", "phone")):
        with pytest.raises(ValueError, match="telephone"):
            rule.compared(zeros)
    else:
        assert rule.compared(zeros) is None


@pytest.mark.parametrize(("name", "value"), REFUSED)
@pytest.mark.parametrize("network", NETWORKS)
def test_what_is_no_number_or_address_is_refused(network: str, name: str, value: str) -> None:
    rules = NETWORKS[network]
    if name in rules:
        with pytest.raises(ValueError, match="is ") as caught:
            rules[name].compared(value)
        assert value not in str(caught.value)


def test_a_hash_that_is_declared_as_one_is_sent_as_it_is() -> None:
    rule = META["email"]
    assert rule.compared(VECTORS["test"], prehashed=True) == VECTORS["test"]
    assert META["external_id"].compared("u1", prehashed=True) == "u1"
    for nothing in ("", HASH_OF_NOTHING, "0" * 64):
        assert rule.compared(nothing, prehashed=True) is None
    for wrong in ("test@abc.com", VECTORS["test"].upper(), VECTORS["test"][:-1]):
        with pytest.raises(ValueError, match="no SHA-256 hash"):
            rule.compared(wrong, prehashed=True)


def test_a_person_of_several_values_and_faults() -> None:
    found = read_person(
        {"email": '["a@x.com","A@x.com",null,"b@x.com"]', "phone": '"12"', "zip": "null"},
        GOOGLE,
        prehashed=False,
    )
    assert found.values == {"emailAddress": [sha256("a@x.com"), sha256("b@x.com")]}
    [fault] = found.faults
    assert fault.startswith("the field 'phone' is no valid telephone number")
