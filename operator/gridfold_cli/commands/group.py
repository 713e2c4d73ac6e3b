"""The group of all commands. A command is imported when it is called: some need what is slow to import."""

from importlib import import_module

import click

PACKAGE = __name__.rpartition(".")[0]
NAMES = ("export", "plan", "report", "results", "run", "validate")


class Commands(click.Group):
    """Finds the command NAME as the function of that name in the module of that name, beside this one."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Return all names."""
        return list(NAMES)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """Return the command of this name, or None."""
        if name not in NAMES:
            return None
        command: click.Command = getattr(import_module(f"{PACKAGE}.{name}"), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gridfold", message="%(prog)s %(version)s")
def gridfold() -> None:
    """Tune scikit-learn models by grid search with cross-validation, as one Kubernetes resource.

    Exit codes: 0 complete, 1 the job failed, 2 invalid input, 3 targets not met (with --require-targets),
    130 interrupted.
    """
