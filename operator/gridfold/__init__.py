"""What all of Gridfold shares: the resource, the decisions, the loop.

No I/O happens here and no clock is read: the deployables (operator, command line, trainer) bring those.
Layers, top to bottom: ``engine`` (ports and reconcile), ``domain`` (pure decisions), ``api`` (the contract).
"""

from typing import Any

#: What is said to be here for people, and lives in `gridfold_notebook`, which reads files and storage.
_FOR_NOTEBOOKS = ("Cluster", "GridSearch", "open_run")


def __getattr__(name: str) -> Any:
    if name not in _FOR_NOTEBOOKS:
        raise AttributeError(f"module 'gridfold' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("gridfold_notebook"), name)
