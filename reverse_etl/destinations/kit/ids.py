"""Ids in the forms that vendors want them, made of what a row has: the same at every try."""

import hashlib
from uuid import UUID

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MOMENT_BITS, _CHANCE_BITS = 48, 80


def make_ulid(milliseconds: int, seed: str) -> str:
    """A ULID of a moment (since 1970) and a seed (https://github.com/ulid/spec)."""
    chance = int.from_bytes(_digest(seed)[: _CHANCE_BITS // 8])
    number = milliseconds % 2**_MOMENT_BITS << _CHANCE_BITS | chance
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def make_uuid(seed: str) -> str:
    """A UUID of a seed, in the form of version 4 (RFC 9562)."""
    return str(UUID(bytes=_digest(seed)[:16], version=4))


def _digest(seed: str) -> bytes:
    return hashlib.sha256(seed.encode()).digest()
