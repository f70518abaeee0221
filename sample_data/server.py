"""What the shop's servers send: orders from one written in Python, accounts from one in Node."""

from datetime import datetime, timedelta

from sample_data.days import zulu
from sample_data.diary import Call, Json

NETWORK = timedelta(milliseconds=15)


def envelope(call: Call) -> Json:
    """The line the collector wrote."""
    is_python = call.type == "track"
    write_time = _with_offset if is_python else zulu
    line: Json = {
        "messageId": call.message_id,
        "timestamp": write_time(call.occurred_at - NETWORK),
        "type": call.type,
        "userId": call.user_id,
        "anonymousId": call.anonymous_id,
        **_payload(call),
        "context": _context(call, is_python),
        "sentAt": write_time(call.received_at - NETWORK),
        "receivedAt": zulu(call.received_at),
    }
    return {key: value for key, value in line.items() if value is not None}


def _payload(call: Call) -> Json:
    match call.type:
        case "track":
            return {"event": call.name, "properties": call.body}
        case "group":
            return {"groupId": call.group_id, "traits": call.body}
        case _:
            return {"traits": call.body}


def _context(call: Call, is_python: bool) -> Json:
    library = (
        {"name": "analytics-python", "version": "2.3.3"}
        if is_python
        else {"name": "@segment/analytics-node", "version": "2.3.0"}
    )
    context: Json = {"library": library}
    if call.email is not None:
        context["traits"] = {"email": call.email}
    return context


def _with_offset(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds")
