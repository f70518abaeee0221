"""What every destination must do, whoever wrote it.

Give ``check_description`` and ``check_http`` a destination's settings: they raise AssertionError.
Nothing is sent: a destination is a description and pure functions.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from reverse_etl.destinations import destination_type
from reverse_etl.destinations.base import (
    Batch,
    Destination,
    HttpDestination,
    HttpRequest,
    HttpResponse,
    Job,
    Operation,
    Row,
)
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.pages import compute_idempotency_key
from reverse_etl.redact import secrets_of

STATUSES = (*range(200, 206), 207, 301, 307, *range(400, 432), 451, *range(500, 506), 599)
BODIES = (
    b"",
    b"{}",
    b"[]",
    b"null",
    b"3",
    b'"text"',
    b'{"results": null}',
    b'{"results": [null, 3, [], "x", {}]}',
    b'{"errors": [{"index": 99}]}',
    b"<html>504 Gateway Time-out</html>",
    b"\xff\xfe not text",
    b'{"results": [' * 50,
)
ANSWERED = (OutcomeKind.SUCCEEDED, OutcomeKind.REJECTED, OutcomeKind.RETRY, OutcomeKind.UNKNOWN)


def make_rows(count: int, operation: Operation = "add", fields: str | None = None) -> list[Row]:
    """Rows whose keys and values are hard to carry."""
    awkward = ["O'Brien", "🙂 é", 'a "quoted" one', "two\nlines", "[1]", "null", "0", " "]
    rows = []
    for position in range(1, count + 1):
        key = f"{awkward[position % len(awkward)]} {position}"
        payload = fields or (
            f'{{"amount":12345678901234567890.123456789,"big":{2**63},"name":'
            f'{json.dumps(key, ensure_ascii=False)},"nested":{{"a":[1,null]}},"nothing":null}}'
        )
        key_json = json.dumps(key, ensure_ascii=False)
        idempotency_key = compute_idempotency_key("contract", key, operation, "hash", 0)
        rows.append(Row(position, key, key_json, operation, payload, "hash", 0, idempotency_key))
    return rows


def open_destination(settings: dict[str, Any]) -> Destination:
    """The destination that these settings describe."""
    return destination_type(settings["type"]).model_validate(settings)


def check_description(settings: dict[str, Any]) -> None:
    """The settings and what they say of the account."""
    destination = open_destination(settings)
    assert destination.account() == open_destination(settings).account()
    for secret in secrets_of(destination, settings):
        if len(secret) >= 4:
            assert secret not in destination.account(), "the account shows a secret"
            assert secret not in repr(destination), "the settings show a secret"
    assert set(destination.account_settings) <= set(type(destination).model_fields)
    assert (destination.__doc__ or "").strip(), "its class says nothing about it"
    for name in ("type", "targets"):
        assert name in type(destination).model_fields
    assert destination.requests(0, 0) == 0
    assert destination.requests(1, 1) >= 1
    assert destination.least_seconds(10, 10) >= 0


def check_http(settings: dict[str, Any], fields: str | None = None) -> None:
    """The two functions of a destination over HTTP."""
    destination = open_destination(settings)
    assert isinstance(destination, HttpDestination)
    for operation in _operations(destination):
        for count in {1, 2, destination.most_rows}:
            rows = make_rows(count, operation, fields)
            request = destination.request(Batch("contract", rows))
            again = open_destination(settings)
            assert isinstance(again, HttpDestination)
            assert again.request(Batch("contract", rows)) == request, "a retry must be the same"
            _check_request(destination, request)
    _check_outcomes(destination, make_rows(3, fields=fields))


def _operations(destination: HttpDestination) -> Iterator[Operation]:
    yield "add"
    yield "change"
    if destination.can_remove:
        yield "remove"


def _check_request(destination: HttpDestination, request: HttpRequest) -> None:
    assert request.method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    assert request.url.startswith(("http://", "https://"))
    assert isinstance(request.body, bytes)
    for name, value in request.headers.items():
        assert name.isascii()
        assert value.isascii()
        assert value.isprintable()
    assert request.url not in repr(request)
    if "json" in request.headers.get("Content-Type", ""):
        json.loads(request.body)
    if destination.most_rows == 1 and destination.most_bytes:
        assert len(request.body) <= destination.most_bytes


def _check_outcomes(destination: HttpDestination, rows: Sequence[Row]) -> None:
    """Whatever a server says: an outcome per row, and never a success it did not report."""
    for status in STATUSES:
        for body in BODIES:
            response = HttpResponse(status, {"content-type": "application/json"}, body)
            result = _outcomes(destination, response, rows)
            if isinstance(result, Job):
                assert status < 300, f"{status} starts no job"
                assert result.job_id
                continue
            assert len(result) == len(rows), f"{status} {body[:30]!r}"
            kinds = {outcome.kind for outcome in result}
            assert kinds <= set(ANSWERED)
            if status >= 300:
                assert OutcomeKind.SUCCEEDED not in kinds, f"{status} is no success"
            if status in (408, 429, 500, 502, 503, 504):
                assert kinds <= {OutcomeKind.RETRY, OutcomeKind.UNKNOWN}, f"{status} passes"
            for outcome in result:
                assert outcome.message is None or len(outcome.message) <= 1000


def _outcomes(
    destination: HttpDestination, response: HttpResponse, rows: Sequence[Row]
) -> Sequence[Outcome] | Job:
    try:
        return destination.outcomes(response, rows)
    except Exception as error:
        raise AssertionError(
            f"outcomes() raises for {response.status} {response.body[:30]!r}: {error!r}"
        ) from error
