"""What the shop's pages send: the browser library's shape, stamped by the collector."""

from sample_data.catalog import CAMPAIGNS
from sample_data.days import zulu
from sample_data.diary import Call, Json

SITE = "https://threadwork.example"

_AGENTS = {
    "chrome-windows": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
    "chrome-mac": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
    "safari-mac": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.6 Safari/605.1.15",
    "firefox-linux": "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0",
    "safari-ipad": "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
}


def envelope(call: Call) -> Json:
    """The line the collector wrote. Client times are the browser's own, right or wrong."""
    device = call.device
    assert device is not None
    client_error = device.clock_error - device.latency
    line: Json = {
        "timestamp": zulu(call.occurred_at + client_error),
        "integrations": {},
        "userId": call.user_id,
        "anonymousId": call.anonymous_id,
        "type": call.type,
        **_payload(call),
        "context": _context(call, device.model, device.ip),
        "messageId": call.message_id,
        "sentAt": zulu(call.received_at + client_error),
        "receivedAt": zulu(call.received_at),
    }
    return line


def _payload(call: Call) -> Json:
    match call.type:
        case "track":
            return {"event": call.name, "properties": call.body}
        case "page":
            named = {"name": call.name, "category": call.category}
            return {**named, "properties": {**named, **_page(call)}}
        case "group":
            return {"groupId": call.group_id, "traits": call.body}
        case "alias":
            return {"previousId": call.previous_id}
        case _:
            return {"traits": call.body}


def _page(call: Call) -> Json:
    return {
        "path": call.path,
        "referrer": "",
        "search": call.query,
        "title": "Threadwork",
        "url": f"{SITE}{call.path}{call.query}",
    }


def _context(call: Call, model: str, ip: str) -> Json:
    culture = call.persona.culture
    context: Json = {
        "ip": ip,
        "page": _page(call),
        "userAgent": _AGENTS[model],
        "locale": culture.locale,
        "timezone": culture.timezone,
        "library": {"name": "analytics.js", "version": "npm:next-1.84.3"},
    }
    if call.query:
        campaign = next(found for found in CAMPAIGNS if found.name in call.query)
        context["campaign"] = {
            "name": campaign.name,
            "source": campaign.source,
            "medium": campaign.medium,
        }
    return context
