"""Make sure that a process of the oracle suite runs the product as its wheel installs it, not the working tree."""

import os
from importlib.util import find_spec
from pathlib import Path

SITE_VARIABLE = "GRIDFOLD_ORACLE_SITE"


def check_installed() -> None:
    """Raise an error unless every package of ours comes from the folder of SITE_VARIABLE."""
    site = Path(os.environ[SITE_VARIABLE])
    for name in ("gridfold", "gridfold_cli", "gridfold_trainer"):
        spec = find_spec(name)
        assert spec and spec.origin, f"{name} is not installed"
        assert Path(spec.origin).is_relative_to(site), f"{name} is {spec.origin}, not the wheel's"
