"""Access to Google's APIs: a token for an hour, by a service account or a refresh token."""

import base64
import json
import time
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlencode

from pydantic import BaseModel, Field, SecretStr, model_validator

from reverse_etl.destinations.kit.messages import Conversation, HttpRequest, Unexpected
from reverse_etl.destinations.kit.replies import accepted
from warehouse.errors import ConfigurationError

TOKEN_ADDRESS = "https://oauth2.googleapis.com"
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFETIME_SECONDS = 3600
_OF_A_PERSON = ("client_id", "client_secret", "refresh_token")


class GoogleAccess(BaseModel):
    """Settings for one of the two ways, mixed into those of a destination."""

    service_account: SecretStr | None = Field(
        default=None, description="the key of a service account: the content of its JSON file"
    )
    client_id: str | None = Field(default=None, description="of an OAuth client, otherwise")
    client_secret: SecretStr | None = Field(default=None, description="of the OAuth client")
    refresh_token: SecretStr | None = Field(
        default=None, description="of the person who gave the OAuth client access"
    )

    @model_validator(mode="after")
    def _has_one_way(self) -> Self:
        given = [name for name in _OF_A_PERSON if getattr(self, name) is not None]
        if (self.service_account is None) == (not given) or len(given) not in (0, 3):
            raise ValueError(
                f"it needs either service_account, or all of {', '.join(_OF_A_PERSON)}"
            )
        return self

    def access_token(
        self, scope: str, address: str = TOKEN_ADDRESS
    ) -> Conversation[Mapping[str, SecretStr]]:
        """Ask for a token; it is the value ``token`` of the session.

        Raises ConfigurationError when the package for service accounts is not there.
        """
        form = self._form(scope)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        response = yield HttpRequest(
            "POST", f"{address}/token", headers, urlencode(form).encode(), reads=True
        )
        said = accepted(response)
        token = said.get("access_token") if isinstance(said, dict) else None
        if not isinstance(token, str):
            raise Unexpected(response)
        return {"token": SecretStr(token)}

    def _form(self, scope: str) -> Mapping[str, str]:
        if self.service_account is not None:
            key = _read_key(self.service_account)
            return {"grant_type": _JWT_GRANT, "assertion": _assertion(key, scope)}
        secrets = (self.client_secret, self.refresh_token)
        secret, refresh = (one.get_secret_value() if one else "" for one in secrets)
        return {
            "grant_type": "refresh_token",
            "client_id": self.client_id or "",
            "client_secret": secret,
            "refresh_token": refresh,
        }


def _read_key(service_account: SecretStr) -> Mapping[str, Any]:
    try:
        key = json.loads(service_account.get_secret_value())
        return {name: str(key[name]) for name in ("client_email", "private_key")}
    except (ValueError, TypeError, KeyError):
        raise ConfigurationError(
            "The setting service_account is no key of a service account; give it the whole "
            "content of the JSON file that Google made."
        ) from None


def _assertion(key: Mapping[str, str], scope: str) -> str:
    """A signed claim of the service account (RFC 7523)."""
    try:
        from cryptography.hazmat.primitives.asymmetric import padding, rsa
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        raise ConfigurationError(
            "A service account of Google needs a package that is not installed; "
            "run: pip install 'weft[google]'."
        ) from None
    now = int(time.time())
    claim = {
        "iss": key["client_email"],
        "scope": scope,
        "aud": f"{TOKEN_ADDRESS}/token",
        "iat": now,
        "exp": now + _LIFETIME_SECONDS,
    }
    parts = ({"alg": "RS256", "typ": "JWT"}, claim)
    text = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
    try:
        private = load_pem_private_key(key["private_key"].encode(), password=None)
    except ValueError:
        private = None
    if not isinstance(private, rsa.RSAPrivateKey):
        raise ConfigurationError("The private key in service_account is no RSA key in PEM.")
    signature = private.sign(text.encode(), padding.PKCS1v15(), SHA256())
    return f"{text}.{_encoded(signature)}"


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
