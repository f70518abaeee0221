"""Files as texts of events: one pass per file, in Arrow batches, nothing in Python per line."""

import codecs
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from loaders.files import SourceFile
from loaders.inputs import tables, values
from loaders.inputs.formats import HEAD_BYTES, Format, is_compressed, is_unfinished, sniff
from loaders.inputs.streams import DamagedError, HashingFile, decompress, local_copy
from warehouse.errors import WeftError

SCHEMA = pa.schema(
    [
        ("file", pa.int32()),
        ("line", pa.int64()),
        ("raw", pa.large_string()),
        ("fault", pa.string()),
    ]
)
"""A line, value or row: number of its file in the group, its own from 1, its text, and why it is
none."""


@dataclass
class FileFigures:
    """What reading a file found, for the ledger.

    ``size`` are the file's bytes, ``bytes`` those read now, ``lines`` the lines, values or rows
    read, but for blank ones. ``checksum`` is SHA-256 of the bytes before ``byte_offset``, or what
    stands for the version that a store gave; the next load goes on there. Where ``waiting``, a
    line begins there that is not finished yet.
    """

    checksum: str = ""
    size: int = 0
    bytes: int = 0
    lines: int = 0
    byte_offset: int = 0
    format: Format = "ndjson"
    waiting: bool = False


class LineReader:
    """Reads the lines, values or rows of a group of files once.

    ``figures`` is complete, in the order of the files, when the stream has been read to its end.
    ``failure`` is set when a file could not be read: the stream ends in an error of Arrow, which
    does not carry the cause.
    """

    def __init__(
        self,
        files: Sequence[SourceFile],
        on_bytes: Callable[[int], None] = lambda count: None,
        on_rows: Callable[[int], None] = lambda count: None,
    ) -> None:
        self.files = files
        self.figures = [FileFigures() for _ in files]
        self.failure: WeftError | None = None
        self._on_bytes, self._on_rows = on_bytes, on_rows

    def stream(self) -> pa.RecordBatchReader:
        """The lines of all files, in order."""
        return pa.RecordBatchReader.from_batches(SCHEMA, self._batches())

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for number, file in enumerate(self.files):
            try:
                yield from self._file_batches(number, file)
            except Exception as error:
                self.failure = _failure(file, error)
                raise

    def _file_batches(self, number: int, file: SourceFile) -> Iterator[pa.RecordBatch]:
        figures = self.figures[number]
        with file.place.open() as opened:
            if file.start:
                opened.seek(file.start)
            hashing = HashingFile(opened, self._on_bytes, file.digest)
            is_plain = not is_compressed(hashing.peek(HEAD_BYTES))
            text = _Ahead(decompress(hashing))
            figures.format = "ndjson" if file.start else sniff(text.head, file.input)
            if figures.format == "ndjson":
                batches = _lines(number, file, text, figures, is_plain and file.path is not None)
            else:
                batches = _values(number, file, text, figures.format, is_plain)
            for batch in batches:
                figures.lines += batch.num_rows
                self._on_rows(batch.num_rows)
                yield batch
            hashing.drain()
        figures.bytes, figures.size = hashing.count, file.start + hashing.count
        figures.byte_offset, figures.checksum = figures.size, hashing.checksum
        if figures.waiting:
            figures.byte_offset = file.start + hashing.line_count
            figures.checksum = hashing.line_checksum
        figures.checksum = file.place.version or figures.checksum


def _failure(file: SourceFile, error: Exception) -> WeftError | None:
    """Why a file cannot be read. A store's own errors may repeat a secret: only their kind."""
    if isinstance(error, WeftError):
        return error
    if isinstance(error, OSError) or file.path is None:
        cause = getattr(error, "strerror", None) or type(error).__name__
        return WeftError(f"{file.place.name} cannot be read: {cause}.")
    return None


class _Ahead:
    """Chunks of text of which the first are looked at before they are read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._damage: DamagedError | None = None
        self.head = b""
        try:
            while len(self.head) < HEAD_BYTES and (chunk := next(chunks, b"")):
                self.head += chunk
        except DamagedError as damage:
            self._damage = damage

    def __iter__(self) -> Iterator[bytes]:
        if self.head:
            yield self.head
        if self._damage:
            raise self._damage
        yield from self._chunks


def _lines(
    number: int, file: SourceFile, text: _Ahead, figures: FileFigures, may_wait: bool
) -> Iterator[pa.RecordBatch]:
    line = file.first_line
    for block, is_rest, fault in _blocks(iter(text), file.start == 0):
        if is_rest and may_wait and fault is None and is_unfinished(block):
            figures.waiting = True
            return
        lines = _split(block) if fault is None else pa.array([block], pa.large_binary())
        batch = _batch(number, line, lines, fault)
        line += len(lines)
        yield batch


def _values(
    number: int, file: SourceFile, text: _Ahead, format: Format, is_plain: bool
) -> Iterator[pa.RecordBatch]:
    line, fault = 1, None
    with ExitStack() as stack:
        path = file.path
        if path is None or not is_plain:
            path, fault = stack.enter_context(local_copy(iter(text)))
        if format == "json":
            found = values.read(path, fault)
        else:
            found = tables.read(path, format, file.input, file.place.name, fault)
        for texts, reason in found:
            yield _record_batch(number, line, texts, _faults(len(texts), reason))
            line += len(texts)


def _blocks(chunks: Iterator[bytes], first: bool) -> Iterator[tuple[bytes, bool, str | None]]:
    """Text cut at ends of lines, whether it is the rest after the last one, and its fault.

    The ``first`` block of a file loses its byte order mark; a damaged rest comes with its fault.
    """
    pending: list[bytes] = []
    fault = None
    try:
        for chunk in chunks:
            end = chunk.rfind(b"\n")
            if end < 0:
                pending.append(chunk)
                continue
            block, tail = b"".join((*pending, memoryview(chunk)[:end])), chunk[end + 1 :]
            yield block.removeprefix(codecs.BOM_UTF8) if first else block, False, None
            first, pending = False, [tail]
    except DamagedError as damage:
        fault = f"the file is damaged: {damage}"
    rest = b"".join(pending)
    if first:
        rest = rest.removeprefix(codecs.BOM_UTF8)
    if rest or fault:
        yield rest, True, fault


def _split(block: bytes) -> pa.Array:
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n").removesuffix(b"\r")
    offsets = pa.array([0, len(block)], pa.int64()).buffers()[1]
    whole = pa.Array.from_buffers(pa.large_binary(), 1, [None, offsets, pa.py_buffer(block)])
    return pc.split_pattern(whole, pattern="\n").values


def _batch(file: int, first_line: int, lines: pa.Array, fault: str | None) -> pa.RecordBatch:
    faults = _faults(len(lines), fault)
    try:
        text = lines.cast(pa.large_string())
    except pa.ArrowInvalid:
        text, faults = _escape_invalid(lines, fault)
    batch = _record_batch(file, first_line, text, faults)
    # A pattern over every line costs; lines that begin as events do are not blank.
    if fault or pc.all(pc.starts_with(text, "{")).as_py():
        return batch
    has_text = pc.match_substring_regex(text, r"\S")
    return batch if pc.all(has_text).as_py() else batch.filter(has_text)


def _faults(count: int, fault: str | None) -> pa.Array:
    return pa.array([fault] * count, pa.string()) if fault else pa.nulls(count, pa.string())


def _record_batch(file: int, first_line: int, text: pa.Array, faults: pa.Array) -> pa.RecordBatch:
    files = pa.repeat(pa.scalar(file, pa.int32()), len(text))
    numbers = pa.arange(first_line, first_line + len(text))
    return pa.RecordBatch.from_arrays([files, numbers, text, faults], schema=SCHEMA)


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
