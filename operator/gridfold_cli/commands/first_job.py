"""The first job of a table: its text, with comments, and what it is made of."""

import json
import re
from dataclasses import dataclass
from string import Template

from gridfold.api.handoff import PrepareReport
from gridfold.domain.words import counted

#: With more classes than this, numbers are taken for a quantity.
MOST_CLASSES = 20
#: With more rows, boosting beats forests and is quicker.
MANY_ROWS = 2000
_OTHER_DELIMITERS = ";\t|"
_QUOTED = re.compile(r'"[^"]*"')
FOREST_GRID = """\
    - n_estimators: [100, 300]
      max_features: [sqrt, 0.5]
      min_samples_leaf: [1, 5]"""
BOOSTING_GRID = """\
    - learning_rate: [0.05, 0.1, 0.2]
      max_leaf_nodes: [15, 31, 63]"""

TEXT = Template("""\
# $found
# Made by `gridfold init`: everything here may be edited. `kubectl explain tj.spec`, or the README, tells what else
# there is. Check it:       gridfold validate $file
# Run it on this machine:   gridfold run $file
# Run it in a cluster:      put the data into object storage (s3://…), name it below, then gridfold submit $file --wait
apiVersion: gridfold.dev/v1alpha1
kind: TrainingJob
metadata:
  name: $name
spec:
  dataset:
    sources:
    - uri: $source      # in a cluster: s3://BUCKET/KEY
    target: $target$csv
    # excludeColumns: [id]                     # columns that number the rows, or that say the target by themselves
  # cleaning: {dropDuplicateRows: true}        # before the split; every row that is dropped is counted
  split: {train: 70, validation: 15, test: 15, seed: 7}    # cells see the training part only
  estimator:
    className: $estimator
    # Missing numbers become the median and are scaled, categories are one-hot encoded, unless preprocessing says else.
  search:
    grid:                                      # every combination of these values is a cell
$grid
  crossValidation: {folds: 5, seed: 7}
  scoring:
    objective: $objective                      # what decides
    # targets: {$objective: "0.80"}            # told as met or missed; gridfold run --require-targets
  output:
    uri: $output      # in a cluster: s3://BUCKET/FOLDER/
""")


@dataclass(frozen=True)
class Names:
    """What a first job says of files and columns."""

    file: str  #: of the job, as it is given to commands
    name: str
    source: str  #: URI of the table
    target: str
    output: str
    delimiter: str = ","  #: of the table's fields


def first_job(names: Names, *, classifier: bool, found: PrepareReport | None = None) -> str:
    """Return the text of a job; without anything found yet, one that prepare can be asked about."""
    many = found is not None and found.dataset.rows >= MANY_ROWS
    family = "HistGradientBoosting" if many else "RandomForest"
    objective = "f1" if classifier else "r2"
    return TEXT.substitute(
        found=describe(found, classifier=classifier) if found else "",
        file=names.file,
        name=json.dumps(names.name),  # 2024, y or null would be no text
        source=json.dumps(names.source, ensure_ascii=False),
        target=json.dumps(names.target, ensure_ascii=False),
        output=json.dumps(names.output, ensure_ascii=False),
        estimator=f"sklearn.ensemble.{family}{'Classifier' if classifier else 'Regressor'}",
        grid=BOOSTING_GRID if many else FOREST_GRID,
        objective=objective,
        csv="" if names.delimiter == "," else f"\n    csv: {{delimiter: {json.dumps(names.delimiter)}}}",
    )


def delimiter_of(start: bytes) -> str:
    """Return the delimiter that the first line of a table seems to have, given its first bytes; "," in doubt."""
    line = start.removeprefix(b"\xef\xbb\xbf").decode("latin-1").partition("\n")[0]
    unquoted = _QUOTED.sub("", line)
    if "\0" in line or "," in unquoted or line.startswith(("{", "[")):
        return ","
    best = max(_OTHER_DELIMITERS, key=unquoted.count)
    return best if best in unquoted else ","


def describe(found: PrepareReport, *, classifier: bool) -> str:
    """Return what the table is, in a line."""
    data = found.dataset
    kind = f"classification into {data.classes} classes" if classifier else "regression"
    return f"{counted(data.rows, 'row')}, {counted(data.columns, 'column')} beside the target: {kind}"


def job_name(stem: str) -> str:
    """Return a file's name as a job's."""
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:40].strip("-") or "first"
