"""The client of a destination, by the name that its description gives."""

from abc import ABC, abstractmethod
from importlib import import_module
from types import TracebackType
from typing import Any, Self


def open_transport(name: str, *about: object) -> Any:
    """The client called ``module:class``, made of what it is to be about; it connects to nothing.

    Raises ConfigurationError where a package it needs is not installed.
    """
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)(*about)


class Closing(ABC):
    """A client that lets go of its connection when its context ends."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the connection."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
