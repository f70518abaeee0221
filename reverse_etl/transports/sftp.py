"""Files on an SFTP server: uploaded under another name, then renamed."""

import base64
import io
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from reverse_etl.destinations.kit.file_base import FileFault
from reverse_etl.destinations.sftp import Sftp
from warehouse.crash_points import crash_point
from warehouse.errors import ConfigurationError


class SftpTransport:
    """A folder of a server whose host key is the pinned one. A connection for each file."""

    def __init__(self, destination: Sftp, project: Path) -> None:
        del project
        try:
            import paramiko
        except ImportError:
            raise ConfigurationError(
                "A destination of type sftp needs a client that is not installed; "
                "run: pip install 'weft[sftp]'."
            ) from None
        self._paramiko: Any = paramiko
        self._destination = destination

    def write(self, path: PurePath, parts: Iterable[bytes]) -> str:
        """Upload a file; its address. Raises FileFault."""
        place = PurePosixPath(self._destination.folder) / path
        address = f"{self._destination.account()}/{path}"
        faults = (OSError, EOFError, self._paramiko.SSHException)
        try:
            with self._connected() as client:
                _make_folder(client, place.parent)
                self._upload(client, place, parts)
        except faults as error:
            said = f"The file {address} cannot be written: {_said(error)}."
            raise FileFault(type(error).__name__, said) from None
        return address

    def _upload(self, client: Any, place: PurePosixPath, parts: Iterable[bytes]) -> None:
        aside = f"{place}.part"
        try:
            with client.open(aside, "wb") as file:
                file.set_pipelined(True)
                size = 0
                for part in parts:
                    file.write(part)
                    size += len(part)
            if client.stat(aside).st_size != size:
                raise OSError("the server holds another number of bytes than were sent")
            crash_point("before_rename")
            client.posix_rename(aside, str(place))
        except BaseException:
            with suppress(Exception):
                client.remove(aside)
            raise
        crash_point("after_rename")

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        destination, timeout = self._destination, self._destination.timeout
        kind, text = destination.host_key.split()[:2]
        pinned = self._paramiko.PKey.from_type_string(kind, base64.b64decode(text))
        address = (destination.host, destination.port)
        with socket.create_connection(address, timeout=timeout) as connection:
            transport = self._paramiko.Transport(connection)
            transport.banner_timeout = transport.auth_timeout = timeout
            try:
                # Otherwise a server with several keys may offer one that is not pinned.
                options = transport.get_security_options()
                options.key_types = tuple(
                    name
                    for name in options.key_types
                    if name == kind or (kind == "ssh-rsa" and name.startswith("rsa-sha2"))
                )
                password = destination.password.get_secret_value() if destination.password else None
                transport.connect(
                    hostkey=pinned,
                    username=destination.username,
                    password=password,
                    pkey=self._private_key(),
                )
                client = self._paramiko.SFTPClient.from_transport(transport)
                client.get_channel().settimeout(timeout)
                yield client
            finally:
                transport.close()

    def _private_key(self) -> Any:
        destination = self._destination
        if destination.private_key is None:
            return None
        phrase = destination.passphrase.get_secret_value() if destination.passphrase else None
        text = destination.private_key.get_secret_value()
        for name in ("Ed25519Key", "ECDSAKey", "RSAKey"):
            with suppress(self._paramiko.SSHException, ValueError):
                return getattr(self._paramiko, name).from_private_key(io.StringIO(text), phrase)
        raise ConfigurationError(
            "The setting private_key is no private key, or its passphrase is another; give it the "
            "content of the key's file."
        )


def _make_folder(client: Any, folder: PurePosixPath) -> None:
    for place in [*reversed(folder.parents), folder]:
        try:
            client.stat(str(place))
        except FileNotFoundError:
            client.mkdir(str(place))


def _said(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split()).rstrip(".")
