"""The requests that some rows take at Salesforce, one after another."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from reverse_etl.destinations.kit.api_base import ApiDestination
from reverse_etl.destinations.kit.messages import (
    Conversation,
    Exchange,
    HttpResponse,
    Job,
    Unexpected,
)
from reverse_etl.destinations.kit.places import objects_in
from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.destinations.kit.replies import accepted, alike, is_success
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.destinations.salesforce_bulk import ENDED, outcomes_of, read_results, to_csv
from reverse_etl.destinations.salesforce_records import (
    collection,
    found_ids,
    literal,
    outcomes_in_order,
    record,
    select,
)
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.values import fragments

PEOPLE = ("Contact", "Lead")
"""The objects that are people, and may be members of a campaign."""

_KEYS_PER_QUERY, _DELETED_AT_ONCE = 100, 200
_GONE = frozenset({"ENTITY_IS_DELETED"})
_MEMBER_ALREADY = frozenset({"DUPLICATE_VALUE"})
_REFUSED_AS_A_WHOLE = ("InvalidBatch", "ClientInputError")


def object_of(purpose: Purpose) -> str:
    """The API name of the object that the rows are."""
    return purpose.object or "Contact"


def is_field(list_id: str | None) -> bool:
    """Whether an audience is a checkbox, and no campaign."""
    return list_id is not None and list_id.endswith("__c")


@dataclass(frozen=True)
class Talk:
    """What is said about the rows of one batch. ``path`` is that of the version of the API."""

    api: ApiDestination
    path: str
    batch: Batch

    def find_campaign(self, name: str) -> Conversation[str]:
        """The id of a campaign by its name, made where there is none."""
        where = f"Name = {literal(json.dumps(name, ensure_ascii=False))}"
        found = yield from self._query(f"SELECT Id FROM Campaign WHERE {where} ORDER BY Id LIMIT 1")
        for item in objects_in(found, accepted(found), "records"):
            if isinstance(item.get("Id"), str):
                return str(item["Id"])
        body = json.dumps({"Name": name, "IsActive": True})
        made = yield from self._ask("POST", "/sobjects/Campaign", body)
        document = accepted(made)
        if not isinstance(document, dict) or not isinstance(document.get("id"), str):
            raise Unexpected(made)
        return str(document["id"])

    def send(self) -> Exchange:
        """Records by their external id, or by the id of Salesforce, or as members."""
        purpose, rows = self.batch.purpose, self.batch.rows
        kind, name = json.dumps(object_of(purpose)), self.api.identifier(purpose)
        if purpose.kind == "members" and is_field(self.batch.list_id):
            return (yield from self._set_checkbox("true"))
        if purpose.kind == "members":
            records = [self._member(row) for row in rows]
            return (yield from self.write("POST", "", records, _MEMBER_ALREADY))
        if purpose.mode == "update":
            return (yield from self._update([fragments(row.payload) for row in rows]))
        records = [record(kind, {name: row.key_json, **fragments(row.payload)}) for row in rows]
        if purpose.mode == "create":
            return (yield from self.write("POST", "", records))
        path = f"/{quote(object_of(purpose), safe='')}/{quote(name, safe='')}"
        return (yield from self.write("PATCH", path, records))

    def remove(self) -> Exchange:
        """Records go to the recycle bin, members off their campaign; who is not there has gone."""
        purpose = self.batch.purpose
        if purpose.kind != "members":
            ids = yield from self._ids(object_of(purpose), self.api.identifier(purpose))
        elif is_field(self.batch.list_id):
            return (yield from self._set_checkbox("false", OutcomeKind.SUCCEEDED))
        else:
            campaign = literal(json.dumps(self.batch.list_id))
            also = f"CampaignId = {campaign} AND "
            ids = yield from self._ids("CampaignMember", self._path_of_member(), also)
        outcomes = {row.position: Outcome(OutcomeKind.SUCCEEDED) for row in self.batch.rows}
        there = [row for row in self.batch.rows if row.key.lower() in ids]
        for start in range(0, len(there), _DELETED_AT_ONCE):
            some = there[start : start + _DELETED_AT_ONCE]
            listed = ",".join(quote(ids[row.key.lower()], safe="") for row in some)
            path = f"/composite/sobjects?ids={listed}&allOrNone=false"
            response = yield from self._ask("DELETE", path, None)
            found = outcomes_in_order(response, len(some), _GONE)
            outcomes.update(
                {row.position: outcome for row, outcome in zip(some, found, strict=True)}
            )
        return [outcomes[row.position] for row in self.batch.rows]

    def write(
        self, method: str, path: str, records: Sequence[str], done: frozenset[str] = frozenset()
    ) -> Exchange:
        """One collection; Salesforce answers in its order."""
        response = yield from self._ask(method, f"/composite/sobjects{path}", collection(records))
        return outcomes_in_order(response, len(records), done)

    def start_job(self) -> Exchange:
        """A job of Bulk API 2.0: made, filled with CSV, and let go."""
        name = self.api.identifier(self.batch.purpose)
        job = {"object": object_of(self.batch.purpose), "operation": "upsert"}
        job |= {"externalIdFieldName": name, "contentType": "CSV"}
        job |= {"lineEnding": "LF", "columnDelimiter": "COMMA"}
        made = yield from self._ask("POST", "/jobs/ingest", json.dumps(job))
        document = accepted(made)
        if not isinstance(document, dict) or not isinstance(document.get("id"), str):
            raise Unexpected(made)
        path = f"/jobs/ingest/{quote(document['id'], safe='')}"
        request = self.api.json_request("PUT", f"{self.path}{path}/batches", "", self.batch.session)
        headers = {**request.headers, "Content-Type": "text/csv"}
        filled = yield replace(
            request, headers=headers, body=to_csv(self.batch.rows, name).encode()
        )
        if not is_success(filled):
            raise Unexpected(filled)
        accepted((yield from self._ask("PATCH", path, '{"state":"UploadComplete"}')))
        return Job(document["id"])

    def ask_job(self, job: Job) -> Exchange:
        """The job while it goes on; then what its result files say."""
        path = f"/jobs/ingest/{quote(job.job_id, safe='')}"
        state = yield from self._ask("GET", path, None)
        document = accepted(state)
        found = document if isinstance(document, dict) else {}
        if found.get("state") not in ENDED:
            return job
        said = str(found.get("errorMessage") or "")
        if found["state"] == "Failed" and said.startswith(_REFUSED_AS_A_WHOLE):
            return alike(state, self.batch, OutcomeKind.REJECTED, said, "job_failed")
        name = self.api.identifier(self.batch.purpose)
        files = ["successfulResults", "failedResults"]
        if found["state"] != "JobComplete":
            files.append("unprocessedrecords")
        results = []
        for file in files:
            results.append(
                read_results((yield from self._ask("GET", f"{path}/{file}", None)), name)
            )
        return outcomes_of(self.batch.rows, *results)

    def _set_checkbox(self, value: str, otherwise: OutcomeKind = OutcomeKind.REJECTED) -> Exchange:
        values = {str(self.batch.list_id): value}
        return (yield from self._update([values] * len(self.batch.rows), otherwise))

    def _update(
        self,
        values: Sequence[Mapping[str, str]],
        otherwise: OutcomeKind = OutcomeKind.REJECTED,
    ) -> Exchange:
        """Records that are there, by their ids; ``otherwise`` is what the others come to."""
        kind, rows = object_of(self.batch.purpose), self.batch.rows
        ids = yield from self._ids(kind, self.api.identifier(self.batch.purpose))
        missing = Outcome(otherwise, code="not_found", message=f"no {kind} has this key")
        there = [place for place, row in enumerate(rows) if row.key.lower() in ids]
        records = [
            record(
                json.dumps(kind), {"id": json.dumps(ids[rows[place].key.lower()]), **values[place]}
            )
            for place in there
        ]
        written: Sequence[Outcome] | Job = []
        if records:
            written = yield from self.write("PATCH", "", records)
        assert isinstance(written, Sequence)
        outcomes = dict(zip(there, written, strict=True))
        return [outcomes.get(place, missing) for place in range(len(rows))]

    def _ids(self, kind: str, name: str, also: str = "") -> Conversation[dict[str, str]]:
        """The ids of Salesforce by the keys of the rows, in lower case."""
        rows, found = self.batch.rows, dict[str, str]()
        if name == "Id":
            return {row.key.lower(): row.key for row in rows}
        for start in range(0, len(rows), _KEYS_PER_QUERY):
            soql = select(kind, name, rows[start : start + _KEYS_PER_QUERY], also)
            found |= found_ids((yield from self._query(soql)), name)
        return found

    def _member(self, row: Row) -> str:
        campaign = json.dumps(self.batch.list_id)
        members = {"CampaignId": campaign, self._path_of_member(): row.key_json}
        return record('"CampaignMember"', members)

    def _path_of_member(self) -> str:
        """The key of a contact or lead, as a field of its membership."""
        kind, name = object_of(self.batch.purpose), self.api.identifier(self.batch.purpose)
        return f"{kind}Id" if name == "Id" else f"{kind}.{name}"

    def _query(self, soql: str) -> Conversation[HttpResponse]:
        return (yield from self._ask("GET", f"/query?q={quote(soql, safe='')}", None))

    def _ask(self, method: str, path: str, body: str | None) -> Conversation[HttpResponse]:
        request = self.api.json_request(
            method, f"{self.path}{path}", body, self.batch.session, reads=method == "GET"
        )
        return (yield request)
