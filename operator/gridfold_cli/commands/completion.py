"""`gridfold completion`: what a shell has to read to complete commands, options and the names of jobs."""

import click
from click.shell_completion import get_completion_class

from gridfold_cli.commands.examples import examples

PROGRAM = "gridfold"
VARIABLE = "_GRIDFOLD_COMPLETE"


@click.command(
    short_help="Print the completion script of a shell.",
    epilog=examples(
        'eval "$(gridfold completion bash)"                              # in ~/.bashrc',
        'eval "$(gridfold completion zsh)"                               # in ~/.zshrc, after compinit',
        "gridfold completion fish > ~/.config/fish/completions/gridfold.fish",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what a shell has to read so that it completes commands, options and names of jobs.

    As `kubectl gridfold` they are completed by kubectl itself, where kubectl_complete-gridfold is on the PATH.
    """
    found = get_completion_class(shell)
    if found is None:  # the choice above names no other
        raise LookupError(shell)
    click.echo(found(context.find_root().command, {}, PROGRAM, VARIABLE).source())
