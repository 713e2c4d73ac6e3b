"""`kubectl_complete-gridfold`: what kubectl asks a plugin to complete its arguments, in cobra's form."""

import sys
from collections.abc import Sequence

from click.shell_completion import ShellComplete

from gridfold_cli.commands.group import gridfold

#: Directives of cobra: nothing else, and names of files as the shell knows them.
NO_FILES, DEFAULT = 4, 0


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each completion, then the directive; the last argument is what has been typed so far."""
    *words, incomplete = list(sys.argv[1:] if arguments is None else arguments) or [""]
    found = ShellComplete(gridfold, {}, "gridfold", "").get_completions(words, incomplete)
    directive = NO_FILES
    for item in found:
        if item.type != "plain":
            directive = DEFAULT
        elif item.value:
            print(f"{item.value}\t{item.help or ''}".rstrip("\t"))  # noqa: T201 (this is its output)
    print(f":{directive}")  # noqa: T201 (this is its output)


if __name__ == "__main__":
    main()
