"""Requests through the proxy that the environment names, by httpx."""

import asyncio

import httpx

from reverse_etl.destinations.kit.http_base import HttpDestination
from reverse_etl.destinations.kit.messages import HttpRequest, HttpResponse
from reverse_etl.transports.faults import InDoubt, NotSent, Unsendable, said
from reverse_etl.transports.network import is_public, trust

_DEADLINE_TIMEOUTS = 3


class ProxiedTransport:
    """As ``HttpTransport``; the client is opened when it is first needed."""

    def __init__(self, destination: HttpDestination) -> None:
        self._destination = destination
        self._client: httpx.AsyncClient | None = None

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request and read its whole response. Raises NotSent, InDoubt or Unsendable."""
        self._refuse_private(request)
        client, timeout = self._opened(), self._destination.timeout
        try:
            async with asyncio.timeout(timeout * _DEADLINE_TIMEOUTS):
                response = await client.request(
                    request.method, request.url, headers=request.headers, content=request.body
                )
        except (
            httpx.ConnectError,
            httpx.ConnectTimeout,
            httpx.PoolTimeout,
            httpx.ProxyError,
        ) as error:
            raise NotSent(type(error).__name__, said(error)) from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
            # What these say holds the address or the header itself.
            raise Unsendable(type(error).__name__, "the address or a header is not valid") from None
        except (httpx.HTTPError, TimeoutError) as error:
            raise InDoubt(type(error).__name__, said(error)) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpResponse(response.status_code, headers, response.content)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.aclose()

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            most = self._destination.most_requests
            self._client = httpx.AsyncClient(
                follow_redirects=False,
                verify=trust(),
                timeout=self._destination.timeout,
                limits=httpx.Limits(max_connections=most, max_keepalive_connections=most),
            )
        return self._client

    def _refuse_private(self, request: HttpRequest) -> None:
        """The proxy resolves names; only an address that stands there can be looked at."""
        try:
            private = not is_public(httpx.URL(request.url).host)
        except ValueError:
            return
        if private and not self._destination.allows_private_addresses:
            raise Unsendable(
                "PrivateAddress",
                "its address is not a public one; to let it through, set "
                "allow_private_addresses: true",
            )
