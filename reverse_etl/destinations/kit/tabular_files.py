"""Files with a row per line or record, wherever they lie: formats, names, compression."""

import re
import zlib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import PurePath, PurePosixPath
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from reverse_etl.destinations.kit.encoders import CsvEncoder, JsonLinesEncoder, ParquetEncoder
from reverse_etl.destinations.kit.file_base import Encoder, FileDestination
from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.destinations.kit.rows import Row

_PLACE = re.compile(r"\{([^{}]*)\}")
_PLACES = ("sync", "run_id", "date")
_GZIP = 16 + zlib.MAX_WBITS


class TabularFiles(FileDestination):
    """A file of changes per run, or one that always holds every row."""

    format: Literal["csv", "jsonl", "parquet"] = "csv"
    contents: Literal["changes", "snapshot"] = "changes"
    compression: Literal["none", "gzip"] = "none"
    name: str | None = Field(
        default=None,
        description="the file's name without its ending, of {sync}, {run_id} and {date}; slashes "
        "make folders",
    )
    manifest: bool = False

    @field_validator("name")
    @classmethod
    def _is_template(cls, name: str | None) -> str | None:
        if name is None:
            return name
        for place in _PLACE.findall(name):
            if place not in _PLACES:
                raise ValueError(f"there is no place {{{place}}}; known: {', '.join(_PLACES)}")
        if name.startswith("/") or ".." in name.split("/") or not name.strip("/"):
            raise ValueError("it must be a name inside the folder")
        return name

    @model_validator(mode="after")
    def _keeps_every_change(self) -> Self:
        if self.contents == "changes" and self.name is not None and "{run_id}" not in self.name:
            raise ValueError("name needs {run_id}, or a run would replace the changes of another")
        if self.format == "parquet" and self.compression != "none":
            raise ValueError("a parquet file is compressed inside already")
        return self

    @property
    def holds_snapshot(self) -> bool:
        """As the setting ``contents`` says."""
        return self.contents == "snapshot"

    @property
    def has_manifest(self) -> bool:
        """As the setting says."""
        return self.manifest

    def path(self, sync: str, run_id: str, day: date) -> PurePath:
        """As ``name`` says: ``{sync}/{run_id}``, of a snapshot ``{sync}``, unless it is set."""
        template = self.name or ("{sync}" if self.holds_snapshot else "{sync}/{run_id}")
        values = {"sync": file_name(sync), "run_id": file_name(run_id), "date": day.isoformat()}
        named = _PLACE.sub(lambda place: values[place[1]], template)
        ending = ".gz" if self.compression == "gzip" else ""
        return PurePosixPath(f"{named}.{self.format}{ending}")

    def check(self, purpose: Purpose) -> None:
        """Raise ValueError when a field has the name of one of the file's own columns."""
        super().check(purpose)
        own = ("key",) if self.holds_snapshot else ("operation", "key")
        if self.format != "jsonl":
            for name in own:
                if name in purpose.fields:
                    raise ValueError(f"the file has a column {name!r} of its own")

    def encoder(self, types: Mapping[str, str]) -> Encoder:
        """What turns rows into the bytes of the file."""
        operation = not self.holds_snapshot
        encoder: Encoder
        if self.format == "csv":
            encoder = CsvEncoder(tuple(types), operation=operation)
        elif self.format == "jsonl":
            encoder = JsonLinesEncoder(operation=operation)
        else:
            encoder = ParquetEncoder(types, operation=operation)
        return GzipEncoder(encoder) if self.compression == "gzip" else encoder


class GzipEncoder(Encoder):
    """What another encoder makes, compressed; the same rows make the same bytes."""

    def __init__(self, inner: Encoder) -> None:
        self._inner = inner
        self._compress = zlib.compressobj(wbits=_GZIP)

    def begin(self) -> bytes:
        """The beginning, compressed."""
        return self._compress.compress(self._inner.begin())

    def encode(self, rows: Sequence[Row]) -> bytes:
        """What is ready, compressed."""
        return self._compress.compress(self._inner.encode(rows))

    def end(self) -> bytes:
        """The rest."""
        return self._compress.compress(self._inner.end()) + self._compress.flush()


def file_name(name: str) -> str:
    """A name that is a single safe part of a path, whatever characters the given one holds."""
    return re.sub(r"[^A-Za-z0-9._=@+:-]", "_", name).lstrip(".") or "_"
