"""Why a request got no response, and whether the destination may have seen it."""


class TransportFault(Exception):  # noqa: N818 - a state of the request, as in the ledger
    """A request got no response. ``code`` names the fault."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(f"{code}: {message}")


class NotSent(TransportFault):
    """The request never reached the destination."""


class InDoubt(TransportFault):
    """The request may have been applied."""


class Unsendable(TransportFault):
    """The request is not one that can be sent: an address or header is wrong."""


def said(error: Exception) -> str:
    """What a library says about a fault, on one line."""
    return " ".join(str(error).split()) or "no answer in time"
