"""Start the command line: `gridfold`, `kubectl gridfold` or `python -m gridfold_cli`."""

import errno
import os
import sys

from gridfold_cli.interrupts import end, end_at_once

DEBUG_VARIABLE = "GRIDFOLD_DEBUG"


def main() -> None:
    """Run the command of sys.argv and exit. A user never sees a traceback, unless GRIDFOLD_DEBUG asks for it."""
    end_at_once()
    try:
        import click

        from gridfold_cli.commands.group import gridfold
        from gridfold_cli.errors import CommandError, InvalidInputError
        from gridfold_cli.exits import Exit
        from gridfold_cli.terminal.say import shown
    except ModuleNotFoundError as error:
        sys.exit(f"gridfold: {error.name} cannot be imported: pip install 'gridfold[local]'")
    try:
        try:
            sys.exit(gridfold.main(standalone_mode=False))
        finally:
            sys.stdout.flush()  # what cannot be written is told here, not by the interpreter at its end
    except click.ClickException as error:  # wrong usage
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):  # Ctrl-C while there was nothing but a temporary folder
        end()
    except InvalidInputError as error:
        for problem in error.problems:
            print(shown(problem), file=sys.stderr)  # noqa: T201 (this is the command line)
        sys.exit(Exit.INVALID)
    except CommandError as error:
        print(shown(error.message), file=sys.stderr)  # noqa: T201 (this is the command line)
        sys.exit(error.code)
    except OSError as error:
        _unwritten(error)
        sys.exit(Exit.FAILED)
    except Exception as error:
        _unexpected(error)


def _unwritten(error: OSError) -> None:
    """Say that what this command prints cannot be written; to whoever has closed the pipe, nothing."""
    if not isinstance(error, BrokenPipeError) and error.errno not in {errno.ENOSPC, errno.EDQUOT}:
        _unexpected(error)
    # What is still buffered must not fail again at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not isinstance(error, BrokenPipeError):
        print(f"gridfold: the output cannot be written: {error.strerror}; free some room", file=sys.stderr)  # noqa: T201


def _unexpected(error: Exception) -> None:
    """End with one line about a defect of ours."""
    if os.environ.get(DEBUG_VARIABLE):
        raise error
    sys.exit(
        f"gridfold: an error that should not happen: {type(error).__name__}: {error}. Run it again with "
        f"{DEBUG_VARIABLE}=1 to see where, and please report it."
    )


if __name__ == "__main__":
    main()
