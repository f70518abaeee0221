"""files: CSV, JSON lines or Parquet in a folder, or in a store such as S3.

With ``contents: changes`` (the default) each run leaves a file of its own,
``<folder>/<sync>/<run id>.<format>``, with the rows it added, changed and removed; the first two
columns are operation and key. With ``contents: snapshot`` there is one file,
``<folder>/<sync>.<format>``, that always holds every row, by key; a run with changes replaces it.
``name`` gives other names. A folder such as ``s3://bucket/exports`` lies in a store, which shows an
object only when it is complete.

Values are byte-identical: a text that begins with ``=`` is not disarmed, since the file is for
programs; take care before opening it in a spreadsheet. JSON lines are
``{"operation": …, "key": …, "fields": {…}}``, in a snapshot without the operation.
"""

from datetime import date
from pathlib import PurePath
from typing import ClassVar, Literal

from pydantic import field_validator

from reverse_etl.destinations.kit.encoders import json_lines
from reverse_etl.destinations.kit.tabular_files import TabularFiles, file_name

__all__ = ["STORES", "Files", "file_name", "json_lines"]

STORES = {
    "s3": "s3",
    "gs": "gcs",
    "gcs": "gcs",
    "az": "azure",
    "abfs": "azure",
    "abfss": "azure",
    "memory": "",
}
"""The schemes of stores, and the extra of weft that reaches each."""


class Files(TabularFiles):
    """A folder in the project, an absolute one, or one in a store, that receives files."""

    account_settings: ClassVar[tuple[str, ...]] = ("folder",)

    type: Literal["files"]
    folder: str

    @field_validator("folder")
    @classmethod
    def _is_folder(cls, folder: str) -> str:
        scheme, marked, rest = folder.partition("://")
        if marked and "{{" not in folder and (scheme not in STORES or "@" in rest or "?" in rest):
            raise ValueError(
                f"a store is one of {', '.join(f'{name}://' for name in STORES)}, with its "
                "credentials in the environment"
            )
        return folder

    def account(self) -> str:
        """The folder as it is configured, the same on every machine."""
        return self.folder

    @property
    def transport(self) -> str:
        """A folder, or a store."""
        if "://" in self.folder:
            return "reverse_etl.transports.stores:StoreTransport"
        return super().transport

    def path(self, sync: str, run_id: str, day: date) -> PurePath:
        """The file in its folder; in a store without the folder."""
        named = super().path(sync, run_id, day)
        return named if "://" in self.folder else PurePath(self.folder, named)
