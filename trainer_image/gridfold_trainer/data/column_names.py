"""The names of columns: which are possible, and which might have been meant."""

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence

from gridfold.api.v1alpha1 import TrainingJobSpec
from gridfold.api.validation import show
from gridfold.domain.dates import date_features
from gridfold_trainer.data.csv_header import other_delimiter
from gridfold_trainer.data.prepared import COLUMN_LIMIT
from gridfold_trainer.data.telling import listed
from gridfold_trainer.errors import UnreadableTableError

NAME_CHARACTERS = 256
_SHOWN = 20
_NAMES_ROOM = 200


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint for a name that is not known, or where there is nothing similar, the names (some of them)."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.7)
    near = near or [other for other in names if other.casefold().strip() == name.casefold().strip()][:1]
    if near:
        return f"did you mean {show(near[0])}?"
    return f"the columns are {listed(names, _NAMES_ROOM)}."


#: What to do about names of a CSV file that are there twice, and about those that are not there.
CSV_ADVICE = (
    "rename all but one, or name all columns: csv.header: false, csv.skipLines: 1 and csv.columnNames",
    "leave it out with csv.unnamedColumns: Drop, or take it with Name; if the file has no header, set csv.header: "
    "false and csv.columnNames",
)


def check_names(names: Sequence[str], source: str, advice: tuple[str, str] = ("rename all but one", "name it")) -> None:
    """Refuse names that no table can have.

    Args:
        names: of the columns.
        source: what to call the file.
        advice: what to do about names that are there twice, and about those that are not there.

    Raises:
        UnreadableTableError: two columns have one name, one has none, or there are too many; all that is wrong.
    """
    problems = [f"{source}: {problem}" for problem in _name_problems(names, *advice)]
    if problems:
        raise UnreadableTableError(*problems)


def _name_problems(names: Sequence[str], repeated_advice: str, nameless_advice: str) -> list[str]:
    repeated = [show(name) for name, count in Counter(names).items() if count > 1 and name]
    nameless = [str(number) for number, name in enumerate(names, 1) if not name]
    problems = []
    if repeated:
        problems.append(f"{repeated_advice}: {listed(repeated, _NAMES_ROOM)} names more than one column.")
    if nameless:
        problems.append(f"column {listed(nameless, 40)} has no name in the header; {nameless_advice}.")
    problems += [
        f"the name {show(n)} has more than {NAME_CHARACTERS} characters." for n in names if len(n) > NAME_CHARACTERS
    ][:5]
    if len(names) > COLUMN_LIMIT:
        problems.append(f"it has {len(names)} columns; at most {COLUMN_LIMIT} are read.")
    return problems


def check_same(expected: Sequence[str], names: Sequence[str], first: str, source: str) -> None:
    """Compare the columns of a file with those of the first one; their order may differ.

    Raises:
        UnreadableTableError: with the difference.
    """
    wanted, found = set(expected), set(names)
    missing = [name for name in expected if name not in found]
    extra = [name for name in names if name not in wanted]
    if missing or extra:
        difference = [f"lacks {listed(missing, _NAMES_ROOM)}"] if missing else []
        difference += [f"has {listed(extra, _NAMES_ROOM)} beside them"] if extra else []
        raise UnreadableTableError(
            f"{source} must have the columns of {first}, in any order, or be left out: it {' and '.join(difference)}."
        )


def column_problems(spec: TrainingJobSpec, names: Sequence[str]) -> list[str]:
    """Return what the spec says of columns that the data does not have."""
    dataset, known = spec.dataset, set(names)
    named = [("target", dataset.target), ("groupColumn", dataset.group_column), ("timeColumn", dataset.time_column)]
    named += [("foldColumn", dataset.fold_column)]
    named += [(f"excludeColumns[{index}]", name) for index, name in enumerate(dataset.exclude_columns)]
    named += [("columnTypes", name) for name in dataset.column_types]
    named += [("columnMissingValues", name) for name in dataset.column_missing_values]
    named += [("columnFormats", name) for name in dataset.column_formats or {}]
    unknown = [(path, name) for path, name in named if name is not None and name not in known]
    problems = [
        f"spec.dataset.{path} is {show(name)}, which is no column of the data; {did_you_mean(name, names)}"
        for path, name in unknown[:_SHOWN]
    ]
    if unknown[_SHOWN:]:
        problems.append(f"and {len(unknown) - _SHOWN} more names in spec.dataset are no columns of the data.")
    if dataset.target in dataset.exclude_columns:
        problems.append(f"spec.dataset.excludeColumns names the target {dataset.target}; take it out of the list.")
    problems += [
        f"spec.dataset.{path} is the target {dataset.target}; a model cannot be judged on what it is divided by. Name "
        f"another column."
        for path, name in named[1:3]
        if name == dataset.target
    ]
    problems += [
        f"spec.dataset.columnTypes declares {show(name)} as Date, of which {show(part)} is made, but the data has a "
        f"column of that name; rename it."
        for name, parts in date_features(dataset).items()
        for part in parts
        if part in known
    ]
    if problems and len(names) == 1:
        problems.append(
            f"the data has the one column {show(names[0])}; is spec.dataset.csv.delimiter, "
            f"{show(dataset.csv.delimiter)}, right?{other_delimiter(names, dataset.csv.delimiter)}"
        )
    return problems
