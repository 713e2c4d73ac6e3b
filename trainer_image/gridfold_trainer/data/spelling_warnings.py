"""Warnings of columns that are categories and most likely were meant as something else, with the words to write.

Every advice is one that works: following it makes the column what the warning says (a test follows each).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gridfold.api.v1alpha1 import ColumnType, Dataset, Negative
from gridfold.domain.number_formats import BOOLEANS, Spelling
from gridfold_trainer.data.number_readers import CODE
from gridfold_trainer.data.numbers import NUMBER
from gridfold_trainer.data.prepared import Column
from gridfold_trainer.data.spelling_guess import Guess, guess, nearly_all, sampled, undeclarable
from gridfold_trainer.data.telling import flow_list, flow_map, listed, quoted, shown, told

#: Texts that programs write where there is no value.
_NOTHING = {"null", "none", "nan", "<na>", "#n/a", "n/a", "na"}
_CONVERT = "Convert these to numbers before, or declare them Categorical in dataset.columnTypes:"
_SPELLED = "numbers in another spelling are categories now in"
_MARKERS, _MARKERS_ROOM = 5, 200
_EXAMPLES = 3


@dataclass(frozen=True)
class _Texts:
    """A column of categories whose type is open."""

    name: str
    texts: Sequence[str]
    guess: Guess | None = None


class SpellingWarnings:
    """Looks at columns as they come, and has something to say when all have come."""

    def __init__(self, dataset: Dataset) -> None:
        """Begin."""
        self._dataset = dataset
        self._spelled: list[_Texts] = []
        self._codes: list[_Texts] = []
        self._booleans: list[_Texts] = []
        self._among: list[_Texts] = []
        self._nothing: list[_Texts] = []
        self._undeclarable: dict[str, list[str]] = {}

    def look_at(self, column: Column, *, gaps: bool = False) -> None:
        """Take a column; `gaps` tells whether values are missing in it."""
        name, texts = column.name, column.categories
        if column.type is not ColumnType.CATEGORICAL or name in self._dataset.column_types or not texts:
            return
        found = guess(texts, Spelling.of(self._dataset, name))
        if found is not None:
            self._spelled.append(_Texts(name, texts, found))
            return
        other = undeclarable(texts)
        if other is not None:
            self._undeclarable.setdefault(other[0], []).append(f"{name} ({shown(other[1])})")
            return
        for matches, kept in (
            (_are_codes, self._codes),
            (_are_booleans, self._booleans),
            (_are_among_numbers, self._among),
        ):
            if matches(texts):
                kept.append(_Texts(name, texts))
                return
        if gaps and any(text.lower() in _NOTHING for text in sampled(texts)):
            self._nothing.append(_Texts(name, texts))

    def look_at_classes(self, name: str, texts: Sequence[str]) -> None:
        """Take the classes of a target, where they are texts: NaN is most likely none."""
        nothing = [text for text in texts if text.lower() in _NOTHING]
        if name not in self._dataset.column_types and nothing:
            self._nothing.append(_Texts(name, nothing))

    def look_at_groups(self, name: str, texts: Sequence[str]) -> None:
        """Take the groups: 01234 and 1234 are two."""
        if name not in self._dataset.column_types and texts and _are_codes(texts):
            self._codes.append(_Texts(name, texts))

    def words(self, breaks_decimals: Callable[[], bool]) -> list[str]:
        """Return what to say.

        Args:
            breaks_decimals: tells whether other columns have numbers with a decimal point.
        """
        return [
            *_spelled_words(self._spelled, self._dataset, breaks_decimals),
            *_code_words(self._codes),
            *_boolean_words(self._booleans),
            *_among_words(self._among),
            *_nothing_words(self._nothing),
            *(told(_CONVERT, f"{kind} in", items) for kind, items in self._undeclarable.items()),
        ]


def advice_of(dataset: Dataset, name: str, texts: Sequence[str]) -> str:
    """Return what to write for texts that should be numbers, "" where nothing helps but to correct them."""
    found = guess(texts, Spelling.of(dataset, name))
    if found is not None:
        column = _Texts(name, texts, found)
        words = _doubtful(column, dataset) if found.also else _in_formats([column], dataset)
        return f"write {words}{_others([column])}"
    if _are_among_numbers(texts):
        markers = [text for text in texts if not re.fullmatch(NUMBER, text)][:_MARKERS]
        return f"write dataset.columnMissingValues: {flow_map({name: flow_list(markers)})} if that means no value"
    other = undeclarable(texts)
    return f"convert its {other[0]}, such as {shown(other[1])}, to numbers before" if other else ""


def _are_codes(texts: Sequence[str]) -> bool:
    numbers = sum(bool(re.fullmatch(NUMBER, text)) for text in texts)
    return numbers == len(texts) and any(re.fullmatch(CODE, text) for text in texts)


def _are_booleans(texts: Sequence[str]) -> bool:
    values = [BOOLEANS[text.lower()] for text in texts if text.lower() in BOOLEANS]
    words = any(text.lower() in {"true", "false"} for text in texts)
    return words and nearly_all(len(values), len(texts)) and len(set(values)) < len(texts)


def _are_among_numbers(texts: Sequence[str]) -> bool:
    """Tell whether most texts of a column are numbers and some are none."""
    others = sum(not re.fullmatch(NUMBER, text) for text in texts)
    return 0 < 2 * others < len(texts)


def _spelled_words(found: list[_Texts], dataset: Dataset, breaks_decimals: Callable[[], bool]) -> Iterator[str]:
    certain = [column for column in found if column.guess and column.guess.also is None]
    simple = [column for column in certain if column.guess and _is_everywhere(column.guess.spelling)]
    everywhere = _everywhere(simple, found, dataset)
    if everywhere is not None and (everywhere.decimal != "," or not breaks_decimals()):
        fields = [("decimal", everywhere.decimal, "."), ("thousands", everywhere.thousands, "")]
        words = " and ".join(f'dataset.csv.{name}: "{mark}"' for name, mark, now in fields if mark != now)
        yield told(f"Write {words}{_others(simple)}:", _SPELLED, list(map(_example, simple)))
        certain = [column for column in certain if column not in simple]
    if certain:
        advice = f"Write {_in_formats(certain, dataset)}{_others(certain)}"
        yield told(f"{advice} (or declare them Categorical in columnTypes):", _SPELLED, list(map(_example, certain)))
    for column in found:
        if column.guess and column.guess.also:
            words = f"Write {_doubtful(column, dataset)}{_others([column])}"
            yield f"{words}: now the numbers of {column.name} are categories."


def _doubtful(column: _Texts, dataset: Dataset) -> str:
    """Return both meanings of a column, each with its words."""
    if column.guess is None or column.guess.also is None:
        raise AssertionError("a column whose meaning is not in doubt")
    first, second = column.guess, column.guess.also
    meanings = [(second, column.guess.also_value), (first.spelling, first.value)]
    return " or ".join(
        f"dataset.columnFormats: {flow_map({column.name: _format(spelling, dataset)})} if {shown(first.example)} means "
        f"{value:.12g}"
        for spelling, value in meanings
    )


def _is_everywhere(spelling: Spelling) -> bool:
    """Tell whether it can be said for all columns at once."""
    return not (spelling.prefix or spelling.suffix) and spelling.negative is Negative.MINUS


def _everywhere(columns: list[_Texts], others: list[_Texts], dataset: Dataset) -> Spelling | None:
    """Return the one spelling of all these columns, None where they do not agree or others would be spelled wrongly."""
    spellings = [column.guess.spelling for column in columns if column.guess]
    decimals = {column.guess.spelling.decimal for column in others if column.guess}
    thousands = {spelling.thousands for spelling in spellings} - {""}
    if not columns or len(decimals) != 1 or len(thousands) > 1 or dataset.csv.decimal or dataset.csv.thousands:
        return None
    decimal, mark = decimals.pop(), thousands.pop() if thousands else ""
    return None if decimal == mark else Spelling(decimal, mark)


def _in_formats(columns: list[_Texts], dataset: Dataset) -> str:
    entries = {column.name: _format(column.guess.spelling, dataset) for column in columns if column.guess}
    return f"dataset.columnFormats: {flow_map(entries)}"


def _format(spelling: Spelling, dataset: Dataset) -> str:
    """Return a spelling as YAML, beside what csv says for all columns."""
    decimal, thousands = dataset.csv.decimal or ".", dataset.csv.thousands or ""
    fields = {"decimal": spelling.decimal} if spelling.decimal != decimal else {}
    mark = spelling.thousands or ({".": ",", ",": "."}[spelling.decimal] if thousands == spelling.decimal else "")
    if mark and mark != thousands:
        fields["thousands"] = mark
    fields |= {name: text for name in ("prefix", "suffix") if (text := getattr(spelling, name))}
    words = {name: quoted(text) for name, text in fields.items()}
    if spelling.negative is not Negative.MINUS:
        words["negative"] = spelling.negative.value
    return f"{{{', '.join(f'{name}: {text}' for name, text in words.items())}}}"


def _others(columns: Sequence[_Texts]) -> str:
    """Return what to write for texts that are no numbers in that spelling either."""
    others = {column.name: column.guess.others for column in columns if column.guess and column.guess.others}
    if not others:
        return ""
    few = {name: flow_list(texts) for name, texts in others.items() if len(texts) <= _MARKERS}
    many = [f"{name} ({len(texts)}, such as {shown(texts[0])})" for name, texts in others.items() if name not in few]
    words = f", and dataset.columnMissingValues: {flow_map(few, 120)} if that means no value" if few else ""
    return words + (f", and correct the texts of {listed(many, 60)}" if many else "")


def _example(column: _Texts) -> str:
    return f"{column.name} ({shown(column.guess.example)})" if column.guess else column.name


def _code_words(found: list[_Texts]) -> Iterator[str]:
    if found:
        names = [column.name for column in found]
        shown_codes = [f"{c.name} ({shown(next(t for t in c.texts if re.fullmatch(CODE, t)))})" for c in found]
        yield told(
            f"Write dataset.columnTypes: {flow_map(dict.fromkeys(names, 'Numeric'))} if these are numbers, Categorical "
            f"if they are codes, as they are taken now:",
            "leading zeros in",
            shown_codes,
        )


def _boolean_words(found: list[_Texts]) -> Iterator[str]:
    if found:
        types = flow_map(dict.fromkeys([column.name for column in found], "Boolean"))
        others = ""
        for column in found:
            markers = [text for text in column.texts if text.lower() not in BOOLEANS]
            if markers:
                others += f", and dataset.columnMissingValues: {flow_map({column.name: flow_list(markers)})}"
        items = [f"{c.name} ({', '.join(map(shown, c.texts[:_EXAMPLES]))})" for c in found]
        yield told(f"Write dataset.columnTypes: {types}{others}:", "each spelling of true is a category now in", items)


def _among_words(found: list[_Texts]) -> Iterator[str]:
    """Return what to say of texts among numbers; those that several columns share are named once."""
    if not found:
        return
    texts = {column.name: [text for text in column.texts if not re.fullmatch(NUMBER, text)] for column in found}
    markers = list(dict.fromkeys(text for few in texts.values() for text in few))
    while len(markers) > 1 and len(flow_list(markers)) > _MARKERS_ROOM:
        markers.pop()
    items = [f"{name} ({_two(few)})" for name, few in texts.items()]
    yield told(
        f"Write dataset.csv.missingValues: {flow_list(markers)} if these mean no value, or declare the "
        f"columns Categorical in columnTypes.",
        "Taken as categories for texts among their numbers:",
        items,
    )


def _two(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - 2} more" if len(texts) > 2 else ""
    return f"{', '.join(map(shown, texts[:2]))}{more}"


def _nothing_words(found: list[_Texts]) -> Iterator[str]:
    if found:
        entries = {c.name: flow_list([t for t in c.texts if t.lower() in _NOTHING][:_MARKERS]) for c in found}
        yield told(
            f"Write dataset.columnMissingValues: {flow_map(entries)} if that means no value, too:",
            "it is a category or class now in",
            [column.name for column in found],
        )
