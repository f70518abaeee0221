"""Tokens that do not last, from one that does (OAuth 2.0, RFC 6749 section 6)."""

from collections.abc import Mapping
from urllib.parse import urlencode

from pydantic import SecretStr

from reverse_etl.destinations.kit.messages import Conversation, HttpRequest, Unexpected
from reverse_etl.destinations.kit.replies import accepted

TOKEN = "token"
"""The name of the access token in a session."""


def refresh(
    url: str, client_id: str, client_secret: SecretStr, refresh_token: SecretStr
) -> Conversation[Mapping[str, SecretStr]]:
    """An access token; a refusal ends the sync before anything is sent."""
    form = {
        "grant_type": "refresh_token",
        "refresh_token": refresh_token.get_secret_value(),
        "client_id": client_id,
        "client_secret": client_secret.get_secret_value(),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    response = yield HttpRequest("POST", url, headers, urlencode(form).encode())
    document = accepted(response)
    token = document.get("access_token") if isinstance(document, dict) else None
    if not isinstance(token, str) or not token:
        raise Unexpected(response)
    return {TOKEN: SecretStr(token)}


def bearer(session: Mapping[str, SecretStr]) -> Mapping[str, str]:
    """The header of a session's token (RFC 6750)."""
    token = session.get(TOKEN)
    return {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
