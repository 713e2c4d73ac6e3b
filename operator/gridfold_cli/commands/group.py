"""The group of all commands. A command is imported when it is called: some need what is slow to import."""

import builtins
from importlib import import_module

import click

PACKAGE = __name__.rpartition(".")[0]
NAMES = (
    "compare",
    "completion",
    "delete",
    "export",
    "export-mlflow",
    "init",
    "list",
    "logs",
    "plan",
    "prune",
    "replay",
    "report",
    "results",
    "run",
    "submit",
    "validate",
    "watch",
)


class Commands(click.Group):
    """Finds the command NAME as the function of that name in the module of that name, beside this one."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Return all names."""
        return list(NAMES)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """Return the command of this name, or None."""
        if name not in NAMES:
            return None
        function = name.replace("-", "_")
        module = import_module(f"{PACKAGE}.{function}")
        command: click.Command = getattr(module, f"{function}_" if hasattr(builtins, function) else function)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gridfold", message="%(prog)s %(version)s")
def gridfold() -> None:
    """Tune scikit-learn models by grid search with cross-validation, as one Kubernetes resource.

    Commands about a cluster find it as kubectl does: KUBECONFIG, --context, -n; `gridfold COMMAND --help` has examples.

    Exit codes: 0 complete, 1 the job failed or the cluster refuses or does not answer, 2 invalid input,
    3 targets not met (with --require-targets), 4 numbers differ (replay), 130 interrupted.
    """
