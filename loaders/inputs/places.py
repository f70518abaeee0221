"""Places that files of events lie in: folders, and the stores that fsspec reaches."""

import glob
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast
from urllib.parse import urlsplit, urlunsplit

from warehouse.errors import ConfigurationError, WeftError

_PACKAGES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "http": "aiohttp",
    "https": "aiohttp",
}
# What stores call the version of an object, best first; the rest needs the size beside it.
_TAGS = ("ETag", "etag", "content_md5", "Content-MD5", "Digest", "md5Hash", "crc32c")
_TIMES = ("LastModified", "last_modified", "Last-Modified", "updated", "mtime", "created")
_GONE = (404, 410)
_BLOCK_BYTES = 8 * 1024 * 1024


class Place(Protocol):
    """Where one file lies."""

    @property
    def name(self) -> str:
        """What messages call it; holds no secret."""

    @property
    def path(self) -> Path | None:
        """Its path, if it is a local file."""

    @property
    def version(self) -> str | None:
        """What its store says changes with its content; null when only reading it can tell."""

    def open(self) -> BinaryIO:
        """The file's bytes, to be read once from the start.

        Raises WeftError when it cannot be opened.
        """


@dataclass(frozen=True)
class LocalPlace:
    """A file in a folder. Its content decides whether it has landed."""

    path: Path
    version: None = None

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.path)

    def open(self) -> BinaryIO:
        """The file, opened."""
        try:
            return self.path.open("rb")
        except OSError as error:
            raise WeftError(f"{self.path} cannot be read: {error.strerror}.") from None


@dataclass(frozen=True)
class RemotePlace:
    """An object of a store that fsspec reaches."""

    name: str
    store: Any
    key: str
    version: str | None
    path: None = None

    def open(self) -> BinaryIO:
        """The object as a stream."""
        try:
            return cast(BinaryIO, self.store.open(self.key, "rb", **_reading(self.store)))
        except Exception as error:
            raise WeftError(f"{self.name} cannot be read: {_cause(error)}.") from None


@dataclass(frozen=True)
class Found:
    """A file that a pattern matched; ``uri`` is what the ledger calls it, ``size`` in bytes."""

    uri: str
    size: int
    place: Place


def is_url(pattern: str) -> bool:
    """Whether a pattern names a store rather than a folder."""
    scheme = urlsplit(pattern.split("*", 1)[0]).scheme
    return "://" in pattern and len(scheme) > 1


def find_local(folder: Path, pattern: str) -> list[Found]:
    """The files that a pattern, relative to a folder or absolute, matches.

    A pattern that is the exact path of a file means that file.
    """
    literal = folder / pattern
    if literal.is_file():
        paths = [Path(os.path.abspath(literal))]
    else:
        names = glob.glob(str(Path(glob.escape(str(folder))) / pattern), recursive=True)
        # Not resolve(): a link keeps the name it was found by.
        paths = [path for path in map(Path, map(os.path.abspath, names)) if path.is_file()]
    return [Found(_uri(folder, path), path.stat().st_size, LocalPlace(path)) for path in paths]


def find_remote(pattern: str) -> list[Found]:
    """The objects that a URL matches; over HTTP, which lists nothing, the URL itself.

    Credentials come from the environment, in the way of each store's package. Raises
    ConfigurationError when that package is missing or the scheme is unknown, WeftError when the
    store cannot be reached.
    """
    scheme, public = urlsplit(pattern).scheme.lower(), public_url(pattern)
    try:
        store, key = import_module("fsspec.core").url_to_fs(pattern)
    except ImportError:
        package = _PACKAGES.get(scheme, "fsspec")
        raise ConfigurationError(
            f"{public} needs the package {package}: install it beside weft (pip install {package})."
        ) from None
    except ValueError:
        raise ConfigurationError(
            f"{public} has the unknown scheme {scheme}://; check the URL, or install the fsspec "
            "package that serves it."
        ) from None
    try:
        return _list(store, key, scheme, public)
    except Exception as error:
        # fsspec's HTTP says of every failure that there is no file; the cause says which it is.
        cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
        is_missing = cause is error or getattr(cause, "status", None) in _GONE
        if isinstance(error, FileNotFoundError) and is_missing:
            return []
        raise WeftError(f"{public} cannot be listed: {_cause(cause)}.") from None


def public_url(url: str) -> str:
    """A URL without user, query and fragment: a signed URL carries its secret there."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _list(store: Any, key: str, scheme: str, public: str) -> list[Found]:
    if scheme in ("http", "https"):
        return [_found(store, key, public, store.info(key))]
    store.invalidate_cache()
    matches: Mapping[str, Mapping[str, Any]] = store.glob(key, detail=True)
    return [
        _found(store, name, f"{scheme}://{name.lstrip('/')}", info)
        for name, info in matches.items()
        if info.get("type") == "file"
    ]


def _found(store: Any, key: str, uri: str, info: Mapping[str, Any]) -> Found:
    size = int(info.get("size") or 0)
    return Found(uri, size, RemotePlace(uri, store, key, _version(info, size)))


def _version(info: Mapping[str, Any], size: int) -> str | None:
    for names in (_TAGS, _TIMES):
        given = next((info[name] for name in names if info.get(name)), None)
        if given is not None:
            return hashlib.sha256(f"{given}\n{size}".encode()).hexdigest()
    return None


def _reading(store: Any) -> dict[str, Any]:
    """Options of a store's open for one pass from start to end."""
    protocols = (store.protocol,) if isinstance(store.protocol, str) else store.protocol
    if "http" in protocols:
        return {"block_size": 0}  # a plain stream: a server need not know ranges
    if "memory" in protocols:
        return {}
    return {"block_size": _BLOCK_BYTES, "cache_type": "readahead"}


def _cause(error: Exception) -> str:
    """One line of an error. Its class where the text may repeat a URL with its secret."""
    if status := getattr(error, "status", None):
        return f"the server answers with HTTP status {status}"
    text = str(error).splitlines()[0].rstrip(".") if str(error) else ""
    return text if text and "://" not in text else type(error).__name__


def _uri(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()
