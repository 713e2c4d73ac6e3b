"""Which cluster and namespace a command is about, as kubectl's options say it, and how it is interrupted there."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from gridfold_cli.errors import CommandError, InvalidInputError
from gridfold_cli.exits import Exit
from gridfold_cli.interrupts import tell
from gridfold_cli.terminal.say import say

if TYPE_CHECKING:
    from gridfold_cli.cluster.training_jobs import TrainingJobs

_OPTIONS = (
    click.option("--context", default="", metavar="NAME", help="Context of the kubeconfig; default: its current one."),
    click.option(
        "-n", "--namespace", default="", metavar="NAME", help="Namespace; default: the context's, else default."
    ),
    click.option("--kubeconfig", default="", metavar="FILE", help="Default: KUBECONFIG, ~/.kube/config, or the pod's."),
)


def cluster_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add kubectl's options; the command is given what connects with them: `connect: Connect`."""

    @wraps(command)
    def with_connect(*arguments: Any, context: str, namespace: str, kubeconfig: str, **options: Any) -> Any:
        return command(*arguments, connect=Connect(context, namespace, kubeconfig), **options)

    for option in reversed(_OPTIONS):
        with_connect = option(with_connect)
    return with_connect


class Connect:
    """Finds the cluster when it is needed: most commands work without one on files."""

    def __init__(self, context: str, namespace: str, kubeconfig: str) -> None:
        self.context, self.namespace, self.kubeconfig = context, namespace, kubeconfig

    @property
    def options(self) -> str:
        """Return the options as they were given, to be written behind a command that is advised."""
        given = (("--context", self.context), ("-n", self.namespace), ("--kubeconfig", self.kubeconfig))
        return "".join(f" {option} {value}" for option, value in given if value)

    @contextmanager
    def __call__(self, namespace: str = "", interrupted: str = "") -> Iterator["TrainingJobs"]:
        """Give the TrainingJobs that are meant; `interrupted` is said after Ctrl-C.

        Raises:
            SystemExit: someone pressed Ctrl-C; whatever the client has written into temporary files is gone.
        """
        try:
            from gridfold_cli.cluster.http_api import HttpApi
            from gridfold_cli.cluster.kubeconfig import find_cluster
            from gridfold_cli.cluster.training_jobs import TrainingJobs
        except ModuleNotFoundError as error:
            raise InvalidInputError(f"{error.name} cannot be imported: pip install 'gridfold[local]'") from None
        before = signal.signal(signal.SIGINT, signal.default_int_handler)  # the client's temporary files are removed
        try:
            place = find_cluster(self.context, namespace or self.namespace, self.kubeconfig)
            api = HttpApi(place)
            try:
                yield TrainingJobs(api, place.namespace, place.words)
            finally:
                api.close()
        except KeyboardInterrupt:
            if interrupted:
                say(interrupted, err=True)
            else:
                tell()
            raise SystemExit(Exit.INTERRUPTED) from None
        finally:
            signal.signal(signal.SIGINT, before)


def refuse_conflict(message: str, file: object) -> CommandError:
    """Return what is said where another manager owns fields."""
    return CommandError(
        f"{message}. Somebody else applies this TrainingJob, too: edit it there, or take the fields over by "
        f"`gridfold submit {file} --force-conflicts`"
    )
