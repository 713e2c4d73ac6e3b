"""What may go, by names, ages and what is reached: a table of all, and what holds for any."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridfold_trainer.pruning.items import (
    CACHE,
    IN_CACHE,
    OUTPUT,
    Item,
    Kind,
    Rules,
    Why,
    in_order,
    items_of,
    newest_runs,
    unfinished_item,
)
from gridfold_trainer.storage.stores import ObjectStat, Unfinished

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OLD, YOUNG = NOW - timedelta(days=9), NOW - timedelta(days=1)
BEFORE = NOW - timedelta(days=7)
KEY, OTHER = "a" * 64, "b" * 64
PLACES = {place.folder: place for place in (*OUTPUT, *CACHE)}

times = st.none() | st.datetimes(NOW.replace(tzinfo=None) - timedelta(days=30), NOW.replace(tzinfo=None)).map(
    lambda time: time.replace(tzinfo=UTC)
)
kinds = st.sampled_from(Kind)
items = st.builds(Item, kinds, st.sampled_from([KEY, OTHER]), st.just({"s3://b/x": 1}), times)


@given(items, st.frozensets(kinds), st.dictionaries(kinds, st.frozensets(st.sampled_from([KEY, OTHER]))))
def test_only_what_is_old_and_neither_reached_nor_held_goes(
    item: Item, held: frozenset[Kind], reached: dict[Kind, frozenset[str]]
) -> None:
    goes = Rules(BEFORE, held, reached).why(item) is None
    is_held = item.kind in held or (bool(held) and item.kind is Kind.UNFINISHED)
    is_reached = item.name in reached.get(item.kind, frozenset())
    assert goes == (not is_held and not is_reached and item.written is not None and item.written <= BEFORE)


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        (Rules(BEFORE), None),
        (Rules(OLD - timedelta(seconds=1)), Why.YOUNG),
        (Rules(BEFORE, IN_CACHE), Why.HELD),
        (Rules(BEFORE, IN_CACHE, {Kind.CELL: frozenset([KEY])}), Why.REACHED),
        (Rules(BEFORE, frozenset(), {Kind.BEGUN: frozenset([KEY])}), None),
    ],
    ids=["old", "young", "held", "reached, which is more than held", "reached of another kind"],
)
def test_why_an_item_stays(rules: Rules, why: Why | None) -> None:
    assert rules.why(Item(Kind.CELL, KEY, {"s3://b/x": 1}, OLD)) is why


@pytest.mark.parametrize(
    ("name", "kind", "found"),
    [
        ("runs/3-0a1b2c3d/status.json", Kind.RUN, "3-0a1b2c3d"),
        ("runs/3-0a1b2c3d/logs/refit-1.txt", Kind.RUN, "3-0a1b2c3d"),
        (f"cells/{KEY}.json", Kind.CELL, KEY),
        (f"begun/{KEY}.json", Kind.BEGUN, KEY),
        (f"curves/{KEY}.json", Kind.CURVE, KEY),
        (f"sources/{KEY}.json", Kind.SOURCES, KEY),
        (f"prepared/{KEY}/X.npy", Kind.PREPARED, KEY),
    ],
)
def test_what_gridfold_names_is_known(name: str, kind: Kind, found: str) -> None:
    place = PLACES[name.partition("/")[0] + "/"]
    (item,) = items_of(f"s3://b/{place.folder}", place, [(f"s3://b/{name}", ObjectStat(7, "", OLD))])
    assert (item.kind, item.name, item.sizes, item.written) == (kind, found, {f"s3://b/{name}": 7}, OLD)


@pytest.mark.parametrize(
    "name",
    [
        "runs/notes.txt",
        "runs/3-0a1b2c3d",
        "runs/best/model.skops",
        "cells/README",
        f"cells/{KEY}.json.bak",
        f"cells/old/{KEY}.json",
        f"prepared/{KEY}",
        f"prepared/{KEY[1:]}/X.npy",
        "sources/mine.json",
    ],
)
def test_what_has_another_name_is_somebody_elses(name: str) -> None:
    place = PLACES[name.partition("/")[0] + "/"]
    assert list(items_of(f"s3://b/{place.folder}", place, [(f"s3://b/{name}", ObjectStat(7, "", OLD))])) == []


@pytest.mark.parametrize(
    ("written", "last"),
    [([OLD, YOUNG], YOUNG), ([YOUNG, OLD], YOUNG), ([None, OLD], None), ([OLD, None, YOUNG], None)],
)
def test_a_run_is_as_old_as_its_youngest_object_and_of_no_age_where_one_has_none(
    written: list[datetime | None], last: datetime | None
) -> None:
    listed = [(f"s3://b/runs/1-{KEY[:8]}/{number}", ObjectStat(1, "", time)) for number, time in enumerate(written)]
    (item,) = items_of("s3://b/runs/", PLACES["runs/"], listed)
    assert (item.written, len(item.sizes)) == (last, len(written))


@pytest.mark.parametrize(("most", "kept"), [(1, ["c"]), (2, ["c", "d"]), (3, ["c", "d", "a"]), (9, ["c", "d", "a"])])
def test_the_current_run_and_the_newest_whole_ones_are_kept(most: int, kept: list[str]) -> None:
    runs = [Item(Kind.RUN, name) for name in ("a", "b", "c", "d", "e")]
    whole = {"a": OLD, "c": OLD - timedelta(days=1), "d": YOUNG, "e": None}
    assert newest_runs(runs, whole, "c", most) == kept


@given(st.lists(st.tuples(kinds, st.sampled_from(["status.json", "manifest.json", "X.npy", "a.json"]))))
def test_everything_is_named_once_and_what_names_others_goes_before_them(found: list[tuple[Kind, str]]) -> None:
    listed = [Item(kind, str(n), {f"s3://b/{n}/{end}": 1}) for n, (kind, end) in enumerate(found)]
    steps = in_order(listed)
    assert sorted(uri for step in steps for _, uri in step) == sorted(uri for item in listed for uri in item.sizes)
    order = [
        (list(Kind).index(item.kind), not re.search("(status|manifest).json$", uri)) for s in steps for item, uri in s
    ]
    assert order == sorted(order)
    assert all(len({(item.kind, uri[-9:] in {"atus.json", "fest.json"}) for item, uri in step}) == 1 for step in steps)


def test_a_write_that_was_broken_off_goes_by_its_age_alone() -> None:
    item = unfinished_item(Unfinished("s3://b/prepared/x", OLD, 0, "mark"))
    assert Rules(BEFORE).why(item) is None
    assert Rules(OLD - timedelta(days=1)).why(item) is Why.YOUNG
    assert Rules(BEFORE, frozenset([Kind.RUN])).why(item) is Why.HELD
