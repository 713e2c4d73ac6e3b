"""Gridfold from Python and notebooks: what a run has left, as scikit-learn's own search has it.

`gridfold.open_run` is this package's; the shared package does no I/O, so it is looked up there when it is asked for.
"""

from gridfold_notebook.run import Run, open_run

__all__ = ["Run", "open_run"]
