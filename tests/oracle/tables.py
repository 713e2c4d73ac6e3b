"""The tables of the oracle suite: bundled, real and adversarial data, as rows of texts."""

import csv
from typing import Any

import numpy as np

from tests.real_data import data_folder

Table = tuple[list[str], list[list[str]]]


def bundled(name: str, rows: int | None = None) -> Table:
    """Return a data set that comes with scikit-learn; classes by name where they have one."""
    from sklearn import datasets

    found = getattr(datasets, f"load_{name}")()
    names = [str(feature) for feature in getattr(found, "feature_names", range(found.data.shape[1]))]
    named = getattr(found, "target_names", None)
    labels = [repr(float(number)) if named is None else str(named[int(number)]) for number in found.target]
    table = [[*map(repr, map(float, row)), label] for row, label in zip(found.data, labels, strict=True)]
    return [*names, "target"], table[:rows]


def mixed(rows: int = 300) -> Table:
    """Return adversarial rows: texts that sort unlike words, ties, holes, constants, huge numbers.

    `rare` has a category that most folds miss, `sparse` is nearly empty, `same` is constant.
    """
    random = np.random.default_rng(11)
    colour = random.choice(["Zinc", "apple", "Äpfel", "zebra", "10", "9", "e\u0301", "é"], rows)
    rare = np.where(random.random(rows) < 0.01, "once", random.choice(["a", "b"], rows))
    size = random.normal(size=rows) * 10.0 ** random.integers(-8, 9, rows)
    whole = random.integers(0, 4, rows)
    signal = (whole > 1) * 1.0 + (colour == "é") * 2.0 + random.normal(size=rows) * 0.6
    target = np.where(signal > 1.2, "yes", "no")
    table = []
    for i in range(rows):
        fields = [
            str(colour[i]),
            repr(float(size[i])),
            str(rare[i]),
            str(int(whole[i])),
            "",
            "7",
            repr(float(signal[i] ** 3)),
        ]
        for hole, share in ((0, 0.1), (1, 0.2), (3, 0.05), (6, 0.3)):
            if random.random() < share:
                fields[hole] = ""
        fields[4] = "-0.0" if i % 40 == 0 else ""
        table.append([*fields, str(target[i])])
    return ["colour", "size", "rare", "whole", "sparse", "same", "noise", "target"], table


def numbers(rows: int = 260) -> Table:
    """Return the adversarial rows with a target that is a number: negative, huge, tiny, and 0 among them."""
    names, table = mixed(rows)
    random = np.random.default_rng(17)
    signal = random.normal(size=rows) + np.array([row[0] == "é" for row in table]) * 3.0
    target = np.where(random.random(rows) < 0.05, 0.0, signal * 10.0 ** random.integers(-2, 3, rows))
    return names, [[*row[:-1], repr(float(number))] for row, number in zip(table, target, strict=True)]


def respelled(table: Table, spellings: dict[str, str]) -> Table:
    """Return a table whose classes have other names."""
    names, rows = table
    return names, [[*row[:-1], spellings[row[-1]]] for row in rows]


def grouped(table: Table, *, words: bool) -> Table:
    """Return a table with a column of groups of unequal sizes, named so that numbers and words sort differently."""
    names, rows = table
    random = np.random.default_rng(23)
    codes = np.minimum(random.geometric(0.08, len(rows)), 30)
    labels = [f"Haus {code}" if words else f"{code}.0" for code in codes]
    return ["household", *names], [[label, *row] for label, row in zip(labels, rows, strict=True)]


def three_classes(table: Table) -> Table:
    """Return a table with a third class, of some rows of the first."""
    names, rows = table
    return names, [[*row[:-1], "perhaps" if i % 5 == 0 else row[-1]] for i, row in enumerate(rows)]


def one_class_folds(table: Table) -> Table:
    """Return a table with two groups, of which one has all rows of the class that sorts last."""
    names, rows = table
    last = max(row[-1] for row in rows)
    groups = ["all" if row[-1] == last or number % 3 == 0 else "rest" for number, row in enumerate(rows)]
    return ["household", *names], [[group, *row] for group, row in zip(groups, rows, strict=True)]


def in_folds(table: Table, names: list[str]) -> Table:
    """Return a table with a column that names each row's fold."""
    columns, rows = table
    drawn = np.random.default_rng(41).integers(0, len(names), len(rows))
    return ["part", *columns], [[names[number], *row] for number, row in zip(drawn, rows, strict=True)]


def timed(table: Table, *, dates: bool) -> Table:
    """Return a table with a column of times out of order, many of them equal."""
    names, rows = table
    days = np.random.default_rng(29).integers(-200, 400, len(rows))
    texts = [str(np.datetime64("2024-02-29") + day) if dates else f"{day / 8:g}" for day in days]
    return ["recorded_at", *names], [[text, *row] for text, row in zip(texts, rows, strict=True)]


def rare(rows: int = 150) -> Table:
    """Return rows of which so few are of one class that some folds have none of it."""
    random = np.random.default_rng(31)
    target = np.array(["usual"] * rows, dtype=object)
    target[random.choice(rows, 9, replace=False)] = "rare"
    X = random.normal(size=(rows, 3)) + (target == "rare")[:, None]
    return ["a", "b", "c", "target"], [[*map(repr, map(float, row)), y] for row, y in zip(X, target, strict=True)]


def many_classes(rows: int = 400) -> Table:
    """Return rows of seven unequal classes with numeric labels written in several ways."""
    random = np.random.default_rng(5)
    codes = random.choice(7, rows, p=[0.4, 0.2, 0.15, 0.1, 0.05, 0.05, 0.05])
    spelled = ["10", "2", "-1", "35", "1e2", "07", "0"]
    X = random.normal(size=(rows, 6)) + codes[:, None] * random.random(6)
    table = [[*map(repr, map(float, row)), spelled[code]] for row, code in zip(X, codes, strict=True)]
    return [*(f"x{i}" for i in range(6)), "target"], table


def real(name: str, columns: int, rows: int | None = None) -> Table:
    """Return a data set of the folder of real ones: no header, the target last."""
    with (data_folder() / name).open(newline="", encoding="utf-8") as lines:
        table = list(csv.reader(lines))
    return [*(f"c{i}" for i in range(columns - 1)), "target"], table[:rows]


def with_noise(table: Table, split: dict[str, Any]) -> Table:
    """Return the table with other features in every row of the validation and test part; targets and types stay."""
    from sklearn.model_selection import train_test_split

    names, rows = table
    y = np.unique([row[-1] for row in rows], return_inverse=True)[1]
    rest, test = train_test_split(
        np.arange(len(y)), test_size=split["test"] / 100, random_state=split["seed"], stratify=y
    )
    share = split["validation"] / (100 - split["test"])
    _, validation = train_test_split(rest, test_size=share, random_state=split["seed"], stratify=y[rest])
    random = np.random.default_rng(99)
    noisy = [list(row) for row in rows]
    for number in (*validation, *test):
        for column, field in enumerate(rows[number][:-1]):
            text = field and not field.lstrip("-").replace(".", "").replace("e", "").replace("-", "").isdigit()
            noisy[number][column] = f"n{random.integers(1000)}" if text else repr(float(random.normal() * 1e6))
    return names, noisy
