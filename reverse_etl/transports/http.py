"""Requests over HTTP. A fault says whether the destination may have seen the request."""

import asyncio
import logging
import ssl
from functools import cache
from types import TracebackType
from typing import Self

import httpx

from reverse_etl.destinations.base import HttpRequest, HttpResponse

_DEADLINE_TIMEOUTS = 3


class TransportFault(Exception):  # noqa: N818 - a state of the request, as in the ledger
    """A request got no response. ``code`` names the fault."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(f"{code}: {message}")


class NotSent(TransportFault):
    """The request never reached the destination."""


class InDoubt(TransportFault):
    """The request may have been applied."""


class Unsendable(TransportFault):
    """The request is not one that can be sent: an address or header is wrong."""


class HttpTransport:
    """A pool of connections; redirects are not followed."""

    def __init__(self, timeout: float, most_requests: int) -> None:
        # httpx logs every address, which may be a secret.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._timeout = timeout
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            verify=_trust(),
            timeout=httpx.Timeout(timeout),
            limits=httpx.Limits(
                max_connections=most_requests, max_keepalive_connections=most_requests
            ),
        )

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request and read its whole response.

        Raises NotSent, InDoubt or Unsendable.
        """
        try:
            # The timeout of httpx starts again with every byte; a trickle must end, too.
            async with asyncio.timeout(self._timeout * _DEADLINE_TIMEOUTS):
                response = await self._client.request(
                    request.method, request.url, headers=request.headers, content=request.body
                )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotSent(type(error).__name__, _said(error)) from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
            # What these say holds the address or the header itself.
            raise Unsendable(type(error).__name__, "the address or a header is not valid") from None
        except (httpx.HTTPError, TimeoutError) as error:
            raise InDoubt(type(error).__name__, _said(error)) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpResponse(response.status_code, headers, response.content)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._client.aclose()


@cache
def _trust() -> ssl.SSLContext:
    """The certificates to trust; reading them takes a tenth of a second."""
    return httpx.create_ssl_context()


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or "no answer in time"
