"""Write the data of the examples, each beside a copy of its job.

Usage: python examples/make_data.py [FOLDER]

Three tables come with scikit-learn, three are made here, always the same. The folder is `try` unless it is named.
"""

import csv
import datetime as dt
import random
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).resolve().parent
Rows = Iterable[list[object]]


def bundled(name: str, target: str) -> tuple[list[str], Rows]:
    """Return names and rows of a table of scikit-learn's, classes by their names."""
    from sklearn import datasets

    found = getattr(datasets, f"load_{name}")()
    labels = found.get("target_names")
    texts = [number if labels is None else labels[number] for number in found.target.tolist()]
    return [*found.feature_names, target], [[*row, text] for row, text in zip(found.data.tolist(), texts, strict=True)]


def machines(draw: random.Random) -> tuple[list[str], Rows]:
    """Return readings of 40 machines, several of each, that are alike within a machine."""
    rows: list[list[object]] = []
    for number in range(40):
        age, habit = draw.uniform(0, 10), draw.gauss(0, 4)
        for _ in range(draw.randrange(6, 15)):
            load = draw.uniform(0.2, 1)
            temperature = 40 + 25 * load + 1.5 * age + habit + draw.gauss(0, 2)
            vibration = 0.5 + 0.1 * age + draw.gauss(0, 0.2)
            failed = "yes" if temperature / 20 + vibration + draw.gauss(0, 0.4) > 4.3 else "no"
            rows.append([f"M{number:02}", round(load, 2), round(temperature, 1), round(vibration, 2), failed])
    return ["machine", "load", "temperature", "vibration", "failed"], rows


def flats(draw: random.Random) -> tuple[list[str], Rows]:
    """Return offers of flats as a spreadsheet in German writes them: decimal commas, and dots in large numbers."""
    rows: list[list[object]] = []
    for _ in range(400):
        district = draw.choice(["Mitte", "Nord", "Süd", "Hafen", "Weststadt"])
        size, year = draw.uniform(25, 140), draw.randrange(1890, 2024)
        heating = draw.choice(["Gas", "Fernwärme", "Öl", ""])
        price = (
            300 + 11 * size + {"Mitte": 250, "Hafen": 400}.get(district, 0) + (year > 2000) * 150 + draw.gauss(0, 60)
        )
        rent = f"{price:,.2f}".translate(str.maketrans(",.", ".,"))
        rows.append([district, f"{size:.1f}".replace(".", ","), year, heating or "k. A.", rent])
    return ["Lage", "Fläche", "Baujahr", "Heizung", "Miete"], rows


def demand(draw: random.Random) -> tuple[list[str], Rows]:
    """Return how many bicycles were lent on each day of two years."""
    rows: list[list[object]] = []
    for number in range(730):
        day = dt.date(2024, 1, 1) + dt.timedelta(number)
        warmth = 12 - 11 * abs((number % 365) - 190) / 90 + draw.gauss(0, 3)
        rain = max(0.0, draw.gauss(-1, 3))
        lent = 300 + 22 * warmth - 35 * rain + 90 * (day.weekday() < 5) + number / 6 + draw.gauss(0, 40)
        rows.append([day.isoformat(), day.strftime("%a"), round(warmth, 1), round(rain, 1), max(0, round(lent))])
    return ["day", "weekday", "warmth", "rain", "lent"], rows


def write(path: Path, table: tuple[list[str], Rows], *, delimiter: str = ",", encoding: str = "utf-8") -> None:
    """Write a table with a header line."""
    names, rows = table
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter).writerows([names, *rows])


def main(folder: Path) -> None:
    """Write data and jobs into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "wine.csv", bundled("wine", "cultivar"))
    write(folder / "diabetes.csv", bundled("diabetes", "progression"))
    write(folder / "digits.csv", bundled("digits", "digit"))
    write(folder / "machines.csv", machines(random.Random(1)))
    write(folder / "flats.csv", flats(random.Random(2)), delimiter=";", encoding="cp1252")
    write(folder / "demand.csv", demand(random.Random(3)))
    for path in sorted(folder.glob("*.csv")):
        job = HERE / f"{path.stem}.yaml"
        if job.exists():
            shutil.copyfile(job, folder / job.name)
            print(f"gridfold run {folder / job.name}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "try"))
