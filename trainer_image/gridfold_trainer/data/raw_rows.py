"""The Python lines of a model card that read raw rows and bring them into the form that the model was fitted on."""

import json
from collections.abc import Sequence
from typing import Any

from gridfold.api.v1alpha1 import ColumnType, Csv, DataFormat, Dataset, Encoding, RepeatedHeader, TrainingJobSpec
from gridfold.domain.csv_program import CODECS, csv_program, needs_program
from gridfold.domain.dates import SOURCE, SUFFIXES, date_features
from gridfold.domain.markers import spellings
from gridfold.domain.number_formats import PLAIN_SOURCE, Spelling, writes_commas
from gridfold.domain.repeated_headers import without_headers
from gridfold_trainer.data.contents import kind_of
from gridfold_trainer.data.prepared import PreparedData

_PARQUET = """import polars as pl
from polars import selectors

table = pl.read_parquet("rows.parquet", columns=columns)
table = table.with_columns(selectors.temporal().dt.to_string("iso"), selectors.boolean().cast(pl.Int8))
texts = {c.name: ["" if v is None or v != v else str(v) for v in c.to_list()] for c in table}
raw = pd.DataFrame(texts, dtype=object)"""
_JSON_LINES = """import json

with open("rows.jsonl", encoding="utf-8-sig") as file:
    text = file.read()
if not text.lstrip().startswith("["):  # no list, but an object a line
    text = "[" + ",".join(line for line in text.split("\\n") if line.strip()) + "]"
found = json.loads(text, parse_int=str, parse_float=str)
texts = {True: "1", False: "0"}
raw = pd.DataFrame(found, dtype=object).fillna("")
raw = raw.map(lambda value: "" if isinstance(value, dict | list) else texts.get(value, value))"""


_PARQUET_COMMAS = """import polars as pl
from polars import selectors

table = pl.read_parquet("rows.parquet", columns=columns)
table = table.with_columns(selectors.temporal().dt.to_string("iso"), selectors.boolean().cast(pl.Int8))
texts = {c.name: ["" if v is None or v != v else str(v) for v in c.to_list()] for c in table}
for name in table.select(selectors.numeric()).columns:
    texts[name] = [text.replace(".", spelled.get(name, everywhere)[2]) for text in texts[name]]
raw = pd.DataFrame(texts, dtype=object)"""
_JSON_COMMAS = """import json


class Number(str):
    pass


with open("rows.jsonl", encoding="utf-8-sig") as file:
    text = file.read()
if not text.lstrip().startswith("["):  # no list, but an object a line
    text = "[" + ",".join(line for line in text.split("\\n") if line.strip()) + "]"
found = json.loads(text, parse_int=Number, parse_float=Number)
texts = {True: "1", False: "0"}
raw = pd.DataFrame(found, dtype=object).fillna("")
raw = raw.map(lambda value: "" if isinstance(value, dict | list) else texts.get(value, value))
for name in raw:
    mark = spelled.get(name, everywhere)[2]
    raw[name] = [value.replace(".", mark) if isinstance(value, Number) else value for value in raw[name]]"""
_REWRITE = """for name in {numeric}:
    rows[name] = rows[name].map(lambda text: plain(text, *spelled.get(name, everywhere)), na_action="ignore")"""
_BOOLEANS = """for name in {boolean}:
    rows[name] = rows[name].str.lower().replace({{"true": "1", "false": "0"}})"""


def prediction_code(spec: TrainingJobSpec, data: PreparedData, trusted: Sequence[str]) -> str:
    """Return a program that reads rows like those of the sources and prints what the model predicts for them."""
    columns, dates = [column.name for column in data.columns], date_features(spec.dataset)
    sources = {part: name for name, parts in dates.items() for part in parts}
    needed = list(dict.fromkeys(sources.get(name, name) for name in columns))
    numeric = [c.name for c in data.columns if c.type is ColumnType.NUMERIC and c.name not in sources]
    trim = ".apply(lambda column: column.str.strip())" if spec.cleaning.trim_text else ""
    missing = ["", *_spellings(spec, spec.dataset.csv.missing_values)]
    numbers = f".astype({{name: float for name in {_list(numeric)}}})" if numeric else ""
    return "\n".join(
        [
            "import pandas as pd",
            "from skops.io import load",
            "",
            f'model = load("model.skops", trusted={_list(trusted)})',
            f"columns = {_list(needed)}",
            *_spellings_code(spec.dataset),
            reading_code(spec),
            *_without_headers(spec),
            "",
            "# These lines turn the raw table into what the model expects.",
            f"rows = {_picked(spec)}{trim}",
            f'rows = rows.mask(rows.isin({_list(missing)}), float("nan"))',
            *_own_markers(spec, needed),
            *_rewriting(spec.dataset, numeric),
            f"rows = rows{numbers}",
            *(_date_parts(spec.dataset, needed, columns) if sources.keys() & set(columns) else []),
            "",
            "print(model.predict(rows).tolist())",
        ]
    )


def _picked(spec: TrainingJobSpec) -> str:
    """Return what takes the model's columns; objects need not have all of them."""
    is_json = _data_format(spec) is DataFormat.JSON_LINES
    return 'raw.reindex(columns=columns, fill_value="")' if is_json else "raw[columns]"


def reading_code(spec: TrainingJobSpec) -> str:
    """Return the lines that read a file of the format of the sources as texts, exactly as they are written."""
    found = _data_format(spec)
    commas = writes_commas(spec.dataset)
    if found is DataFormat.PARQUET:
        return _PARQUET_COMMAS if commas else _PARQUET
    json_lines = _JSON_COMMAS if commas else _JSON_LINES
    return json_lines if found is DataFormat.JSON_LINES else _csv_code(spec.dataset.csv, trim=spec.cleaning.trim_text)


def _data_format(spec: TrainingJobSpec) -> DataFormat:
    """Return the format of the first source; a table of one's own is most likely like it."""
    return kind_of(spec.dataset.sources[0].uri, spec.dataset.format).format


def _without_headers(spec: TrainingJobSpec) -> list[str]:
    csv = spec.dataset.csv
    drops = csv.repeated_header is RepeatedHeader.DROP and _data_format(spec) is DataFormat.CSV
    return [without_headers("raw", csv)] if drops else []


def _spellings_code(dataset: Dataset) -> list[str]:
    """Return the lines that say how numbers are spelled, where the spec does."""
    if not _is_spelled(dataset):
        return []
    own = {name: Spelling.of(dataset, name).parts for name in dataset.column_formats or {}}
    everywhere = Spelling.of(dataset.model_copy(update={"column_formats": None}), "").parts
    return ["import re", "", "", PLAIN_SOURCE, "", "", f"everywhere = {everywhere!a}", f"spelled = {own!a}"]


def _rewriting(dataset: Dataset, numeric: Sequence[str]) -> list[str]:
    """Return the lines that rewrite numbers and booleans as Python writes numbers."""
    boolean = [name for name in numeric if dataset.column_types.get(name) is ColumnType.BOOLEAN]
    others = [name for name in numeric if name not in boolean]
    lines = [_BOOLEANS.format(boolean=_list(boolean))] if boolean else []
    return lines + ([_REWRITE.format(numeric=_list(others))] if others and _is_spelled(dataset) else [])


def _date_parts(dataset: Dataset, needed: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Return the lines that put the parts of dates in place of the dates."""
    formats = dataset.date_formats or {}
    parts = {
        name: ([SUFFIXES[part] for part in made.values()], formats.get(name))
        for name, made in date_features(dataset).items()
        if name in needed
    }
    return [
        "from datetime import UTC, datetime, timedelta",
        "",
        f"DATES = {parts!a}",
        "",
        "",
        SOURCE,
        "",
        "",
        f"rows = with_parts(rows)[{_list(columns)}]",
    ]


def _is_spelled(dataset: Dataset) -> bool:
    return bool(dataset.csv.decimal or dataset.csv.thousands or dataset.column_formats)


def _own_markers(spec: TrainingJobSpec, columns: Sequence[str]) -> list[str]:
    """Return the lines for texts that mean "no value" in one column alone."""
    declared = spec.dataset.column_missing_values
    own = {name: _spellings(spec, declared[name]) for name in columns if name in declared}
    if not own:
        return []
    return [
        f"for name, texts in {json.dumps(own, ensure_ascii=True)}.items():",
        '    rows[name] = rows[name].mask(rows[name].isin(texts), float("nan"))',
    ]


def _spellings(spec: TrainingJobSpec, markers: Sequence[str]) -> list[str]:
    return spellings(markers, trim=spec.cleaning.trim_text, parquet=_data_format(spec) is DataFormat.PARQUET)


def _csv_code(csv: Csv, *, trim: bool) -> str:
    if needs_program(csv):
        return _csv_program(csv, trim=trim)
    options: dict[str, Any] = {}
    if not csv.header:
        options |= {"header": None, "names": csv.column_names}
    if csv.delimiter != ",":
        options["sep"] = r"\s+" if csv.delimiter == "Whitespace" else csv.delimiter
    if csv.quote_character != '"':
        options["quotechar"] = csv.quote_character
    if csv.encoding is not Encoding.UTF_8:
        options["encoding"] = CODECS[csv.encoding]
    more = "".join(f", {name}={value!r}" for name, value in options.items())
    names = "\nraw.columns = raw.columns.str.strip()" if trim and csv.header else ""
    return f'raw = pd.read_csv("rows.csv", dtype=object, keep_default_na=False{more}){names}'


def _csv_program(csv: Csv, *, trim: bool) -> str:
    code, imports = csv_program(csv, trim=trim)
    more = [statement for statement in imports if "pandas" not in statement]
    names = [] if csv.column_names is None else [f"NAMES = {_list(csv.column_names)}"]
    read = ['with open("rows.csv", "rb") as file:', "    raw = read_csv(file.read())"]
    return "\n".join([*more, *names, "", "", code, "", "", *read])


def _list(names: Sequence[str]) -> str:
    return json.dumps(list(names), ensure_ascii=True)
