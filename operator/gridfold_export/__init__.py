"""A TrainingJob as the plain scikit-learn script that defines its numbers, for `gridfold export` and the report.

What a job says becomes statements (`literals`); what never changes are fragments, files of Python text beside these
modules. No module here reads data, and nothing in a printed script imports Gridfold.
"""

from gridfold_export.errors import NoScriptError
from gridfold_export.script import export_script

__all__ = ["NoScriptError", "export_script"]
