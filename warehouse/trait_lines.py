"""Where in its YAML file a computed trait is defined: dbt knows the file, and not the line."""

import re
from pathlib import Path

from warehouse.documents import read_document
from warehouse.errors import ConfigurationError

_PLACE = re.compile(r"Trait (?P<trait>.+?) \((?P<file>[^()]+\.ya?ml)\)")


def with_lines(message: str, folder: Path) -> str:
    """A message of dbt about a trait, with the line of the definition behind the file's name.

    ``folder`` is that of the project. A message about anything else comes back as it is.
    """
    return _PLACE.sub(lambda match: _with_line(match, folder), message)


def _with_line(match: re.Match[str], folder: Path) -> str:
    try:
        document = read_document(folder / match["file"])
    except ConfigurationError:
        # A definition of a package: its file does not lie below the project's folder.
        return match[0]
    for location, line in document.lines.items():
        if location[-2:] == ("traits", match["trait"]):
            return f"Trait {match['trait']} ({match['file']}:{line})"
    return match[0]
