"""Objects in a store that fsspec reaches: written aside here, then put there whole."""

import tempfile
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path, PurePath
from typing import Any

from reverse_etl.destinations.files import STORES, Files
from reverse_etl.destinations.kit.file_base import FileFault
from warehouse.crash_points import crash_point
from warehouse.errors import ConfigurationError


class StoreTransport:
    """A folder of a store. Credentials come from the environment, in the way of each package."""

    def __init__(self, destination: Files, project: Path) -> None:
        del project
        self._folder = destination.folder.rstrip("/")
        scheme = self._folder.partition("://")[0]
        try:
            found = import_module("fsspec.core").url_to_fs(self._folder)
        except ImportError:
            raise ConfigurationError(
                f"A folder in {scheme}:// needs a package that is not installed; "
                f"run: pip install 'weft[{STORES[scheme]}]'."
            ) from None
        self._store: Any = found[0]
        self._root: str = found[1]

    def write(self, path: PurePath, parts: Iterable[bytes]) -> str:
        """Put an object; its address. Raises FileFault.

        It is complete before the first byte leaves: a store never shows a part of it, and nothing
        is left there when reading the rows fails.
        """
        address = f"{self._folder}/{path}"
        with tempfile.NamedTemporaryFile(prefix="weft-", suffix=".part") as aside:
            for part in parts:
                aside.write(part)
            aside.flush()
            crash_point("before_rename")
            try:
                self._store.put_file(aside.name, f"{self._root}/{path}")
            except Exception as error:
                said = f"The object {address} cannot be written: {_cause(error)}."
                raise FileFault(type(error).__name__, said) from None
        crash_point("after_rename")
        return address


def _cause(error: Exception) -> str:
    """One line of an error; its class where the text may repeat an address with its secret."""
    text = str(error).splitlines()[0].rstrip(".") if str(error) else ""
    return text if text and "://" not in text else type(error).__name__
