"""How far a load is, as it is told to the command."""

from pathlib import Path

from loaders.files import SourceFile
from loaders.inputs.places import LocalPlace
from loaders.tally import Tally


class Listener:
    def __init__(self) -> None:
        self.told: list[tuple[int, int | None, int | None]] = []

    def update(
        self, task: str, done: int, total: int | None, unit: str, rows: int | None = None
    ) -> None:
        assert (task, unit) == ("load", "bytes")
        self.told.append((done, total, rows))


def _file(size: int, start: int = 0) -> SourceFile:
    return SourceFile("events/one.ndjson", size, LocalPlace(Path("one.ndjson")), start=start)


def test_the_last_bytes_are_told_with_all_rows() -> None:
    listener = Listener()
    tally = Tally(listener, {"web": [_file(60), _file(100, start=60)]})
    tally.add_bytes(60)
    tally.add_rows(6)
    tally.add_bytes(40)
    tally.add_rows(4)
    assert listener.told == [(60, 100, 0)]
    tally.finish()
    assert listener.told[-1] == (100, 100, 10)


def test_a_file_that_grows_while_it_is_read_is_told_to_its_end() -> None:
    listener = Listener()
    tally = Tally(listener, {"web": [_file(10)]})
    tally.add_bytes(15)
    tally.add_rows(2)
    tally.finish()
    assert listener.told == [(15, 15, 2)]


def test_of_nothing_nothing_is_told() -> None:
    listener = Listener()
    Tally(listener, {"web": []}).finish()
    assert listener.told == []
