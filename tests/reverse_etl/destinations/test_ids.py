"""Ids that a vendor wants in its own form are the same at every try."""

from uuid import UUID

from reverse_etl.destinations.kit.ids import make_ulid, make_uuid


def test_a_ulid_begins_with_its_moment() -> None:
    # The example of the specification, https://github.com/ulid/spec.
    assert make_ulid(1469918176385, "a")[:10] == "01ARYZ6S41"


def test_a_ulid_is_that_of_its_moment_and_seed() -> None:
    assert make_ulid(1, "a") == make_ulid(1, "a")
    assert len({make_ulid(1, "a"), make_ulid(2, "a"), make_ulid(1, "b")}) == 3
    assert len(make_ulid(2**48 - 1, "a")) == 26
    assert make_ulid(2**48 - 1, "a")[0] == "7"


def test_later_ulids_sort_behind_earlier_ones() -> None:
    moments = [1, 31, 32, 1024, 1469918176385, 1469918176386]
    assert sorted(make_ulid(moment, str(moment)) for moment in moments) == [
        make_ulid(moment, str(moment)) for moment in moments
    ]


def test_a_uuid_is_that_of_its_seed() -> None:
    assert make_uuid("a") == make_uuid("a") != make_uuid("b")
    assert UUID(make_uuid("a")).version == 4
