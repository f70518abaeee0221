"""A project whose landed rows a test writes itself, many at once, and its identity."""

import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from cli.scaffold import write_project
from tests.dbt_project.forget import forget_rows
from tests.dbt_project.on_postgres import use_output
from tests.dbt_project.oracle import Answer, Identifier, Observation
from warehouse.dbt import DbtResult, build
from warehouse.dbt_package import STARTER_MODELS
from warehouse.engines import Table
from warehouse.project import Project, find_project
from warehouse.system_tables import migrate

MODELS = (
    *(
        "contacts",
        "model_identifiers",
        "identifiers",
        "identity_links",
        "identity_trees",
        "refused_links",
    ),
    *("profile_id_register", "profile_identifiers"),
)
TRACKS, LOADS, CONTACTS = Table("web", "tracks"), Table("weft", "loads"), Table("crm", "contacts")
COLUMNS = ("user_id", "email", "other_email", "phone", "device", "anonymous_id")
CONTACTS_MODEL = "select * from {{ api.Relation.create(schema='crm', identifier='contacts') }}\n"


@dataclass
class Call:
    """A landed call, or a row of the model `contacts` when it has no received_at."""

    id: str
    timestamp: datetime | None
    values: Mapping[str, str]
    received_at: datetime | None = None
    is_contact: bool = False

    @property
    def seen_at(self) -> datetime | None:
        """The earlier of both times."""
        times = [time for time in (self.timestamp, self.received_at) if time is not None]
        return min(times, default=None)


@dataclass
class IdentityWorld:
    """Lands calls, builds identity, and reads what came of it.

    ``output`` is that of a dbt profile, for another warehouse than a file of the project's own.
    """

    folder: Path
    rules: dict[str, Any]
    output: Mapping[str, Any] | None = None
    loads: int = field(default=0, init=False)
    runs: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        write_project(self.folder)
        if self.output is not None:
            use_output(self.folder, self.output)
        # The starter set has no part in identity, and every build would read and write it.
        for part in STARTER_MODELS:
            shutil.rmtree(self.folder / "models" / part)
        (self.folder / "models" / "contacts.sql").write_text(CONTACTS_MODEL)
        self.use(self.rules)
        with self.project.open() as warehouse:
            migrate(warehouse)
            warehouse.execute("create schema web; create schema crm")
            texts = ", ".join(f"{column} varchar" for column in COLUMNS)
            warehouse.execute(
                f"create table {TRACKS} (id varchar, event_text varchar, {texts},"
                ' "timestamp" timestamp, received_at timestamp, load_id bigint)'
            )
            warehouse.execute(
                f'create table {CONTACTS} (id varchar, {texts}, "timestamp" timestamp)'
            )

    def copy(self, folder: Path, output: Mapping[str, Any] | None = None) -> "IdentityWorld":
        """A world as this one is now; ``output`` is that of a copy of its warehouse."""
        shutil.copytree(self.folder, folder)
        other = object.__new__(IdentityWorld)
        other.folder, other.rules, other.output = folder, self.rules, output
        other.loads, other.runs = self.loads, self.runs
        if output is not None:
            use_output(folder, output)
        return other

    @property
    def project(self) -> Project:
        """The project."""
        return find_project(self.folder)

    def use(self, rules: dict[str, Any]) -> None:
        """Write other identity rules into the project."""
        self.rules = rules
        path = self.folder / "dbt_project.yml"
        values = yaml.safe_load(path.read_text("utf-8"))
        values["vars"] |= {"identity": rules, "trait_models": []}
        path.write_text(yaml.safe_dump(values, allow_unicode=True), "utf-8")

    def land(self, calls: Iterable[Call]) -> None:
        """Land calls as one load, and add what are contacts to theirs."""
        self.loads += 1
        rows: dict[bool, list[dict[str, Any]]] = defaultdict(list)
        for call in calls:
            own: dict[str, Any] = {} if call.is_contact else {"received_at": call.received_at}
            row = {"id": call.id, "timestamp": call.timestamp, **own, **call.values}
            rows[call.is_contact].append(
                row | ({} if call.is_contact else {"load_id": self.loads, "event_text": "Seen"})
            )
        line = {"load_id": self.loads, "source": "web", "format": "ndjson", "state": "landed"}
        with self.project.open() as warehouse:
            for is_contact, table in ((False, TRACKS), (True, CONTACTS)):
                if rows[is_contact]:
                    warehouse.insert(table, _arrow(rows[is_contact]))
            warehouse.insert(LOADS, pa.Table.from_pylist([line]))

    def build(self, *options: str, models: Sequence[str] = MODELS) -> DbtResult:
        """Build the models of identity, without their tests; they must succeed."""
        self.runs += 1
        result = build(
            self.project,
            as_of=date(2026, 9, 29),
            run_id=f"run {self.runs}",
            options=["--select", *models, "--exclude-resource-type", "test", *options],
        )
        assert not result.failures, result.failures
        return result

    def forget(self, reason: str) -> None:
        """Say that landed rows were deleted, as whoever deletes them has to."""
        forget_rows(self.folder, reason)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Rows of the warehouse."""
        with self.project.open() as warehouse:
            return warehouse.rows(sql)

    def profile_ids(self) -> dict[Identifier, str]:
        """The profile id of each identifier."""
        rows = self.rows("select * from analytics.profile_identifiers")
        return {
            (row["identifier_type"], row["identifier_value"]): row["profile_id"] for row in rows
        }

    def answer(self) -> Answer:
        """Who is who, as the project has it."""
        profiles = defaultdict(set)
        for identifier, profile_id in self.profile_ids().items():
            profiles[profile_id].add(identifier)
        refused = self.rows(
            """
            select
                a.identifier_type as a_type, a.identifier_value as a_value,
                b.identifier_type as b_type, b.identifier_value as b_value, reason
            from analytics.refused_links
            inner join analytics.identifiers as a on a.identifier_id = first_identifier_id
            inner join analytics.identifiers as b on b.identifier_id = second_identifier_id
            """
        )
        return Answer(
            {frozenset(one) for one in profiles.values()},
            {
                ((row["a_type"], row["a_value"]), (row["b_type"], row["b_value"]), row["reason"])
                for row in refused
            },
        )

    def last_builds(self) -> dict[str, dict[str, Any]]:
        """The line of each model's last build."""
        rows = self.rows("select * from analytics.identity_builds order by model_name, build")
        return {row["model_name"]: row for row in rows}

    def stamps(self) -> dict[str, list[dict[str, Any]]]:
        """Every stored row of the tables of identity, with the build that wrote it."""
        return {
            table: sorted(
                self.rows(f"select * from analytics.{table}"), key=lambda row: repr([*row.values()])
            )
            for table in MODELS[2:]
        }


def observed(calls: Iterable[Call], is_blocked: Mapping[str, Sequence[str]]) -> list[Observation]:
    """What calls say once values of blocked beginnings, per column, are left out."""
    found = []
    for call in calls:
        identifiers = {
            ("email" if column == "other_email" else column, value)
            for column, value in call.values.items()
            if value and not value.startswith(tuple(is_blocked.get(column, ())))
        }
        source = "model.contacts" if call.is_contact else "web"
        found.append(Observation(source, call.id, call.seen_at, frozenset(identifiers)))
    return found


def _arrow(rows: list[dict[str, Any]]) -> pa.Table:
    names = {name: None for row in rows for name in row}
    return pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows])
