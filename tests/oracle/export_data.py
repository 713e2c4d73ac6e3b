"""Tables in every form that a source can have, as a job and its files: does the script read what the product reads?

Every job has the same estimator, which uses all columns; what differs is how the data comes.
"""

import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Rows = list[dict[str, Any]]


def rows(count: int = 160) -> Rows:
    """Return rows with numbers, booleans, texts in need of trimming, gaps, and a class that depends on them."""
    random = np.random.default_rng(41)
    found: Rows = []
    for number in range(count):
        size, whole = float(random.normal() * 10.0 ** random.integers(-3, 4)), int(random.integers(-3, 5))
        word = str(random.choice(["Zürich", " Rom ", "rom", "10", 'a "b"', "x;y", "NA"]))
        seen = bool(random.random() < 0.5)
        found.append(
            {
                "size": None if random.random() < 0.1 else size,
                "whole": -9 if random.random() < 0.1 else whole,
                "word": None if random.random() < 0.1 else word,
                "seen": seen,
                "half": None if random.random() < 0.5 else whole / 8,
                "one": "same",
                "day": str(np.datetime64("2024-01-01") + int(random.integers(0, 90))),
                "id": f"row {number}",
                "y": None if random.random() < 0.03 else int(whole + seen + random.normal() > 1),
            }
        )
    return found + found[:20]


def to_csv(table: Rows, delimiter: str = ",", quote: str = '"', *, header: bool = True) -> str:
    """Return rows as CSV with every text in quotes and no value as nothing."""

    def field(value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            return quote + value.replace(quote, 2 * quote) + quote
        return repr(int(value) if isinstance(value, bool) else value)

    lines = [delimiter.join(map(field, row.values())) for row in table]
    return "\n".join(([delimiter.join(table[0])] if header else []) + lines) + "\n"


def to_json_lines(table: Rows) -> str:
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in table)


@dataclass
class DataCase:
    """Files, and what a job says about them."""

    write: Callable[[Path], None]
    sources: list[dict[str, Any]]
    dataset: dict[str, Any] = field(default_factory=dict)
    cleaning: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)  #: other sections of the spec

    def spec(self) -> dict[str, Any]:
        """Return the job's spec."""
        return {
            "dataset": {"sources": self.sources, "target": "y", **self.dataset},
            "cleaning": self.cleaning,
            "estimator": {"className": "sklearn.linear_model.LogisticRegression", "parameters": {"max_iter": 30}},
            "search": {"grid": [{"C": [0.1, 2.5]}]},
            "crossValidation": {"folds": 3},
            "output": {"uri": "file:out/"},
            **self.more,
        }


def write_bytes(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def text(name: str, content: str, encoding: str = "utf-8") -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        data = content.encode(encoding)
        write_bytes(folder / name, gzip.compress(data) if name.endswith(".gz") else data)

    return write


def several(*writers: Callable[[Path], None]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        for writer in writers:
            writer(folder)

    return write


def parquet(name: str, table: Rows) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        import polars as pl

        frame = pl.DataFrame(table, infer_schema_length=None).with_columns(pl.col("day").str.to_date())
        frame.write_parquet(folder / name)

    return write


def titled(table: Rows, delimiter: str = ",") -> str:
    """Return CSV as people keep it: two lines above the header, an index without name, comments in between."""
    head, *lines = to_csv(table, delimiter).splitlines()
    index = [f"{number}{delimiter}{line}" for number, line in enumerate(lines)]
    return "\n".join(['A "title', "# of 2024", f"{delimiter}{head}", *index[:9], "# it's a note", "", *index[9:], ""])


def with_gaps(table: Rows) -> Rows:
    """Return the same rows; what has no value is not there, and one name comes late."""
    found: Rows = [{name: value for name, value in row.items() if value is not None} for row in table]
    return [row | ({"late": number, "tags": ["x"]} if number % 7 == 3 else {}) for number, row in enumerate(found)]


def spaced(table: Rows, *, row_names: bool) -> str:
    """Return rows with any number of blanks and tabs between their fields, as R and people with fixed columns write."""
    filled: Rows = [{name: "" if value is None else value for name, value in row.items()} for row in table]
    head, *lines = to_csv(filled, " \t  ").splitlines()
    named = [f"r{number}   {line}" if row_names else f"  {line} " for number, line in enumerate(lines)]
    return "\n".join([head, *named, ""])


def odd_parquet(name: str, table: Rows) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        import polars as pl

        frame = pl.DataFrame(table, infer_schema_length=None).with_columns(
            tags=pl.concat_list("id"), both=pl.struct("id", "word"), raw=pl.col("id").cast(pl.Binary), no=pl.lit(None)
        )
        frame.write_parquet(folder / name)

    return write


def parquet_of(path: Path, table: Rows) -> None:
    import polars as pl

    pl.DataFrame(table, infer_schema_length=None).write_parquet(path)


def dated(table: Rows) -> Rows:
    """Return the same rows with a time that is written as in Germany, and not known of all."""
    times = [np.datetime64("2023-11-28T01:30") + np.timedelta64(977 * number, "m") for number in range(len(table))]
    texts = [time.item().strftime("%d.%m.%Y %H:%M") for time in times]
    return [row | {"seen_at": text} for row, text in zip(table, texts, strict=True)]


def turned(table: Rows) -> Rows:
    """Return the same rows with their columns the other way round."""
    return [dict(reversed(row.items())) for row in table]


def spelled(count: int = 160) -> Rows:
    """Return rows in spellings that a job has to declare: money, shares, codes, booleans and a German number."""
    random = np.random.default_rng(43)
    found: Rows = []
    for number in range(count):
        price, whole = float(random.normal() * 3000), int(random.integers(1, 400))
        money = f"{price:,.2f}".translate(str.maketrans(",.", ".,"))
        flag = bool(random.random() < 0.5)
        found.append(
            {
                "german": None if random.random() < 0.1 else money,
                "price": f"(€ {money[1:]})" if money[0] == "-" else f"€ {money}",
                "share": "n/a" if random.random() < 0.1 else f"{price / 100:.1f} %".replace(".", ","),
                "zip": ("01234", "1234", "99999")[number % 3],
                "code": f"{whole:05d}",
                "flag": (("True", "TRUE", "1"), ("false", "False", "0"))[flag][number % 3],
                "group": ("7", "07", "8", "08", "9", "09", "10")[number % 7],
                "y": f"{int(whole + price / 30 + 100 * flag > 200)},0",
            }
        )
    return found


SPELLED = spelled()
FORMATS = {
    "columnFormats": {
        "price": {"prefix": "€", "negative": "Parentheses"},
        "share": {"suffix": "%"},
        "number": {"thousands": "."},
    },
    "columnMissingValues": {"share": ["n/a"]},
    "columnTypes": {"code": "Numeric", "flag": "Boolean"},
}
EUROPEAN = {"decimal": ",", "thousands": "."}


def with_numbers(table: Rows) -> Rows:
    """Return rows with a column of numbers that a text format does not concern, and one that it does."""
    return [{**row, "number": 1.5 + at, "other": 2.25 * at, "y": float(row["y"][0])} for at, row in enumerate(table)]


ALL = rows()
NO_ID = {"excludeColumns": ["id"]}
EVERYTHING = {
    "dropDuplicateRows": True,
    "dropColumnsMissingAbove": 40,
    "dropConstantColumns": True,
}
PINNED = to_csv(ALL)
ZIPPED = gzip.compress(PINNED.encode(), mtime=0)
BLANK = to_csv(ALL).replace("\n", "\n\n", 3).replace("\n", "\r\n")
CASES: dict[str, DataCase] = {
    "plain": DataCase(text("a.csv", to_csv(ALL)), [{"uri": "file:a.csv"}], NO_ID),
    "all-cleaning": DataCase(text("a.csv", to_csv(ALL)), [{"uri": "file:a.csv"}], NO_ID, EVERYTHING),
    "no-trimming": DataCase(
        text("a.csv", to_csv(ALL)),
        [{"uri": "file:a.csv"}],
        {**NO_ID, "csv": {"missingValues": [" Rom ", "NA"]}},
        {"trimText": False, "dropDuplicateRows": True},
    ),
    "markers": DataCase(
        text("a.csv", to_csv(ALL)),
        [{"uri": "file:a.csv"}],
        {**NO_ID, "csv": {"missingValues": ["-9", " NA", 'a "b"']}},
        EVERYTHING,
    ),
    "markers-of-one-column": DataCase(
        text("a.csv", to_csv(ALL)),
        [{"uri": "file:a.csv"}],
        {**NO_ID, "csv": {"missingValues": ["NA"]}, "columnMissingValues": {"whole": ["0", " -9 "], "word": ["rom"]}},
        EVERYTHING,
    ),
    "declared-categorical": DataCase(
        text("a.csv", to_csv(ALL)),
        [{"uri": "file:a.csv"}],
        {**NO_ID, "columnTypes": {"whole": "Categorical", "y": "Categorical", "size": "Numeric"}, "positiveClass": "0"},
    ),
    "byte-order-mark-and-blank-lines": DataCase(text("a.csv", BLANK, "utf-8-sig"), [{"uri": "file:a.csv"}], NO_ID),
    "no-header-latin-1": DataCase(
        text("a.txt", to_csv(ALL, ";", "'", header=False), "latin-1"),
        [{"uri": "file:a.txt"}],
        {
            **NO_ID,
            "csv": {
                "header": False,
                "columnNames": list(ALL[0]),
                "delimiter": ";",
                "quoteCharacter": "'",
                "encoding": "Latin1",
            },
        },
    ),
    "title-index-and-comments": DataCase(
        several(text("a.csv", titled(ALL[:90]), "cp1252"), text("b.csv.gz", titled(turned(ALL[90:])), "cp1252")),
        [{"uri": "file:a.csv"}, {"uri": "file:b.csv.gz"}],
        {**NO_ID, "csv": {"skipLines": 2, "comment": "#", "unnamedColumns": "Drop", "encoding": "Windows1252"}},
        EVERYTHING,
    ),
    "white-space-and-row-names": DataCase(
        text("a.txt", spaced(ALL, row_names=True)),
        [{"uri": "file:a.txt"}],
        {"excludeColumns": ["id", "Unnamed: 0"], "csv": {"delimiter": "Whitespace", "unnamedColumns": "Name"}},
    ),
    "white-space-by-pandas": DataCase(
        text("a.txt", spaced(ALL, row_names=False)),
        [{"uri": "file:a.txt"}],
        {**NO_ID, "csv": {"delimiter": "Whitespace"}},
    ),
    "compressed": DataCase(text("a.csv.gz", to_csv(ALL)), [{"uri": "file:a.csv.gz"}], NO_ID),
    "two-sources-other-order": DataCase(
        several(text("a.csv", to_csv(ALL[:90])), text("b.csv.gz", to_csv(turned(ALL[90:])))),
        [{"uri": "file:b.csv.gz"}, {"uri": "file:a.csv"}],
        NO_ID,
        EVERYTHING,
    ),
    "pattern-and-folder": DataCase(
        several(
            text("p/b-2.csv", to_csv(ALL[:50])),
            text("p/b-10.csv", to_csv(ALL[50:80])),
            text("p/c.txt", "no"),
            text("p/_SUCCESS.csv", ""),
            text("q/deep/er/x.csv", to_csv(ALL[80:])),
        ),
        [{"uri": "file:p/b-*.csv"}, {"uri": "file:q/**/*.csv"}],
        NO_ID,
    ),
    "pinned": DataCase(
        several(text("a.csv", PINNED), text("b.csv.gz", to_csv(ALL))),
        [{"uri": "file:a.csv", "sha256": hashlib.sha256(PINNED.encode()).hexdigest()}, {"uri": "file:b.csv.gz"}],
        NO_ID,
    ),
    "pinned-compressed": DataCase(
        lambda folder: write_bytes(folder / "a.csv.gz", ZIPPED),
        [{"uri": "file:a.csv.gz", "sha256": hashlib.sha256(ZIPPED).hexdigest()}],
        NO_ID,
    ),
    "json-lines": DataCase(text("a.jsonl", to_json_lines(ALL)), [{"uri": "file:a.jsonl"}], NO_ID, EVERYTHING),
    "json-lines-compressed-and-markers": DataCase(
        text("a.ndjson.gz", to_json_lines(ALL)),
        [{"uri": "file:a.ndjson.gz"}],
        {**NO_ID, "csv": {"missingValues": ["-9"]}, "columnTypes": {"half": "Categorical"}},
    ),
    "json-list-and-absent-names": DataCase(
        several(
            text("a.json", json.dumps(with_gaps(ALL[:90]), indent=1)),
            text("b.jsonl", to_json_lines(with_gaps(ALL[90:]))),
        ),
        [{"uri": "file:a.json"}, {"uri": "file:b.jsonl"}],
        {"excludeColumns": ["id", "tags"]},
        EVERYTHING,
    ),
    "parquet": DataCase(parquet("a.parquet", ALL), [{"uri": "file:a.parquet"}], NO_ID, EVERYTHING),
    "parquet-of-odd-types": DataCase(
        odd_parquet("a.parquet", ALL),
        [{"uri": "file:a.parquet"}],
        {"excludeColumns": ["tags", "both", "raw", "no"], "columnTypes": {"id": "Categorical"}},
        EVERYTHING,
    ),
    "parquet-markers-and-categorical": DataCase(
        parquet("a.parquet", ALL),
        [{"uri": "file:a.parquet"}],
        {
            **NO_ID,
            "csv": {"missingValues": ["-9", "0.25"]},
            "columnTypes": {"size": "Categorical", "half": "Categorical"},
        },
    ),
    "parquet-markers-of-one-column": DataCase(
        parquet("a.parquet", ALL),
        [{"uri": "file:a.parquet"}],
        {**NO_ID, "columnMissingValues": {"whole": ["0", "-9"], "half": ["0", "0.25"], "id": ["row 1"]}},
    ),
    "dates": DataCase(
        text("a.csv", to_csv(dated(ALL))),
        [{"uri": "file:a.csv"}],
        {
            **NO_ID,
            "columnTypes": {"day": "Date", "seen_at": "Date", "word": "Categorical"},
            "dateParts": {"seen_at": ["Quarter", "Day", "DayOfYear", "Hour", "DaysSinceEpoch"]},
            "dateFormats": {"seen_at": "%d.%m.%Y %H:%M"},
            "columnMissingValues": {"day": ["2024-01-05"]},
        },
        EVERYTHING,
    ),
    "dates-of-parquet-ordered-by-another-date": DataCase(
        parquet("a.parquet", dated(ALL)),
        [{"uri": "file:a.parquet"}],
        {
            **NO_ID,
            "columnTypes": {"day": "Date"},
            "timeColumn": "seen_at",
            "dateFormats": {"seen_at": "%d.%m.%Y %H:%M"},
        },
    ),
    "formats-mixed": DataCase(
        several(parquet("a.parquet", ALL[:90]), text("b.jsonl", to_json_lines(ALL[90:])), text("c.csv", to_csv(ALL))),
        [{"uri": "file:b.jsonl"}, {"uri": "file:a.parquet"}, {"uri": "file:c.csv"}],
        NO_ID,
        {"dropDuplicateRows": True},
    ),
    "numbers-in-another-spelling": DataCase(
        text("a.csv", to_csv(SPELLED, ";")),
        [{"uri": "file:a.csv"}],
        {
            **FORMATS,
            "columnFormats": {name: FORMATS["columnFormats"][name] for name in ("price", "share")},
            "csv": {"delimiter": ";", **EUROPEAN},
            "groupColumn": "group",
        },
    ),
    "numbers-in-another-spelling-beside-those-of-json-and-parquet": DataCase(
        several(
            text("a.jsonl", to_json_lines(with_numbers(SPELLED[:90]))),
            lambda folder: parquet_of(folder / "b.parquet", with_numbers(SPELLED[90:])),
        ),
        [{"uri": "file:a.jsonl"}, {"uri": "file:b.parquet"}],
        {**FORMATS, "csv": EUROPEAN},
    ),
    "header-again-and-again": DataCase(
        text("a.csv", to_csv(ALL[:60]) + to_csv(ALL[60:90]).replace('"id"', ' "id"') + to_csv(ALL[90:])),
        [{"uri": "file:a.csv"}],
        {**NO_ID, "csv": {"repeatedHeader": "Drop"}},
    ),
    "group-and-time-columns-that-nothing-needs": DataCase(
        text("a.csv", to_csv(ALL)),
        [{"uri": "file:a.csv"}],
        {**NO_ID, "timeColumn": "day", "groupColumn": "seen"},
        more={"split": {"method": "Stratified"}},
    ),
}
