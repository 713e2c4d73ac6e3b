"""Names, ranges, keys, targets, ends."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridfold.api.handoff import PreparedRun, RankedReport
from gridfold.api.status import Resolved
from gridfold.domain.grid import Grid, format_ranges, parameter_texts, parse_ranges, shown_parameters
from gridfold.domain.keys import CellKeys, attempt_digest, digest, run_digest, run_folder
from gridfold.domain.leaderboard import format_score, missed_targets, ranked_cell
from gridfold.domain.naming import child_name, label_value, wave_number
from gridfold.domain.standing import stand
from tests.unit.domain.world import document, job_of

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
NAMES = st.from_regex(r"\A[a-z0-9]([-a-z0-9.]{0,250}[a-z0-9])?\Z")
PREPARED = PreparedRun(digest="d", environment="e", split_digest="s", resolved=Resolved(random_state=0))


@given(st.sets(st.integers(0, 10_000)))
def test_ranges_survive_the_way(cells: set[int]) -> None:
    assert parse_ranges(format_ranges(cells)) == tuple(sorted(cells))


@given(NAMES, st.integers(0, 99))
def test_a_child_and_its_pods_have_names_that_are_dns_labels(job: str, wave: int) -> None:
    name = child_name(job, "0123456789abcdef", f"w{wave}")
    assert DNS_LABEL.fullmatch(f"{name}-99999")
    assert len(f"{name}-99999") <= 63
    assert wave_number(name) == wave
    assert wave_number(child_name(job, "0123456789abcdef", "refit-2")) is None


@given(NAMES, NAMES)
def test_two_jobs_never_share_a_child_or_a_label(first: str, second: str) -> None:
    same = first == second
    assert (child_name(first, "a" * 64, "w0") == child_name(second, "a" * 64, "w0")) is same
    assert (label_value(first) == label_value(second)) is same


def test_cells_come_in_the_order_of_the_scripts_names_with_the_preprocessing_last() -> None:
    grid = Grid.of([{"z": [1, 2], "preprocessing.numeric.scale": ["Standard", None], "C": [{"float": 1}]}])
    assert list(grid) == [
        {"C": 1.0, "z": 1, "preprocessing.numeric.scale": "Standard"},
        {"C": 1.0, "z": 1, "preprocessing.numeric.scale": "None"},
        {"C": 1.0, "z": 2, "preprocessing.numeric.scale": "Standard"},
        {"C": 1.0, "z": 2, "preprocessing.numeric.scale": "None"},
    ]
    assert isinstance(grid[0]["C"], float)


def test_a_cell_beyond_the_grid_is_an_index_error() -> None:
    with pytest.raises(IndexError, match="cell 3 of a grid of 3"):
        Grid.of([{"C": [1, 2]}, {"C": [3]}])[3]


def test_one_and_one_point_zero_have_different_keys_and_texts() -> None:
    keys = CellKeys(job_of(document()).spec, PREPARED)
    assert keys.key({"C": 1}) != keys.key({"C": 1.0})
    assert parameter_texts({"a": 1, "b": 1.0, "c": None, "d": "x"}) == {"a": "1", "b": "1.0", "c": "null", "d": "x"}


def test_parameters_are_shown_in_one_line_each_without_what_is_not_seen() -> None:
    texts = {"a": "l1", "b": "\x1b[2J\n\u202e", "c": "x" * 300, "d": "https://u:word@h/a?sig=abc"}
    expected = {"a": "l1", "b": "\\u001b[2J \\u202e", "c": "x" * 256, "d": "https://…@h/a?…"}
    assert shown_parameters(texts) == expected
    line = RankedReport(cell=0, scores={"f1": (0.5, 0.1)})
    assert ranked_cell(line, "f1", Grid.of([{name: [text] for name, text in texts.items()}])).parameters == expected


@pytest.mark.parametrize(
    "spec",
    [
        {"crossValidation": {"folds": 3}},
        {"crossValidation": {"seed": 1}},
        {"execution": {"threads": 2}},
        {"scoring": {"trainScores": True}},
        {"estimator": {"className": "sklearn.svm.SVC"}},
        {"estimator": {"className": "sklearn.linear_model.LogisticRegression", "parameters": {"tol": 0.1}}},
        {
            "estimator": {
                "className": "sklearn.linear_model.LogisticRegression",
                "preprocessing": {"numeric": {"scale": "None"}},
            }
        },
    ],
)
def test_all_that_determines_a_number_is_in_the_key_and_in_the_runs_digest(spec: dict[str, object]) -> None:
    plain, changed = job_of(document()).spec, job_of(document(**spec)).spec
    assert CellKeys(plain, PREPARED).key({"C": 1}) != CellKeys(changed, PREPARED).key({"C": 1})
    assert run_digest("u", plain) != run_digest("u", changed)


@pytest.mark.parametrize(
    "spec",
    [
        {"execution": {"parallelism": 3, "retries": 0, "maxFailedCells": 1}},
        {"scoring": {"targets": {"f1": "0.9"}}},
        {"scoring": {"trainScores": False}},
        {"search": {"grid": [{"C": [0.1, 1, 10]}], "maxCells": 5}},
        {"storage": {"region": "elsewhere"}},
    ],
)
def test_what_changes_no_number_starts_no_run(spec: dict[str, object]) -> None:
    plain, changed = job_of(document()).spec, job_of(document(**spec)).spec
    assert CellKeys(plain, PREPARED).key({"C": 1}) == CellKeys(changed, PREPARED).key({"C": 1})
    assert run_digest("u", plain) == run_digest("u", changed)


def test_a_new_field_leaves_keys_and_digests_of_jobs_without_it_as_they_were() -> None:
    """What is stored stays valid. Other digests are for a new RESULT_FORMAT only."""
    spec = job_of(document()).spec
    assert CellKeys(spec, PREPARED).key({"C": 1}).startswith("e6a7c0cf7097b01f")
    assert run_digest("u", spec).startswith("3ce3d47fea9e3427")


PLAIN_ATTEMPT, OTHER_ATTEMPT = "279467ebd6db2fbc", "755409c38e683ab1"
MUCH = {"resources": {"limits": {"memory": "2Gi"}}, "prepare": {"resources": {"requests": {"cpu": "2"}}}}


@pytest.mark.parametrize(
    ("execution", "expected"),
    [
        ({}, PLAIN_ATTEMPT),
        ({"parallelism": 3, "ttlSecondsAfterFinished": 5}, PLAIN_ATTEMPT),
        ({"retries": 2, "packing": {"mode": "Cell"}, "template": {}}, PLAIN_ATTEMPT),
        (MUCH, OTHER_ATTEMPT),
    ],
)
def test_a_new_field_and_a_default_that_is_spelt_out_are_no_other_attempt(
    execution: dict[str, object], expected: str
) -> None:
    """Else an upgrade would try every failed job again."""
    assert attempt_digest(job_of(document(execution=execution)).spec).startswith(expected)


@pytest.mark.parametrize("resolved", [Resolved(metrics=["f1", "recall"]), Resolved(metrics=["f1"], average="Macro")])
def test_what_prepare_resolved_is_in_the_key(resolved: Resolved) -> None:
    spec, plain = job_of(document()).spec, PREPARED.model_copy(update={"resolved": Resolved(metrics=["f1"])})
    changed = PREPARED.model_copy(update={"resolved": resolved})
    assert CellKeys(spec, plain).key({"C": 1}) != CellKeys(spec, changed).key({"C": 1})


@pytest.mark.parametrize(
    ("metrics", "other", "matters"),
    [
        (["accuracy", "precision", "recall", "f1"], ["accuracy", "f1", "recall", "precision"], False),
        (["accuracy", "f1"], ["f1", "accuracy"], True),
        (["roc_auc", "average_precision"], ["average_precision", "roc_auc"], True),
        (["roc_auc", "neg_log_loss"], ["neg_log_loss", "roc_auc"], False),
        (["f1", "roc_auc"], ["roc_auc", "f1"], False),
    ],
)
def test_the_order_of_the_metrics_is_in_the_key_where_a_score_can_depend_on_it(
    metrics: list[str], other: list[str], matters: bool
) -> None:
    spec, keys = job_of(document()).spec, set()
    for order in (metrics, other):
        resolved = Resolved(metrics=order, average="Binary", positive_class="yes")
        keys.add(CellKeys(spec, PREPARED.model_copy(update={"resolved": resolved})).key({"C": 1}))
    assert (len(keys) > 1) is matters


def test_an_axis_and_a_fixed_parameter_of_the_same_value_share_a_key() -> None:
    fixed = {"className": "sklearn.linear_model.LogisticRegression", "parameters": {"C": 1}}
    as_fixed = CellKeys(job_of(document([{"tol": [0.1]}], estimator=fixed)).spec, PREPARED)
    as_axis = CellKeys(job_of(document()).spec, PREPARED)
    assert as_fixed.key({"tol": 0.1}) == as_axis.key({"C": 1, "tol": 0.1})


def test_the_folder_of_a_run_depends_on_the_uid_and_on_the_order_of_the_cells() -> None:
    folders = {run_folder("s3://b/", uid, 1, cells) for uid in ("a", "b") for cells in (["x", "y"], ["y", "x"])}
    assert len(folders) == 4
    assert all(re.fullmatch(r"s3://b/runs/1-[0-9a-f]{8}/", folder) for folder in folders)


def test_a_digest_does_not_depend_on_the_order_of_a_map() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


@pytest.mark.parametrize(
    ("score", "target", "missed"),
    [
        (0.85, "0.85", False),
        (0.8499999999, "0.85", True),
        (float("nan"), "0.1", True),
        (None, "-1", True),
        (-2.5, "-3", False),
    ],
)
def test_a_target_is_compared_exactly_and_nan_reaches_none(score: float | None, target: str, missed: bool) -> None:
    assert bool(missed_targets({"f1": target}, {"f1": score})) is missed


@pytest.mark.parametrize(
    ("score", "text"),
    [(0.71341, "0.7134"), (None, "NaN"), (-123456.789, "-123457"), (1.0, "1.0000"), (1e300, "1e+300")],
)
def test_scores_are_shown_for_reading(score: float | None, text: str) -> None:
    assert format_score(score) == text


def test_a_cell_that_prepare_found_and_a_wave_that_is_gone_called_infeasible_counts_once() -> None:
    standing = stand(4, frozenset({0, 1}), frozenset({1, 2}), (), job_of(document()).spec)
    assert (standing.cached, standing.infeasible, standing.pending) == ({0}, {1, 2}, {3})
