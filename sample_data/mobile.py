"""What the app sends, as an archive keeps it: all four timestamps, the clock already corrected."""

from sample_data.days import zulu
from sample_data.diary import Call, Json
from sample_data.personas import Device

_MAKERS = {"iPhone16,1": "Apple", "iPhone15,4": "Apple", "Pixel 9": "Google"}


def envelope(call: Call) -> Json:
    """The line of the archive. Original and sent times are the phone's own, right or wrong."""
    device = call.device
    assert device is not None
    client_error = device.clock_error - device.latency
    line: Json = {
        "type": call.type,
        **_payload(call),
        "messageId": call.message_id,
        "anonymousId": call.anonymous_id,
        "userId": call.user_id,
        "context": _context(call, device),
        "originalTimestamp": zulu(call.occurred_at + client_error),
        "sentAt": zulu(call.received_at + client_error),
        "receivedAt": zulu(call.received_at),
        "timestamp": zulu(call.occurred_at),
    }
    return {key: value for key, value in line.items() if value is not None}


def _payload(call: Call) -> Json:
    match call.type:
        case "track":
            return {"event": call.name, "properties": call.body}
        case "screen":
            return {"name": call.name, "category": call.category, "properties": {"tab": call.path}}
        case "alias":
            return {"previousId": call.previous_id}
        case _:
            return {"traits": call.body}


def _context(call: Call, device: Device) -> Json:
    library = "analytics-swift" if device.is_apple else "analytics-kotlin"
    return {
        "app": {"name": "Threadwork", "version": device.app_version, "build": "318"},
        "device": {
            "manufacturer": _MAKERS.get(device.model, "samsung"),
            "model": device.model,
            "type": "ios" if device.is_apple else "android",
        },
        "os": {
            "name": "iOS" if device.is_apple else "Android",
            "version": "18.6" if device.is_apple else "16",
        },
        "ip": device.ip,
        "library": {"name": library, "version": "1.9.1"},
        "locale": call.persona.culture.locale,
        "timezone": call.persona.culture.timezone,
        "network": {"cellular": False, "wifi": True},
    }
