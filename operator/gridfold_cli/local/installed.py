"""Whether the trainer can be started on this machine."""

import importlib.util

from gridfold_cli.errors import InvalidInputError

NEEDED = ("gridfold_trainer", "numpy", "sklearn", "boto3")


def what_is_missing() -> str:
    """Return in words what the trainer lacks, and how to install it; "" if nothing."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    return f"{', '.join(missing)} cannot be imported: pip install 'gridfold[local]'" if missing else ""


def check_installed(command: str) -> None:
    """Make sure that the trainer can be started here.

    Raises:
        InvalidInputError: something is missing; the message says how to install it.
    """
    if missing := what_is_missing():
        raise InvalidInputError(f"gridfold {command} needs the trainer, but {missing}")
