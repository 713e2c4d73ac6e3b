"""Start the command line: `gridfold`, `kubectl gridfold` or `python -m gridfold_cli`."""

import os
import sys

DEBUG_VARIABLE = "GRIDFOLD_DEBUG"


def main() -> None:
    """Run the command of sys.argv and exit. A user never sees a traceback, unless GRIDFOLD_DEBUG asks for it."""
    try:
        import click

        from gridfold_cli.commands import gridfold
        from gridfold_cli.documents import InvalidInputError
        from gridfold_cli.exits import Exit
    except ModuleNotFoundError as error:
        sys.exit(f"gridfold: {error.name} cannot be imported: pip install 'gridfold[local]'")
    try:
        sys.exit(gridfold.main(standalone_mode=False))
    except click.ClickException as error:  # wrong usage
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:  # Ctrl-C before anything was started
        sys.exit(Exit.INTERRUPTED)
    except InvalidInputError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)  # noqa: T201 (this is the command line)
        sys.exit(Exit.INVALID)
    except BrokenPipeError:
        # Whoever read the output has seen enough; what is still buffered must not fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.FAILED)
    except Exception as error:  # a defect of ours: say so in one line
        if os.environ.get(DEBUG_VARIABLE):
            raise
        sys.exit(
            f"gridfold: an error that should not happen: {type(error).__name__}: {error}. Run it again with "
            f"{DEBUG_VARIABLE}=1 to see where, and please report it."
        )


if __name__ == "__main__":
    main()
