"""The page about a run: a pure function of what the run has left, to the bytes of one HTML file.

It stands on the shared package and Jinja2 alone, reads no clock, does no I/O beside its own templates, and draws its
figures itself (matplotlib costs half a second of every refit to import, and 100 MiB). No process of a cell imports it.
"""

from gridfold_report.page import render, summary
from gridfold_report.run import Run, read

__all__ = ["Run", "read", "render", "summary"]
