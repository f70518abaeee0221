"""Opens connections, kept away from the own network unless a destination may lie there."""

import asyncio
import ipaddress
import socket
import ssl
from functools import cache

import httpx

from reverse_etl.transports.faults import NotSent, Unsendable, said

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def open_streams(url: httpx.URL, timeout: float, *, private: bool) -> Streams:
    """A connection to the host of an address, with TLS when its scheme is https.

    Unless ``private``, only public addresses are connected to. The name is resolved here, and the
    connection goes to the address that was looked at: a name that resolves otherwise the next
    time gains nothing.

    Raises NotSent, or Unsendable for an address that is not public.
    """
    port = url.port or {"http": 80, "https": 443}[url.scheme]
    try:
        async with asyncio.timeout(timeout):
            addresses = [url.host] if private else await _public_addresses(url.host, port)
            return await _first_that_opens(addresses, port, url)
    except TimeoutError as error:
        raise NotSent("ConnectTimeout", said(error)) from None
    except OSError as error:
        raise NotSent("ConnectError", said(error)) from None


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return parsed.is_global and not parsed.is_multicast


async def _public_addresses(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [address[0] for *_, address in found]
    for address in addresses:
        if not is_public(address):
            raise Unsendable(
                "PrivateAddress",
                f"its address {address} is not a public one; to let it through, set "
                "allow_private_addresses: true",
            )
    return addresses


async def _first_that_opens(addresses: list[str], port: int, url: httpx.URL) -> Streams:
    secure = url.scheme == "https"
    failed: OSError = OSError("the name has no address")
    for address in addresses:
        try:
            return await asyncio.open_connection(
                address,
                port,
                ssl=trust() if secure else None,
                server_hostname=url.host if secure else None,
            )
        except OSError as error:
            failed = error
    raise failed


@cache
def trust() -> ssl.SSLContext:
    """The certificates to trust; reading them takes a tenth of a second."""
    return httpx.create_ssl_context()
