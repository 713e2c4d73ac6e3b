"""Gridfold from Python and notebooks: a search, and what a run has left, as scikit-learn has them.

`gridfold.GridSearch` and `gridfold.open_run` are this package's; the shared package does no I/O, so they are
looked up there when they are asked for.
"""

from gridfold_notebook.grid_search import GridSearch
from gridfold_notebook.run import Run, open_run
from gridfold_notebook.there import Cluster

__all__ = ["Cluster", "GridSearch", "Run", "open_run"]
