"""What the advertising networks have in common: members of audiences, known by hashes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from pydantic import Field

from reverse_etl.destinations.kit.api_base import ApiDestination
from reverse_etl.destinations.kit.hashing import Person, Rule, read_person
from reverse_etl.destinations.kit.messages import Exchange, HttpRequest, HttpResponse, Unexpected
from reverse_etl.destinations.kit.purpose import Mode, Purpose
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.reading import refused
from reverse_etl.values import fragments


class AdDestination(ApiDestination):
    """Audiences of a network.

    ``rules`` says what a key or field is called there and how it is made alike and hashed;
    ``beside`` names those that identify nobody without another, such as a city; ``settled`` are
    fields that are no identity. Whatever the key is called, it is sent where a rule has its name.

    Taking somebody off takes what was sent when they were put on, so a person is forgotten by
    being taken off the list of every sync.
    """

    modes: ClassVar[frozenset[Mode]] = frozenset({"audience"})
    takes_list: ClassVar[bool] = True
    takes_fields_with: ClassVar[frozenset[str]] = frozenset({"members", "erasure"})
    rules: ClassVar[Mapping[str, Rule]]
    beside: ClassVar[frozenset[str]] = frozenset()
    settled: ClassVar[frozenset[str]] = frozenset()
    takes_several: ClassVar[bool] = False

    prehashed: bool = Field(
        default=False,
        description="the columns hold SHA-256 hashes already: 64 hexadecimal digits in lower case, "
        "made by the network's own rules; anything else is refused",
    )

    def check(self, purpose: Purpose) -> None:
        """Also: only fields that the network compares, and one at least that says who it is."""
        super().check(purpose)
        taken = self.rules.keys() | self.settled
        for name in purpose.fields:
            if name not in taken:
                raise ValueError(f"it has no field {name!r}; it has {', '.join(sorted(taken))}")
        if not self.rule_names(purpose) - self.beside:
            telling = ", ".join(sorted(self.rules.keys() - self.beside))
            raise ValueError(f"the key or a field must say who it is: {telling}")

    def refusals(self, batch: Batch) -> Mapping[int, str]:
        """People with a value that the network would not find, or with none at all.

        Whom it takes off the list it has had before, so there the values that are good suffice.
        """
        reasons: dict[int, str] = {}
        telling = {rule.called for name, rule in self.rules.items() if name not in self.beside}
        for place, row in enumerate(batch.rows):
            person = self.person(row, batch)
            several = [name for name, values in person.values.items() if len(values) > 1]
            if person.faults and not batch.removes:
                reasons[place] = person.faults[0]
            elif several and not self.takes_several:
                reasons[place] = f"it holds several values of {several[0]}, and one can be sent"
            elif not telling & person.values.keys():
                reasons[place] = "nothing in it says who it is"
        return reasons

    def rule_names(self, purpose: Purpose) -> set[str]:
        """Which of the rules a sync makes use of."""
        return self.rules.keys() & {purpose.identifier, *purpose.fields}

    def person(self, row: Row, batch: Batch) -> Person:
        """What the network is told of a row."""
        found = fragments(row.payload) if row.payload else {}
        found.setdefault(batch.purpose.identifier, row.key_json)
        return read_person(found, self.rules, prehashed=self.prehashed)

    def table(self, batch: Batch) -> tuple[list[str], list[list[str]]]:
        """The rows of a request as columns: their names, and the cells, empty where nothing is.

        A row that is taken off may have fields that are not mapped any more.
        """
        names = {self.rules[name].called for name in self.rule_names(batch.purpose)}
        people = [self.person(row, batch).values for row in batch.rows]
        names |= {called for values in people for called in values}
        schema = [rule.called for rule in self.rules.values() if rule.called in names]
        return schema, [[self.cell(values, called) for called in schema] for values in people]

    def cell(self, row_values: Mapping[str, list[str]], called: str) -> str:
        """The value of one field, the empty text where there is none."""
        return next(iter(row_values.get(called, ())), "")


def in_halves(
    batch: Batch,
    ask: Callable[[Batch], HttpRequest],
    read: Callable[[HttpResponse, Batch], Sequence[Outcome]],
) -> Exchange:
    """Rows that are refused together are sent again in halves, until the bad ones are alone.

    Only where to be added or removed twice does no harm. While the network is busy nothing more
    is asked.
    """
    response = yield ask(batch)
    try:
        outcomes = read(response, batch)
    except Unexpected as unexpected:
        outcomes = [refused(unexpected.response)] * len(batch.rows)
    kinds = {outcome.kind for outcome in outcomes}
    if len(batch.rows) == 1 or kinds != {OutcomeKind.REJECTED}:
        return outcomes
    done: list[Outcome] = []
    middle = len(batch.rows) // 2
    for rows in (batch.rows[:middle], batch.rows[middle:]):
        part = yield from in_halves(replace(batch, rows=rows), ask, read)
        assert isinstance(part, Sequence), "no job comes of it"
        done += part
        waiting = next((one for one in part if one.kind is OutcomeKind.RETRY), None)
        if waiting:
            return done + [waiting] * (len(batch.rows) - len(done))
    return done
