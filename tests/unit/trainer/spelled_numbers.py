"""Numbers in other spellings, and what is needed to follow the words that are said of them."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from gridfold.api.v1alpha1 import ColumnType
from gridfold_trainer.data.assemble import Assembled, assemble
from gridfold_trainer.data.sources import fetch, locate
from tests.unit.trainer.data_jobs import context, stage_input

Spell = Callable[[str], str]
ROWS = 40
#: With fractions and without, small and large, both signs; as Python writes them.
PLAIN = [f"{(-1) ** number * (number + 0.25) * 7.13:.2f}" for number in range(ROWS)]
LARGE = [f"{(-1) ** number * (1234.5 + 91234.25 * number):.2f}" for number in range(ROWS)]
WHOLE = [str(1000 + 98765 * number) for number in range(ROWS)]
SMALL = [str(number) for number in range(1, ROWS + 1)]


def comma(text: str) -> str:
    return text.replace(".", ",")


def grouped(mark: str, decimal: str = ".") -> Spell:
    return lambda text: format(float(text), ",.2f").translate(str.maketrans({",": mark, ".": decimal}))


def whole(mark: str) -> Spell:
    return lambda text: format(int(text), ",").replace(",", mark)


def indian(text: str) -> str:
    head, tail = text[:-3], text[-3:]
    return ",".join([*re.findall(r"\d{1,2}(?=(?:\d\d)*$)", head), tail])


def around(before: str = "", after: str = "", inner: Spell = str) -> Spell:
    return lambda text: f"{before}{inner(text)}{after}"


def negative(shape: str, inner: Spell = str) -> Spell:
    return lambda text: shape.format(inner(text[1:])) if text[0] == "-" else inner(text)


#: Spelled texts of plain ones, and what the warning must say to write.
SPELLINGS: dict[str, tuple[list[str], Spell, str]] = {
    "decimal comma": (PLAIN, comma, 'dataset.csv.decimal: ","'),
    "decimal comma with an exponent": (["1.5e3", "-2.5E-1", "3.25"] * 5, comma, 'dataset.csv.decimal: ","'),
    "comma without whole part": ([".5", "1.5", "-.25"] * 5, comma, 'dataset.csv.decimal: ","'),
    "thousands and point": (LARGE, grouped(","), 'dataset.csv.thousands: ","'),
    "thousands, whole": (WHOLE, whole(","), 'dataset.csv.thousands: ","'),
    "lakhs": (WHOLE, indian, 'dataset.csv.thousands: ","'),
    "European": (LARGE, grouped(".", ","), 'dataset.csv.decimal: "," and dataset.csv.thousands: "."'),
    "space": (LARGE, grouped(" "), 'dataset.csv.thousands: " "'),
    "no-break space": (WHOLE, whole("\u00a0"), 'dataset.csv.thousands: " "'),
    "narrow no-break space": (LARGE, grouped("\u202f", ","), 'dataset.csv.decimal: "," and dataset.csv.thousands: " "'),
    "thin space": (WHOLE, whole("\u2009"), 'dataset.csv.thousands: " "'),
    "apostrophe": (LARGE, grouped("'"), 'dataset.csv.thousands: "\'"'),
    "typographic apostrophe": (LARGE, grouped("\u2019"), 'dataset.csv.thousands: "\'"'),
    "underscore": (WHOLE, whole("_"), 'dataset.csv.thousands: "_"'),
    "dollars": (PLAIN, around("$"), 'dataset.columnFormats: {v: {prefix: "$"}}'),
    "dollars, sign first": (
        PLAIN,
        lambda text: f"-${text[1:]}" if text[0] == "-" else f"${text}",
        '{v: {prefix: "$"}}',
    ),
    "dollars and thousands": (LARGE, around("$", inner=grouped(",")), '{v: {thousands: ",", prefix: "$"}}'),
    "dollars, accounting": (
        LARGE,
        negative("({})", around("$", inner=grouped(","))),
        '{v: {thousands: ",", prefix: "$", negative: Parentheses}}',
    ),
    "pounds with a gap": (PLAIN, around("£ "), '{v: {prefix: "£"}}'),
    "euros before": (PLAIN, around("€ ", inner=comma), '{v: {decimal: ",", prefix: "€"}}'),
    "euros after": (
        LARGE,
        around(after=" €", inner=grouped(".", ",")),
        '{v: {decimal: ",", thousands: ".", suffix: "€"}}',
    ),
    "currency code after": (PLAIN, around(after=" EUR"), '{v: {suffix: "EUR"}}'),
    "currency code before": (WHOLE, around("USD "), '{v: {prefix: "USD"}}'),
    "rupees": (WHOLE, around("Rs.", inner=indian), '{v: {thousands: ",", prefix: "Rs."}}'),
    "Swiss francs": (LARGE, around("CHF ", inner=grouped("'")), '{v: {thousands: "\'", prefix: "CHF"}}'),
    "per cent": (PLAIN, around(after="%"), 'dataset.columnFormats: {v: {suffix: "%"}}'),
    "per cent with a gap": (PLAIN, around(after=" %", inner=comma), '{v: {decimal: ",", suffix: "%"}}'),
    "unit": (PLAIN, around(after=" kg"), '{v: {suffix: "kg"}}'),
    "unit without a gap": (PLAIN, around(after="mm"), '{v: {suffix: "mm"}}'),
    "unit with a digit": (PLAIN, around(after=" m2"), '{v: {suffix: "m2"}}'),
    "degrees": (PLAIN, around(after="°C"), '{v: {suffix: "°C"}}'),
    "months": (SMALL, around(after=" months"), '{v: {suffix: "months"}}'),
    "parentheses": (PLAIN, negative("({})"), "{v: {negative: Parentheses}}"),
    "minus of Unicode": (PLAIN, negative("\u2212{}"), "{v: {negative: UnicodeMinus}}"),
    "an en dash for minus": (PLAIN, negative("\u2013{}"), "{v: {negative: UnicodeMinus}}"),
    "minus behind": (PLAIN, negative("{}-"), "{v: {negative: Trailing}}"),
    "minus of Unicode and comma": (PLAIN, negative("\u2212{}", comma), '{v: {decimal: ",", negative: UnicodeMinus}}'),
    "about": (PLAIN, around("~"), '{v: {prefix: "~"}}'),
    "number sign": (SMALL, around("#"), '{v: {prefix: "#"}}'),
    "quotes within quotes": (PLAIN, around('"', '"'), r'{v: {prefix: "\"", suffix: "\""}}'),
    "an apostrophe before": (PLAIN, around("'"), '{v: {prefix: "\'"}}'),
}


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def csv(columns: dict[str, list[str]], delimiter: str = ",") -> str:
    rows = zip(*columns.values(), strict=True)
    return "\n".join([delimiter.join(map(quoted, columns)), *(delimiter.join(map(quoted, row)) for row in rows)]) + "\n"


def table(texts: list[str], **more: list[str]) -> dict[str, list[str]]:
    return {"v": texts, **more, "y": [("no", "yes")[number % 2] for number in range(len(texts))]}


def prepared(
    folder: Path,
    content: str,
    dataset: dict[str, Any] | None = None,
    name: str = "data.csv",
    *,
    classifier: bool = True,
) -> Assembled:
    """Read one file as a job does."""
    (folder / name).write_text(content, encoding="utf-8")
    job = stage_input(dataset={"sources": [{"uri": f"file:{name}"}], **(dataset or {})})
    where = context(folder)
    files = fetch(job.spec.dataset.sources, locate(job.spec.dataset.sources, where), where)
    return assemble(job.spec, files, where, classifier=classifier)


def column(found: Assembled, name: str = "v") -> np.ndarray:
    """Return a numeric column of the matrix."""
    assert found.matrix is not None
    numbers = [number for number, column in enumerate(found.columns) if column.name == name]
    assert found.columns[numbers[0]].type is ColumnType.NUMERIC
    return np.asarray(np.load(found.matrix)[:, numbers[0]])


ADVICE = re.compile(r"(?:dataset\.)?(csv\.\w+|column\w+): ")


def advised(words: str) -> list[dict[str, Any]]:
    """Return what a warning says to write, each piece as a part of spec.dataset."""
    found = []
    for match in ADVICE.finditer(words):
        rest = words[match.end() :]
        ends = [end for end in range(1, len(rest) + 1) if rest[end - 1] in "}]\"'"]
        value = next(value for end in ends if (value := parsed(rest[:end])) is not None)
        outer, _, inner = match[1].partition(".")
        found.append({outer: {inner: value} if inner else value})
    return found


def parsed(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    dataset: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            dataset[name] = {**dataset.get(name, {}), **value}
    return dataset


def same_bits(found: np.ndarray, expected: list[float]) -> None:
    assert found.tobytes() == np.array(expected, dtype=np.float64).tobytes()
