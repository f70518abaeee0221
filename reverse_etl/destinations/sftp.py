"""sftp: CSV, JSON lines or Parquet in a folder of an SFTP server.

A file is uploaded as ``name.part`` and renamed when it is complete. The host key of the server is
a setting: another server under the same name is not talked to.
"""

import base64
import binascii
from typing import ClassVar, Literal

from pydantic import Field, SecretStr, field_validator

from reverse_etl.destinations.kit.tabular_files import TabularFiles


class Sftp(TabularFiles):
    """A folder of an SFTP server that receives files."""

    account_settings: ClassVar[tuple[str, ...]] = ("host", "port", "username", "folder")

    type: Literal["sftp"]
    host: str
    port: int = Field(default=22, ge=1, le=65_535)
    username: str
    password: SecretStr | None = None
    private_key: SecretStr | None = Field(default=None, description="in the form of OpenSSH or PEM")
    passphrase: SecretStr | None = Field(default=None, description="of the private key")
    host_key: str = Field(
        description="the server's public key, such as `ssh-ed25519 AAAA…`; ssh-keyscan shows it"
    )
    folder: str = Field(default=".", description="on the server; it is made when it is not there")
    timeout: float = Field(default=60, gt=0)

    @field_validator("host_key")
    @classmethod
    def _is_key(cls, key: str) -> str:
        if "{{" not in key:
            try:
                kind, text = key.split()[:2]
                content = base64.b64decode(text, validate=True)
            except (ValueError, binascii.Error):
                kind, content = "", b""
            # A public key begins with the length and the text of its own type (RFC 4253, 6.6).
            if not kind or content[4 : 4 + len(kind)] != kind.encode():
                raise ValueError("it must be a public key such as ssh-ed25519 AAAA…")
        return key

    def account(self) -> str:
        """Server, user and folder."""
        return f"sftp://{self.username}@{self.host}:{self.port}/{self.folder}"

    @property
    def transport(self) -> str:
        """Its own."""
        return "reverse_etl.transports.sftp:SftpTransport"
