"""What a destination makes of a response, made safe: rows whose answer is unclear are unknown."""

from collections.abc import Sequence

from reverse_etl.destinations.kit.messages import (
    Exchange,
    HttpRequest,
    HttpResponse,
    Job,
    Unexpected,
)
from reverse_etl.outcomes import Outcome, OutcomeKind, kind_of_status

Step = HttpRequest | Job | Sequence[Outcome]
"""Where an exchange stands: the next request, a job, or one outcome per row."""

UNREADABLE = Outcome(
    OutcomeKind.UNKNOWN,
    code="unreadable_answer",
    message="the answer holds no result for this row",
)
_SHOWN_CHARACTERS = 300


def begin(exchange: Exchange) -> Step:
    """The first request of an exchange, or its result when it needs none."""
    try:
        return next(exchange)
    except StopIteration as ended:
        result: Sequence[Outcome] | Job = ended.value
        return result


def advance(exchange: Exchange, response: HttpResponse, rows: int) -> Step:
    """What follows a response.

    Should the destination's module not understand the answer (it raises, or gives another number
    of outcomes than rows), its rows may have been applied: they are ``unknown``.
    """
    try:
        return exchange.send(response)
    except StopIteration as ended:
        result: Sequence[Outcome] | Job | None = ended.value
        if isinstance(result, Job) or (result is not None and len(result) == rows):
            return result
    except Unexpected as unexpected:
        return [refused(unexpected.response)] * rows
    except Exception:
        pass
    return [UNREADABLE] * rows


def refused(response: HttpResponse) -> Outcome:
    """What a response that is no success says of the rows, by its status alone."""
    kind = kind_of_status(response.status)
    if kind is OutcomeKind.SUCCEEDED:
        return UNREADABLE
    return Outcome(
        kind,
        http_status=response.status,
        message=shown(response.body),
        request_id=response.headers.get("x-request-id"),
    )


def shown(body: bytes) -> str | None:
    """The beginning of an answer, on one line."""
    return " ".join(body.decode(errors="replace").split())[:_SHOWN_CHARACTERS] or None
