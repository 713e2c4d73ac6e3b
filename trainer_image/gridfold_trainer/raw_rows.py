"""The Python lines of a model card that read raw rows and bring them into the form that the model was fitted on."""

import json
from collections.abc import Sequence
from typing import Any

from gridfold.api.v1alpha1 import ColumnType, Csv, DataFormat, Encoding, TrainingJobSpec
from gridfold_trainer.prepared import PreparedData

_SUFFIXES = {
    ".parquet": DataFormat.PARQUET,
    ".jsonl": DataFormat.JSON_LINES,
    ".ndjson": DataFormat.JSON_LINES,
}
_PARQUET = """import polars as pl

table = pl.read_parquet("rows.parquet").with_columns(pl.col(pl.Boolean).cast(pl.Int8)).cast(pl.String)
raw = pd.DataFrame({column.name: column.fill_null("").to_list() for column in table}, dtype=object)"""
_JSON_LINES = """import json

with open("rows.jsonl", encoding="utf-8-sig") as lines:
    found = [json.loads(line, parse_int=str, parse_float=str) for line in lines if line.strip()]
texts = {True: "1", False: "0"}
raw = pd.DataFrame(found, dtype=object).fillna("").map(lambda value: texts.get(value, value))"""


def prediction_code(spec: TrainingJobSpec, data: PreparedData, trusted: Sequence[str]) -> str:
    """Return a program that reads rows like those of the sources and prints what the model predicts for them."""
    columns = [column.name for column in data.columns]
    numeric = [column.name for column in data.columns if column.type is ColumnType.NUMERIC]
    missing = ["", *spec.dataset.csv.missing_values]
    trim = ".apply(lambda column: column.str.strip())" if spec.cleaning.trim_text else ""
    numbers = f".astype({{name: float for name in {_list(numeric)}}})" if numeric else ""
    return "\n".join(
        [
            "import pandas as pd",
            "from skops.io import load",
            "",
            f'model = load("model.skops", trusted={_list(trusted)})',
            f"columns = {_list(columns)}",
            reading_code(spec),
            "",
            "# These three lines turn the raw table into what the model expects.",
            f"rows = raw[columns]{trim}",
            f'rows = rows.mask(rows.isin({_list(missing)}), float("nan"))',
            f"rows = rows{numbers}",
            "",
            "print(model.predict(rows).tolist())",
        ]
    )


def reading_code(spec: TrainingJobSpec) -> str:
    """Return the lines that read a file of the format of the sources as texts, exactly as they are written."""
    found = data_format(spec)
    if found is DataFormat.PARQUET:
        return _PARQUET
    return _JSON_LINES if found is DataFormat.JSON_LINES else _csv_code(spec.dataset.csv)


def data_format(spec: TrainingJobSpec) -> DataFormat:
    """Return the format of the sources: as declared, else by the suffix of the first."""
    if spec.dataset.format is not None:
        return spec.dataset.format
    name = spec.dataset.sources[0].uri.lower().removesuffix(".gz").removesuffix(".zst")
    return next((found for suffix, found in _SUFFIXES.items() if name.endswith(suffix)), DataFormat.CSV)


def _csv_code(csv: Csv) -> str:
    options: dict[str, Any] = {}
    if not csv.header:
        options |= {"header": None, "names": csv.column_names}
    if csv.delimiter != ",":
        options["sep"] = csv.delimiter
    if csv.quote_character != '"':
        options["quotechar"] = csv.quote_character
    if csv.encoding is Encoding.LATIN_1:
        options["encoding"] = "latin-1"
    more = "".join(f", {name}={value!r}" for name, value in options.items())
    return f'raw = pd.read_csv("rows.csv", dtype=object, keep_default_na=False{more})'


def _list(names: Sequence[str]) -> str:
    return json.dumps(list(names), ensure_ascii=True)
