"""weft reset: a sync starts over."""

import click

from cli.context import Options, json_option, open_session
from cli.output import print_json
from cli.sync_steps import reset_sync
from cli.words import counted


@click.command(
    short_help="Let a sync start over.",
    epilog="Example: weft reset cart_abandoners_to_webhook --yes",
)
@click.argument("sync")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def command(context: click.Context, sync: str, yes: bool, as_json: bool) -> None:
    """Forget what the destination of SYNC has acknowledged. Nothing is sent.

    The next run adds every row and removes none: rows that have left the model by then stay at
    the destination. To send everything again and still remove those, use: weft sync --resync.
    """

    def confirm(account: str, keys: int) -> bool:
        return yes or click.confirm(
            f"Forget that {account} has acknowledged {counted(keys, 'key')} of {sync}?", err=True
        )

    options: Options = context.obj
    with open_session(options.project(), "reset") as session:
        figures = reset_sync(session, sync, confirm)
    if as_json:
        print_json(figures)
    elif figures["done"]:
        click.echo(
            f"Reset: {counted(figures['keys'], 'key')} of {sync} forgotten; the next run adds"
            " every row and removes none"
        )
    else:
        click.echo("Reset: nothing was changed")
    context.exit(0 if figures["done"] else 1)
