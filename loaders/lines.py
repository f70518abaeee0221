"""Files as lines of text: one pass per file, in Arrow batches, nothing in Python per line."""

import codecs
import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import RawIOBase
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from loaders.files import SourceFile
from warehouse.errors import WeftError

SCHEMA = pa.schema(
    [
        ("file", pa.int32()),
        ("line", pa.int64()),
        ("raw", pa.large_string()),
        ("fault", pa.string()),
    ]
)
"""A line: number of its file in the group, its own from 1, its text, and why it is none."""

_CHUNK_BYTES = 4 * 1024 * 1024
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"


@dataclass
class FileFigures:
    """What reading a file found: SHA-256 of its bytes, its bytes, and its lines but blank ones."""

    checksum: str = ""
    size: int = 0
    lines: int = 0


class LineReader:
    """Reads the lines of a group of files once.

    ``figures`` is complete, in the order of the files, when the stream has been read to its end.
    ``failure`` is set when a file could not be read: the stream ends in an error of Arrow, which
    does not carry the cause.
    """

    def __init__(
        self, files: Sequence[SourceFile], on_bytes: Callable[[int], None] = lambda count: None
    ) -> None:
        self.files = files
        self.figures = [FileFigures() for _ in files]
        self.failure: WeftError | None = None
        self._on_bytes = on_bytes

    def stream(self) -> pa.RecordBatchReader:
        """The lines of all files, in order."""
        return pa.RecordBatchReader.from_batches(SCHEMA, self._batches())

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for number, file in enumerate(self.files):
            try:
                yield from self._file_batches(number, file)
            except OSError as error:
                self.failure = WeftError(f"{file.path} cannot be read: {error.strerror or error}.")
                raise

    def _file_batches(self, number: int, file: SourceFile) -> Iterator[pa.RecordBatch]:
        figures = self.figures[number]
        line = 1
        with file.path.open("rb") as opened:
            hashing = _HashingFile(opened, self._on_bytes)
            for block, fault in _blocks(_decompress(hashing)):
                lines = _split(block) if fault is None else pa.array([block], pa.large_binary())
                batch = _batch(number, line, lines, fault)
                line += len(lines)
                figures.lines += batch.num_rows
                yield batch
            hashing.drain()
            figures.checksum, figures.size = hashing.checksum, hashing.count


class _HashingFile(RawIOBase):
    """A file whose checksum is taken as it is read."""

    def __init__(self, file: BinaryIO, on_bytes: Callable[[int], None]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._on_bytes = on_bytes
        self.count = 0

    @property
    def checksum(self) -> str:
        return self._digest.hexdigest()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._digest.update(chunk)
        self.count += len(chunk)
        self._on_bytes(len(chunk))
        return chunk

    def peek(self) -> bytes:
        start = self._file.read(len(_ZSTD))
        self._file.seek(0)
        return start

    def drain(self) -> None:
        """Read on to the end: what follows a fault still belongs to the checksum."""
        while self.read(_CHUNK_BYTES):
            pass


class _DamagedError(Exception):
    """A compressed file ends early or is corrupt."""


def _decompress(file: _HashingFile) -> Iterator[bytes]:
    """The text of a file in chunks. Raises _DamagedError after what could still be read."""
    start = file.peek()
    if start.startswith(_GZIP):
        yield from _decompress_gzip(file)
    elif start == _ZSTD:
        yield from _decompress_zstd(file)
    else:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _decompress_gzip(file: _HashingFile) -> Iterator[bytes]:
    decompressor = zlib.decompressobj(zlib.MAX_WBITS | 16)
    while chunk := file.read(_CHUNK_BYTES // 8):
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
                raise _DamagedError("the gzip data is corrupt") from error
            yield text
            chunk = decompressor.unused_data
    if not decompressor.eof:
        yield decompressor.flush()
        raise _DamagedError("the gzip data ends early")


def _salvage(decompressor: "zlib._Decompress", chunk: bytes) -> Iterator[bytes]:
    """What a chunk gives up to its corrupt byte."""
    try:
        for position in range(len(chunk)):
            yield decompressor.decompress(chunk[position : position + 1])
    except zlib.error:
        return


def _decompress_zstd(file: _HashingFile) -> Iterator[bytes]:
    with pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd") as stream:
        while True:
            try:
                chunk = stream.read(_CHUNK_BYTES // 16)
            except OSError as error:
                raise _DamagedError("the zstd data is corrupt or ends early") from error
            if not chunk:
                return
            yield chunk


def _blocks(chunks: Iterator[bytes]) -> Iterator[tuple[bytes, str | None]]:
    """Text cut at ends of lines, without a byte order mark; a damaged rest comes with its fault."""
    pending: list[bytes] = []
    first = True
    fault = None
    try:
        for chunk in chunks:
            end = chunk.rfind(b"\n")
            if end < 0:
                pending.append(chunk)
                continue
            block, tail = b"".join((*pending, memoryview(chunk)[:end])), chunk[end + 1 :]
            yield block.removeprefix(codecs.BOM_UTF8) if first else block, None
            first, pending = False, [tail]
    except _DamagedError as damage:
        fault = f"the file is damaged: {damage}"
    rest = b"".join(pending)
    if first:
        rest = rest.removeprefix(codecs.BOM_UTF8)
    if rest or fault:
        yield rest, fault


def _split(block: bytes) -> pa.Array:
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n").removesuffix(b"\r")
    offsets = pa.array([0, len(block)], pa.int64()).buffers()[1]
    whole = pa.Array.from_buffers(pa.large_binary(), 1, [None, offsets, pa.py_buffer(block)])
    return pc.split_pattern(whole, pattern="\n").values


def _batch(file: int, first_line: int, lines: pa.Array, fault: str | None) -> pa.RecordBatch:
    faults = pa.array([fault] * len(lines), pa.string()) if fault else None
    try:
        text = lines.cast(pa.large_string())
    except pa.ArrowInvalid:
        text, faults = _escape_invalid(lines, fault)
    numbers = pa.arange(first_line, first_line + len(lines))
    batch = pa.RecordBatch.from_arrays(
        [
            pa.repeat(pa.scalar(file, pa.int32()), len(lines)),
            numbers,
            text,
            pa.nulls(len(lines), pa.string()) if faults is None else faults,
        ],
        schema=SCHEMA,
    )
    if fault:
        return batch
    has_text = pc.match_substring_regex(text, r"\S")
    return batch if pc.all(has_text).as_py() else batch.filter(has_text)


def _escape_invalid(lines: pa.Array, fault: str | None) -> tuple[pa.Array, pa.Array]:
    """Lines of a block in which one at least is not UTF-8: the one case looked at line by line."""
    texts, faults = [], []
    for raw in lines.to_pylist():
        try:
            texts.append(raw.decode())
            faults.append(fault)
        except UnicodeDecodeError:
            texts.append(raw.decode(errors="backslashreplace"))
            faults.append(fault or "not valid UTF-8")
    return pa.array(texts, pa.large_string()), pa.array(faults, pa.string())
