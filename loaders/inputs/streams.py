"""The bytes of a file on their way in: hashed as they are read, decompressed, copied."""

import hashlib
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa

from loaders.inputs.formats import is_compressed, is_gzip

if TYPE_CHECKING:
    from hashlib import _Hash

CHUNK_BYTES = 2 * 1024 * 1024
"""How much of a file is read at a time."""


class DamagedError(Exception):
    """A compressed file ends early or is corrupt."""


class HashingFile(RawIOBase):
    """A file whose checksum is taken as it is read.

    ``checksum`` and ``count`` are of all bytes read, ``line_checksum`` and ``line_count`` of those
    up to the last line end among them; the digest given has seen the bytes before.
    """

    def __init__(
        self,
        file: BinaryIO,
        on_bytes: Callable[[int], None] = lambda count: None,
        digest: "_Hash | None" = None,
    ) -> None:
        self._file = file
        self._on_bytes = on_bytes
        self._digest = digest.copy() if digest else hashlib.sha256()
        self._line_digest = self._digest.copy()
        self._ahead = b""
        self.count = 0
        self.line_count = 0

    @property
    def checksum(self) -> str:
        """SHA-256 in hexadecimal."""
        return self._digest.hexdigest()

    @property
    def line_checksum(self) -> str:
        """SHA-256 in hexadecimal."""
        return self._line_digest.hexdigest()

    def readable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most ``size`` of them; none at the end."""
        if self._ahead:
            end = len(self._ahead) if size < 0 else size
            chunk, self._ahead = self._ahead[:end], self._ahead[end:]
        else:
            chunk = self._file.read(size)
        end = chunk.rfind(b"\n") + 1
        self._digest.update(memoryview(chunk)[:end])
        if end:
            self._line_digest = self._digest.copy()
            self.line_count = self.count + end
        self._digest.update(memoryview(chunk)[end:])
        self.count += len(chunk)
        self._on_bytes(len(chunk))
        return chunk

    def peek(self, size: int) -> bytes:
        """The bytes that the next reads will give, at most ``size`` of them."""
        while len(self._ahead) < size and (chunk := self._file.read(size - len(self._ahead))):
            self._ahead += chunk
        return self._ahead[:size]

    def drain(self) -> None:
        """Read on to the end: what follows a fault still belongs to the checksum."""
        while self.read(CHUNK_BYTES):
            pass


def decompress(file: HashingFile) -> Iterator[bytes]:
    """The text of a file in chunks. Raises DamagedError after what could still be read."""
    start = file.peek(4)
    if is_gzip(start):
        yield from _decompress_gzip(file)
    elif is_compressed(start):
        yield from _decompress_zstd(file)
    else:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


@contextmanager
def local_copy(text: Iterator[bytes]) -> Iterator[tuple[Path, str | None]]:
    """A file with some text, only the user's to read, and what is wrong if the text is damaged."""
    fault = None
    descriptor, name = tempfile.mkstemp(prefix="weft-")
    try:
        with os.fdopen(descriptor, "wb") as copy:
            try:
                for chunk in text:
                    copy.write(chunk)
            except DamagedError as damage:
                fault = f"the file is damaged: {damage}"
        yield Path(name), fault
    finally:
        os.unlink(name)


def _decompress_gzip(file: HashingFile) -> Iterator[bytes]:
    decompressor = zlib.decompressobj(zlib.MAX_WBITS | 16)
    while chunk := file.read(CHUNK_BYTES // 8):
        while chunk:
            if decompressor.eof:
                chunk = chunk.lstrip(b"\0")  # padding that tape and block tools leave
                if not chunk:
                    break
                decompressor = zlib.decompressobj(zlib.MAX_WBITS | 16)
            before = decompressor.copy()
            try:
                text = decompressor.decompress(chunk)
            except zlib.error as error:
                yield from _salvage(before, chunk)
                raise DamagedError("the gzip data is corrupt") from error
            yield text
            chunk = decompressor.unused_data
    if not decompressor.eof:
        yield decompressor.flush()
        raise DamagedError("the gzip data ends early")


def _salvage(decompressor: "zlib._Decompress", chunk: bytes) -> Iterator[bytes]:
    """What a chunk gives up to its corrupt byte."""
    try:
        for position in range(len(chunk)):
            yield decompressor.decompress(chunk[position : position + 1])
    except zlib.error:
        return


def _decompress_zstd(file: HashingFile) -> Iterator[bytes]:
    with pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd") as stream:
        while True:
            try:
                chunk = stream.read(CHUNK_BYTES // 16)
            except OSError as error:
                raise DamagedError("the zstd data is corrupt or ends early") from error
            if not chunk:
                return
            yield chunk
