"""What every destination must do, whoever wrote it.

Give ``check_description`` and ``check_http`` a destination's settings: they raise AssertionError.
Nothing is sent: a destination is a description and pure functions.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_plus

from pydantic import SecretStr

from reverse_etl.destinations import destination_type
from reverse_etl.destinations.kit.base import ALL_MODES, Destination
from reverse_etl.destinations.kit.http_base import HttpDestination
from reverse_etl.destinations.kit.messages import HttpRequest, HttpResponse, Job, Unexpected
from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.destinations.kit.rows import Batch, Operation, Row
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.pages import compute_idempotency_key
from reverse_etl.reading import begin, refused
from reverse_etl.redact import secrets_of
from reverse_etl.values import fragments

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
MOST_REQUESTS = 50
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


def check_http(
    settings: dict[str, Any], fields: str | None = None, *, tells_only: bool = False
) -> None:
    """The exchanges of a destination over HTTP, for every kind of rows it takes.

    One that ``tells_only`` writes for people to read, and need not carry every value as it is.
    """
    destination = open_destination(settings)
    assert isinstance(destination, HttpDestination)
    for purpose, payload in _purposes(destination, fields):
        fitted = destination.for_purpose(purpose)
        most = min(fitted.most_rows, 1000)
        if payload is None and not tells_only:
            _check_values(fitted, purpose)
        for operation in _operations(destination, purpose):
            for count in sorted({1, min(2, most), most}):
                batch = _batch(purpose, make_rows(count, operation, payload))
                request = _first_request(fitted, batch)
                again = open_destination(settings)
                assert isinstance(again, HttpDestination)
                again = again.for_purpose(purpose)
                assert _first_request(again, batch) == request, "a retry must be the same"
                _check_request(fitted, request)
            _check_outcomes(fitted, _batch(purpose, make_rows(min(3, most), operation, payload)))


def _purposes(
    destination: HttpDestination, fields: str | None
) -> Iterator[tuple[Purpose, str | None]]:
    """A purpose for each kind of rows that a destination takes, and the payload of such rows."""
    modes = [mode for mode in ALL_MODES if mode in destination.modes]
    identifier = next(iter(getattr(destination, "identifiers", {})), "email")
    event = f'{{"event":"Order Completed","time":"2026-01-02T03:04:05Z","{identifier}":"a"}}'
    for mode in sorted(modes):
        plain = Purpose(
            "contract", mode, (identifier,), identifier, model="customers", require="fan"
        )
        for payload in (fields, event, "{}"):
            names = tuple(fragments(payload)) if payload else ("amount", "big", "name", "nothing")
            purpose = replace(plain, fields=names)
            try:
                destination.check(purpose)
            except ValueError:
                continue
            yield purpose, payload
            break
        else:
            raise AssertionError(f"no rows of mode {mode} pass its check")
    of_people = sorted(mode for mode in modes if mode in ("mirror", "upsert"))
    if destination.can_erase and of_people:
        yield Purpose("contract", of_people[0], (identifier,), identifier, erases=True), "{}"


def _operations(destination: HttpDestination, purpose: Purpose) -> Sequence[Operation]:
    if purpose.kind == "erasure":
        return ("remove",)
    if purpose.kind == "events":
        return ("add",)
    can_remove = destination.can_remove and purpose.mode in ("mirror", "audience")
    return ("add", "change", "remove") if can_remove else ("add", "change")


def _batch(purpose: Purpose, rows: Sequence[Row]) -> Batch:
    session = {name: SecretStr(f"session-{name}") for name in ("token", "instance_url")}
    return Batch(purpose, rows, "17" if purpose.kind == "members" else None, session)


def _first_request(destination: HttpDestination, batch: Batch) -> HttpRequest:
    step = begin(destination.exchange(batch))
    assert isinstance(step, HttpRequest)
    return step


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


def _check_values(destination: HttpDestination, purpose: Purpose) -> None:
    """Every value is in the body to the last digit and character; a look-up holds none."""
    for row in make_rows(8):
        request = _first_request(destination, _batch(purpose, [row]))
        if not request.reads:
            values, body = fragments(row.payload), request.body.decode()
            if "form" in request.headers.get("Content-Type", ""):
                body = unquote_plus(body)
            assert values["amount"] in body, "a number was rounded"
            assert values["big"] in body, "a large number was rounded"
            assert values["name"][1:-1] in body, "a text was changed"


def _check_outcomes(destination: HttpDestination, batch: Batch) -> None:
    """Whatever a server says: an outcome per row, and never a success it did not report."""
    for status in STATUSES:
        for body in BODIES:
            response = HttpResponse(status, {"content-type": "application/json"}, body)
            result, request = _result(destination, batch, response)
            if isinstance(result, Job):
                assert status < 300, f"{status} starts no job"
                assert result.job_id
                continue
            assert len(result) == len(batch.rows), f"{status} {body[:30]!r}"
            kinds = {outcome.kind for outcome in result}
            assert kinds <= set(ANSWERED)
            if status >= 300 and status not in request.expected:
                assert OutcomeKind.SUCCEEDED not in kinds, f"{status} is no success"
            if status in (408, 429, 500, 502, 503, 504):
                assert kinds <= {OutcomeKind.RETRY, OutcomeKind.UNKNOWN}, f"{status} passes"
            for outcome in result:
                assert outcome.message is None or len(outcome.message) <= 1000


def _result(
    destination: HttpDestination, batch: Batch, response: HttpResponse
) -> tuple[Sequence[Outcome] | Job, HttpRequest]:
    """What an exchange comes to when every request is answered alike, and its last request."""
    exchange = destination.exchange(batch)
    step = begin(exchange)
    for _ in range(MOST_REQUESTS):
        assert isinstance(step, HttpRequest)
        request = step
        try:
            step = exchange.send(response)
        except StopIteration as ended:
            return ended.value, request
        except Unexpected:
            return [refused(response)] * len(batch.rows), request
        except Exception as error:
            raise AssertionError(
                f"the exchange raises for {response.status} {response.body[:30]!r}: {error!r}"
            ) from error
    raise AssertionError("the exchange does not end")
