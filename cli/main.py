"""The entry point: finds the command, and turns every error into one sentence and an exit code.

0 done · 1 ran, and something failed · 2 usage or configuration, nothing was started · 3 blocked by
a guard, a stale plan or a lock · 4 there are changes (only with --detailed-exitcode) · 130
interrupted.
"""

import importlib
import os
import sys
import traceback
from difflib import get_close_matches
from pathlib import Path

import click

from cli.context import Options
from warehouse.errors import WeftError

COMMANDS = {
    "init": "cli.commands.init",
    "demo": "cli.commands.demo",
    "debug": "cli.commands.debug",
    "load": "cli.commands.load",
    "build": "cli.commands.build",
    "plan": "cli.commands.plan",
    "sync": "cli.commands.sync",
    "run": "cli.commands.run",
    "backfill": "cli.commands.backfill",
    "profile": "cli.commands.profile",
    "identity": "cli.commands.identity",
    "tracking-plan": "cli.commands.tracking_plan",
    "status": "cli.commands.status",
    "audience": "cli.commands.audience",
    "apply": "cli.commands.apply",
    "runs": "cli.commands.runs",
    "reset": "cli.commands.reset",
    "suppressions": "cli.commands.suppressions",
    "forget": "cli.commands.forget",
}
"""Each command and the module that holds it, in the order in which help lists them."""

INTERRUPTED = 130


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, None when there is none."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Like click's, with the nearest command suggested for one that does not exist."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            nearest = get_close_matches(args[0], COMMANDS, n=1)
            advice = f"did you mean {nearest[0]!r}?" if nearest else "see: weft --help."
            raise click.UsageError(f"There is no command {args[0]!r}; {advice}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: weft --project-dir shop run --as-of 2026-09-30",
)
@click.version_option(package_name="weft", message="weft %(version)s")
@click.option(
    "--project-dir",
    type=click.Path(path_type=Path),
    default=Path(),
    help="The project's folder. Default: the present one.",
)
@click.option(
    "--profiles-dir",
    type=click.Path(path_type=Path),
    help="Where profiles.yml lies. Default: as dbt looks for it.",
)
@click.option("--target", "-t", help="The target of the dbt profile. Default: the profile's own.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def weft(
    context: click.Context,
    project_dir: Path,
    profiles_dir: Path | None,
    target: str | None,
    debug: bool,
) -> None:
    """Raw events in; profiles, audiences and syncs out, in your own warehouse."""
    context.obj = Options(project_dir, profiles_dir, target, debug)


def main() -> None:
    """Run the command line and exit."""
    # What weft writes holds customer data: for this user's eyes only.
    os.umask(0o077)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; its exit code. Errors are written to stderr as one sentence."""
    show_traceback = "--debug" in arguments
    try:
        return int(weft.main(arguments, prog_name="weft", standalone_mode=False) or 0)
    except (KeyboardInterrupt, click.Abort):
        return _say("Interrupted.", INTERRUPTED)
    except click.ClickException as error:
        return _say(error.format_message(), error.exit_code)
    except WeftError as error:
        if show_traceback:
            traceback.print_exc()
        return _say(str(error), error.exit_code)
    except Exception as error:
        if show_traceback:
            traceback.print_exc()
            return 1
        reason = " ".join(str(error).splitlines()[:1]) or type(error).__name__
        return _say(f"{type(error).__name__}: {reason} (--debug shows where).", 1)


def _say(message: str, exit_code: int) -> int:
    click.echo(f"Error: {message}" if exit_code != INTERRUPTED else message, err=True)
    return exit_code
