"""Runs weft as a user does, in this process, where dbt need not be imported again each time."""

import contextlib
import io
from dataclasses import dataclass

from cli.main import run


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    exit_code: int
    output: str
    errors: str


def run_weft(*arguments: str, output: io.StringIO | None = None) -> Finished:
    """Run one command line. With ``output`` a test sees lines while they are printed."""
    output, errors = output or io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        exit_code = run(list(arguments))
    return Finished(exit_code, output.getvalue(), errors.getvalue())
