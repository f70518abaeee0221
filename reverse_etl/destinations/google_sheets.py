"""google_sheets: rows into a sheet of a Google spreadsheet, found by the column that holds the key.

The first row of the sheet names its columns; those that are missing are added. The column of the
key is read before anything is written. Values are written raw: a text that begins with ``=`` stays
a text. Cells of other columns stay as they are.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr

from reverse_etl.destinations.kit.api_base import ApiDestination
from reverse_etl.destinations.kit.google_access import TOKEN_ADDRESS, GoogleAccess
from reverse_etl.destinations.kit.http_base import Limits
from reverse_etl.destinations.kit.messages import (
    Conversation,
    Exchange,
    HttpRequest,
    HttpResponse,
    Unexpected,
)
from reverse_etl.destinations.kit.purpose import Mode
from reverse_etl.destinations.kit.replies import accepted, is_success, outcome_of
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.destinations.sheet import Sheet, cell, column_name
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.reading import refused
from reverse_etl.values import fragments, plain

_SCOPE = "https://www.googleapis.com/auth/spreadsheets"
_LONGEST_CELL = 50_000


class GoogleSheets(GoogleAccess, ApiDestination):
    """Rows of a sheet in a Google spreadsheet."""

    limits: ClassVar[Limits] = Limits(500, 2_000_000, 1, 1, verified_on="2026-11-22")
    modes: ClassVar[frozenset[Mode]] = frozenset({"upsert", "update", "mirror", "audience"})
    takes_fields_with: ClassVar[frozenset[str]] = frozenset({"people", "members"})
    account_settings: ClassVar[tuple[str, ...]] = ("spreadsheet_id", "sheet")

    type: Literal["google_sheets"]
    spreadsheet_id: str = Field(description="the id in the spreadsheet's address")
    sheet: str = Field(description="the name of the sheet, as its tab has it")

    def address(self) -> str:
        """Google's only one."""
        return "https://sheets.googleapis.com"

    def credentials(self, session: Mapping[str, SecretStr]) -> Mapping[str, str]:
        """The token for an hour."""
        token = session.get("token")
        return {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}

    def authorize(self) -> Conversation[Mapping[str, SecretStr]]:
        """A token for an hour."""
        return self.access_token(_SCOPE, self.base_url or TOKEN_ADDRESS)

    def refusals(self, batch: Batch) -> Mapping[int, str]:
        """Rows with a value that no cell holds."""
        refused = dict(super().refusals(batch))
        for place, row in enumerate(batch.rows):
            if len(row.payload) > _LONGEST_CELL:
                for name, value in fragments(row.payload).items():
                    if len(plain(value) or "") > _LONGEST_CELL:
                        refused[place] = f"{name!r} has more than {_LONGEST_CELL:,} characters"
        return refused

    def exchange(self, batch: Batch) -> Exchange:
        """Read the names of the columns and the keys, then write to rows that are there, or new."""
        name = self.identifier(batch.purpose)
        response = yield self._read(batch, "1:1", "ROWS")
        sheet = Sheet(_line(response))
        if name in sheet.columns:
            column = column_name(sheet.columns[name])
            response = yield self._read(batch, f"{column}:{column}", "COLUMNS")
            sheet.read_keys([plain(json.dumps(value)) for value in _line(response)])
        outcomes = [self._without_place(row, batch, sheet) for row in batch.rows]
        left = [place for place, outcome in enumerate(outcomes) if outcome is None]
        cells = {place: self._cells(batch.rows[place], batch) for place in left}
        if batch.removes:
            # What is to be emptied needs no column that is not there.
            known = sheet.columns
            cells = {at: {n: v for n, v in one.items() if n in known} for at, one in cells.items()}
        there = [place for place in left if sheet.rows_of(batch.rows[place].key)]
        new = [place for place in left if place not in there]
        data = sheet.header(cells.values())
        for place in there:
            [number] = sheet.rows_of(batch.rows[place].key)
            data += sheet.ranges(number, cells[place])
        if data:
            response = yield self._write(batch, data)
            written = _written(response, "totalUpdatedRows")
            for place in there:
                outcomes[place] = written
            if written.kind is not OutcomeKind.SUCCEEDED:
                return [outcome or written for outcome in outcomes]
        if new:
            response = yield self._append(batch, [sheet.line(cells[place]) for place in new])
            written = _written(response, "updates")
            for place in new:
                outcomes[place] = written
        return [outcome or Outcome(OutcomeKind.UNKNOWN) for outcome in outcomes]

    def probe(self, session: Mapping[str, SecretStr]) -> HttpRequest:
        """The title of the spreadsheet."""
        path = f"{self._path}?fields=properties.title"
        return self.json_request("GET", path, None, session, reads=True)

    @property
    def _path(self) -> str:
        return f"/v4/spreadsheets/{quote(self.spreadsheet_id, safe='')}"

    def _range(self, cells: str) -> str:
        sheet = self.sheet.replace("'", "''")
        return f"'{sheet}'!{cells}"

    def _read(self, batch: Batch, cells: str, dimension: str) -> HttpRequest:
        query = f"majorDimension={dimension}&valueRenderOption=UNFORMATTED_VALUE"
        path = f"{self._path}/values/{quote(self._range(cells), safe='')}?{query}"
        return self.json_request("GET", path, None, batch.session, reads=True)

    def _write(self, batch: Batch, data: Sequence[tuple[str, str]]) -> HttpRequest:
        ranges = ",".join(
            f'{{"range":{json.dumps(self._range(cells), ensure_ascii=False)},"values":[{values}]}}'
            for cells, values in data
        )
        body = f'{{"valueInputOption":"RAW","data":[{ranges}]}}'
        return self.json_request("POST", f"{self._path}/values:batchUpdate", body, batch.session)

    def _append(self, batch: Batch, lines: Sequence[str]) -> HttpRequest:
        table = quote(self._range("A1"), safe="")
        query = "valueInputOption=RAW&insertDataOption=INSERT_ROWS"
        path = f"{self._path}/values/{table}:append?{query}"
        return self.json_request("POST", path, f'{{"values":[{",".join(lines)}]}}', batch.session)

    def _cells(self, row: Row, batch: Batch) -> dict[str, str]:
        """What is to stand in a row, by column, as JSON text."""
        purpose = batch.purpose
        if purpose.kind == "members":
            fields = {} if batch.removes else fragments(row.payload)
            cells = {**fields, purpose.list_title: "false" if batch.removes else "true"}
        else:
            cells = fragments(row.payload)
            if batch.removes:
                return dict.fromkeys([self.identifier(purpose), *cells], '""')
        return {self.identifier(purpose): row.key_json, **{n: cell(v) for n, v in cells.items()}}

    def _without_place(self, row: Row, batch: Batch, sheet: Sheet) -> Outcome | None:
        """What becomes of a row that is not written; None for one that is."""
        rows = sheet.rows_of(row.key)
        if len(rows) > 1:
            return Outcome(OutcomeKind.REJECTED, message=f"{len(rows)} rows have this key")
        if rows or not (batch.removes or batch.purpose.mode == "update"):
            return None
        if batch.removes:
            return Outcome(OutcomeKind.SUCCEEDED)
        return Outcome(OutcomeKind.REJECTED, message="no row has this key")


def _line(response: HttpResponse) -> list[Any]:
    """The one row or column of a range; empty where nothing stands there."""
    said = accepted(response)
    lines = said.get("values", []) if isinstance(said, dict) else None
    if not isinstance(lines, list) or not all(isinstance(line, list) for line in lines):
        raise Unexpected(response)
    return lines[0] if lines else []


def _written(response: HttpResponse, holds: str) -> Outcome:
    """What an answer to a write means; a success reports what was updated."""
    if not is_success(response):
        return refused(response)
    said = accepted(response)
    if not isinstance(said, dict) or not said.get(holds):
        raise Unexpected(response)
    return outcome_of(response, OutcomeKind.SUCCEEDED)
