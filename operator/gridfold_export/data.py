"""From `frame` to X and y: cleaning, types, target, groups and time, in the protocol's order."""

from collections.abc import Iterator
from functools import partial

from gridfold.api.v1alpha1 import ColumnType, Dataset, SplitMethod, TrainingJobSpec
from gridfold.domain.dates import IMPORTS, SOURCE, SUFFIXES, date_features
from gridfold.domain.markers import spellings
from gridfold_export.fragments import Fragment, load
from gridfold_export.literals import assign, quoted, render
from gridfold_export.methods import Methods
from gridfold_export.numbers import as_numbers, declared_boolean, declared_numeric, is_spelled
from gridfold_export.sources import has_parquet


def cleaning(spec: TrainingJobSpec, methods: Methods) -> Fragment:
    """Return what cleans the texts: it looks at no label beside "missing", so it may come before the split."""
    dataset, rules = spec.dataset, spec.cleaning
    lines = []
    spelled = partial(spellings, trim=rules.trim_text, parquet=has_parquet(dataset))
    markers = ["", *spelled(dataset.csv.missing_values)]
    own = {name: spelled(texts) for name, texts in dataset.column_missing_values.items()}
    if rules.trim_text:
        lines.append("frame = frame.apply(lambda column: column.str.strip())")
    if len(markers) > 1:
        lines += [assign("MISSING", markers), "frame = frame.mask(frame.isin(MISSING))"]
    else:
        lines.append('frame = frame.mask(frame == "")')
    if own:
        lines += [assign("COLUMN_MISSING", own), "for name, texts in COLUMN_MISSING.items():"]
        lines.append("    frame[name] = frame[name].mask(frame[name].isin(texts))")
    if rules.drop_rows_without_target:
        lines.append(render([dataset.target], "frame = frame.dropna(subset=", ")"))
    if rules.drop_duplicate_rows:
        lines.append("frame = frame.drop_duplicates()")
    excluded = [*dataset.exclude_columns]
    excluded += [dataset.group_column] if dataset.group_column is not None and not methods.uses_groups else []
    excluded += [dataset.time_column] if dataset.time_column is not None and not methods.by_time else []
    excluded += [dataset.fold_column] if dataset.fold_column is not None and not methods.predefined else []
    if excluded:
        lines.append(render(list(dict.fromkeys(excluded)), "frame = frame.drop(columns=", ")"))
    return Fragment("\n".join(lines))


def target(spec: TrainingJobSpec, *, classifier: bool) -> Fragment:
    """Return what takes the target out of the frame: y, and for classes their labels by code."""
    dataset = spec.dataset
    column = f"frame.pop({quoted(dataset.target)})"
    if not classifier:
        return Fragment(f"y = {as_numbers(dataset, dataset.target, column)}.astype(float).to_numpy()")
    if _is_text(spec, dataset.target):
        return load("target_texts", column=column)
    return load("target_classes", column=column, numbers=as_numbers(dataset, dataset.target, "labels"))


def order_columns(spec: TrainingJobSpec, methods: Methods) -> Iterator[Fragment]:
    """Yield what takes the group, time and fold columns, where they are needed, out of the frame."""
    group, time, fold = spec.dataset.group_column, spec.dataset.time_column, spec.dataset.fold_column
    if methods.uses_groups and group is not None:
        yield Fragment(f"groups = {_numbered(spec.dataset, group)}.to_numpy()")
    if methods.by_time and time is not None:
        numbers = as_numbers(spec.dataset, time, "time")
        if form := (spec.dataset.date_formats or {}).get(time):
            dates = f"pd.to_datetime(frame.pop({quoted(time)}), format={quoted(form)}, utc=True)"
            yield Fragment(f'time = {dates}\ntime = time.astype("int64")', ("import pandas as pd",))
            return
        yield load("time_column", column=f"frame.pop({quoted(time)})", numbers=numbers)
    if methods.predefined and fold is not None:
        yield load("fold_column", column=_numbered(spec.dataset, fold))


def features(spec: TrainingJobSpec) -> Fragment:
    """Return what makes X: numeric columns as float64, all others as objects; missing is NaN."""
    texts = [name for name, kind in spec.dataset.column_types.items() if kind is ColumnType.CATEGORICAL]
    dataset = spec.dataset
    orders = (dataset.group_column, dataset.time_column, dataset.fold_column)
    own: set[str | None] = {dataset.target, *orders, *dataset.exclude_columns}
    texts = [name for name in texts if name not in own]
    numeric, boolean = declared_numeric(spec.dataset, own), declared_boolean(spec.dataset, own)
    dated = [part for parts in date_features(spec.dataset).values() for part in parts]
    lines = ["frame = with_parts(frame)", assign("DATED", dated)] if dated else []
    if numeric:
        lines.append(assign("NUMERIC", numeric))
        texts_of = "frame[NUMERIC].apply(spelled)" if is_spelled(spec.dataset) else "frame[NUMERIC]"
        lines.append(f"frame[NUMERIC] = {texts_of}.astype(float)")
    if boolean:
        lines.append(assign("BOOLEAN", boolean))
        lines.append("booleans = frame[BOOLEAN].apply(lambda column: column.str.lower())")
        lines.append('booleans = booleans.replace({"true": "1", "false": "0"})')
        lines.append("frame[BOOLEAN] = booleans.astype(float)")
    if texts or numeric or boolean or dated:
        kinds = {"CATEGORICAL": texts, "NUMERIC": numeric, "BOOLEAN": boolean, "DATED": dated}
        named = [name for name, columns in kinds.items() if columns]
        if texts:
            lines.append(assign("CATEGORICAL", texts))
        if len(named) > 1:
            lines.append(f"DECLARED = {' + '.join(named)}")
        declared = "DECLARED" if len(named) > 1 else named[0]
        lines.append("columns = frame.items()")
        lines.append(f"X = pd.DataFrame({{n: c if n in {declared} else typed(c) for n, c in columns}})")
    else:
        lines.append("X = pd.DataFrame({name: typed(column) for name, column in frame.items()})")
    limit = spec.cleaning.drop_columns_missing_above
    if limit is not None:
        lines.append(f"X = X.loc[:, 100 * X.isna().sum() <= {limit} * len(X)]")
    if spec.cleaning.drop_constant_columns:
        lines.append("X = X.loc[:, X.nunique(dropna=False) > 1]")
    return Fragment("\n".join(lines), ("import pandas as pd",))


def dates(dataset: Dataset) -> Iterator[Fragment]:
    """Yield what makes numbers of dates, where columns are declared as such."""
    found = date_features(dataset)
    if found:
        formats = dataset.date_formats or {}
        parts = {n: (tuple(SUFFIXES[part] for part in made.values()), formats.get(n)) for n, made in found.items()}
        yield Fragment(assign("DATES", parts))
        yield Fragment(SOURCE, (*IMPORTS, "import pandas as pd"))


def split(spec: TrainingJobSpec, methods: Methods) -> Fragment:
    """Return what divides the rows into training, validation and test part."""
    shares = spec.split
    if methods.by_time:
        return load("split_time", test=str(shares.test), validation=str(shares.validation))
    names = {SplitMethod.STRATIFIED: "split_stratified", SplitMethod.GROUPED: "split_grouped"}
    test, validation = repr(shares.test / 100), f"{shares.validation} / {100 - shares.test}"
    return load(names.get(methods.split, "split_random"), test=test, validation=validation, seed=str(shares.seed))


def _numbered(dataset: Dataset, name: str) -> str:
    """Return an expression: the groups or folds, in the type that decides their order."""
    texts = f"frame.pop({quoted(name)})"
    declared = dataset.column_types.get(name)
    if declared is ColumnType.CATEGORICAL:
        return texts
    if declared is not None or name in (dataset.column_formats or {}):
        return f"{as_numbers(dataset, name, texts)}.astype(float)"
    return f"typed({texts})"


def _is_text(spec: TrainingJobSpec, column: str) -> bool:
    return spec.dataset.column_types.get(column) is ColumnType.CATEGORICAL
