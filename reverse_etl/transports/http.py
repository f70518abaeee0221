"""Requests over HTTP. A fault says whether the destination may have seen the request."""

import asyncio
import logging
from functools import lru_cache
from types import TracebackType
from typing import Self
from urllib.request import getproxies, proxy_bypass

import httpx

from reverse_etl.destinations.kit.http_base import HttpDestination
from reverse_etl.destinations.kit.messages import HttpRequest, HttpResponse
from reverse_etl.transports.connection import Connection, Headers
from reverse_etl.transports.faults import InDoubt, NotSent, TransportFault, Unsendable, said
from reverse_etl.transports.network import open_streams
from reverse_etl.transports.proxied import ProxiedTransport

__all__ = ["HttpTransport", "InDoubt", "NotSent", "TransportFault", "Unsendable"]

_DEADLINE_TIMEOUTS = 3
_LONGEST_IDLE_SECONDS = 5.0
_OWN_HEADERS = ((b"User-Agent", b"weft"), (b"Accept", b"*/*"))

_Origin = tuple[bytes, bytes, int | None]


class HttpTransport:
    """Connections to one destination; redirects are not followed.

    Requests are written with h11, the protocol that httpx stands on, without httpx around it: its
    client costs ten times what the request does. Where the environment names a proxy, httpx has
    the way through it.
    """

    def __init__(self, destination: HttpDestination) -> None:
        self._timeout = destination.timeout
        self._private = destination.allows_private_addresses
        self._idle: dict[_Origin, list[Connection]] = {}
        self._proxied = ProxiedTransport(destination)

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request and read its whole response.

        Raises NotSent, InDoubt or Unsendable.
        """
        url = _parse(request.url)
        if needs_proxy(url.scheme, url.host):
            return await self._proxied.send(request)
        headers = _headers(request, url)
        try:
            # The timeout starts again with every byte; a trickle must end, too.
            async with asyncio.timeout(self._timeout * _DEADLINE_TIMEOUTS):
                return _decoded(await self._send(request, url, headers))
        except TimeoutError as error:
            raise InDoubt("Deadline", said(error)) from None

    async def _send(self, request: HttpRequest, url: httpx.URL, headers: Headers) -> HttpResponse:
        idle = self._idle.setdefault((url.raw_scheme, url.raw_host, url.port), [])
        connection = None
        while idle and connection is None:
            candidate = idle.pop()
            if candidate.is_usable(_LONGEST_IDLE_SECONDS):
                connection = candidate
            else:
                candidate.close()
        if connection is None:
            connection = Connection(await open_streams(url, self._timeout, private=self._private))
        try:
            response = await connection.exchange(
                request.method.encode(), url.raw_path, headers, request.body, self._timeout
            )
        except BaseException:
            connection.close()
            raise
        if connection.is_usable(_LONGEST_IDLE_SECONDS):
            idle.append(connection)
        else:
            connection.close()
        return response

    async def __aenter__(self) -> Self:
        # httpx logs every address, which may be a secret.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()
        await self._proxied.close()


@lru_cache(maxsize=64)
def _parse(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        # The address itself may be a secret.
        raise Unsendable("InvalidURL", "the address is not one of http or https")
    return url


def _headers(request: HttpRequest, url: httpx.URL) -> Headers:
    try:
        given = [
            (name.encode("ascii"), value.encode("ascii")) for name, value in request.headers.items()
        ]
    except UnicodeEncodeError:
        raise Unsendable("InvalidHeader", "a header holds a special character") from None
    return [
        (b"Host", url.netloc),
        *_OWN_HEADERS,
        *given,
        (b"Content-Length", b"%d" % len(request.body)),
    ]


@lru_cache(maxsize=64)
def needs_proxy(scheme: str, host: str) -> bool:
    """Whether the environment names a proxy on the way to a host."""
    return scheme in getproxies() and not proxy_bypass(host)


def _decoded(response: HttpResponse) -> HttpResponse:
    """The body without its content encoding; as it came where it does not hold to that."""
    if "content-encoding" not in response.headers:
        return response
    try:
        body = httpx.Response(
            response.status, headers=response.headers, content=response.body
        ).content
    except httpx.DecodingError:
        return response
    return HttpResponse(response.status, response.headers, body)
