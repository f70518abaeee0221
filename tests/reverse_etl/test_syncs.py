"""Configuration: what is read, and what a mistake says."""

from pathlib import Path
from typing import Any

import pytest

from reverse_etl.destinations import read_destinations
from reverse_etl.syncs import Guard, read_syncs, select_syncs
from tests.reverse_etl.house import SYNC, House, webhook
from warehouse.errors import ConfigurationError, UnknownNameError

URL = "https://example.com/hook"


def house_with(tmp_path: Path, destination: dict[str, Any] | None = None, **settings: Any) -> House:
    return House(tmp_path, destination=destination or webhook(URL), **settings)


def test_a_sync_is_read_from_its_exposure(tmp_path: Path) -> None:
    house = house_with(tmp_path, key=["email", "store"], fields="*", guard={"min_rows": 5})
    assert house.sync.settings.key == ("email", "store")
    assert house.sync.settings.fields == {"*": "*"}
    assert house.sync.settings.guard == Guard.model_validate({"min_rows": 5})
    assert house.sync.settings.guard.max_removed_percent == 20
    assert house.sync.model.name == "customers"
    assert house.sync.destination.description.targets == ("prod",)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"mode": "mirorr"}, r"exposures.yml:7: exposure.*mode is not valid"),
        ({"destination": "crn"}, r"no destination 'crn' in models/exposures.yml:6; .* 'crm'"),
        ({"kye": "email"}, r"no setting 'kye' in models/exposures.yml:\d+; .* 'key'"),
        ({"guard": {"max_rows": 3}}, r"no setting 'max_rows' in models/exposures.yml:13"),
        ({"guard": {"min_rows": -1}}, r"exposures.yml:13: .*min_rows is not valid"),
        ({"key": []}, r"key is not valid"),
        ({"fields": ["name"]}, r"fields is not valid"),
    ],
)
def test_a_mistake_in_a_sync_names_place_and_nearest_word(
    tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    house = house_with(tmp_path)
    house.settings.update(settings)
    house.write()
    with pytest.raises(ConfigurationError, match=said):
        read_syncs(house.project, house.manifest)


@pytest.mark.parametrize(
    ("destination", "said"),
    [
        (
            {"type": "webhok", "url": URL},
            r"no destination type 'webhok' in .*weft.yml:3; .*webhook",
        ),
        ({"url": URL}, r"weft.yml:2 lacks the setting destinations.crm.type"),
        ({"type": "webhook"}, r"weft.yml:2 lacks the setting destinations.crm.url"),
        ({"type": "webhook", "url": "crm"}, r"weft.yml:4: .*it must be an address"),
        ({"type": "webhook", "url": URL, "heders": {}}, r"no setting 'heders' .* 'headers'"),
        ({"type": "webhook", "url": URL, "timeout": 0}, r"weft.yml:5: .*timeout is not valid"),
        ({"type": "files", "folder": "out", "format": "xml"}, r"format is not valid"),
        ("webhook", r"must be a mapping of settings"),
    ],
)
def test_a_mistake_in_a_destination_names_place_and_nearest_word(
    tmp_path: Path, destination: Any, said: str
) -> None:
    house = house_with(tmp_path, destination=destination)
    with pytest.raises(ConfigurationError, match=said):
        read_destinations(house.project)


def test_a_sync_depends_on_exactly_one_model(tmp_path: Path) -> None:
    house = house_with(tmp_path)
    path = tmp_path / "target" / "manifest.json"
    text = path.read_text("utf-8")
    path.write_text(text.replace('["model.shop.customers"]', '["model.shop.a", "model.shop.b"]'))
    with pytest.raises(ConfigurationError, match=r"exposures.yml:\d+: .* exactly one model"):
        read_syncs(house.project, house.manifest)
    path.write_text(text.replace('["model.shop.customers"]', '["model.shop.custmers"]'))
    with pytest.raises(UnknownNameError, match=r"model 'custmers' in .*did you mean 'customers'"):
        read_syncs(house.project, house.manifest)


def test_selecting_syncs(tmp_path: Path) -> None:
    syncs = read_syncs(*(lambda house: (house.project, house.manifest))(house_with(tmp_path)))
    assert [sync.name for sync in select_syncs(syncs, [])] == [SYNC]
    assert [sync.name for sync in select_syncs(syncs, [SYNC, SYNC])] == [SYNC]
    with pytest.raises(UnknownNameError, match=f"did you mean '{SYNC}'"):
        select_syncs(syncs, ["customers_to_crn"])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://crm.io/a?x=1", "https://crm.io/a?x=2", True),
        ("https://me:secret@crm.io/a", "https://crm.io/a", True),
        ("https://crm.io/a", "https://crm.io/b", False),
        ("https://crm.io/a", "https://crm.io:8443/a", False),
    ],
)
def test_an_account_is_the_address_without_secrets(
    tmp_path: Path, one: str, other: str, same: bool
) -> None:
    accounts = []
    for url in (one, other):
        house = house_with(tmp_path, destination=webhook(url))
        accounts.append(read_destinations(house.project)["crm"].account())
    assert (accounts[0] == accounts[1]) is same
    assert not [account for account in accounts if "secret" in str(account)]
