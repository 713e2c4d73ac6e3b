"""The tree of known errors."""

from collections.abc import Iterator

import pytest

from gridfold.api.exit_codes import ExitCode
from gridfold_trainer import errors
from gridfold_trainer.errors import DataError, TrainerError


def all_errors(top: type[TrainerError] = TrainerError) -> Iterator[type[TrainerError]]:
    for below in top.__subclasses__():
        yield below
        yield from all_errors(below)


OWN = [error for error in all_errors() if error.__module__ == errors.__name__]


def test_every_error_is_drawn_in_the_tree_with_its_exit_code() -> None:
    drawn = {
        line.split()[
            -1 if "Error" in line.split()[-1] else next(i for i, w in enumerate(line.split()) if "Error" in w)
        ]: line
        for line in str(errors.__doc__).splitlines()
        if "─" in line
    }
    assert set(drawn) == {error.__name__ for error in OWN}
    for error in OWN:
        assert f" {int(error.exit_code)} " in drawn[error.__name__], error
        assert ("(retryable)" in drawn[error.__name__]) == error.retryable, error


def test_no_two_errors_have_the_same_reason() -> None:
    reasons = [error.reason for error in OWN]
    assert len(set(reasons)) == len(reasons)
    assert all(reason.isidentifier() for reason in reasons)


def test_only_what_can_pass_is_retryable_and_has_an_exit_code_that_is_tried_again() -> None:
    assert {error for error in OWN if error.retryable} == {
        error for error in OWN if error.exit_code in {ExitCode.STORAGE, ExitCode.PASSING}
    }


@pytest.mark.parametrize(
    ("problems", "text"),
    [(("one.",), "one."), (("one.", "two."), "2 problems: (1) one. (2) two.")],
)
def test_all_problems_are_told_at_once(problems: tuple[str, ...], text: str) -> None:
    assert str(DataError(*problems)) == text
    assert DataError(*problems).problems == problems


@pytest.mark.parametrize(("count", "length"), [(1, 5000), (2, 100), (12, 400), (300, 250), (3, 3000)])
def test_of_many_problems_a_message_has_whole_ones_and_says_how_many_more_there_are(count: int, length: int) -> None:
    problems = [f"problem {number} {'x' * length}." for number in range(count)]
    message = str(DataError(*problems))
    shown = [problem for problem in problems if problem in message]
    assert shown == problems[: len(shown)]
    assert len(shown) >= 1
    assert count == 1 or message.startswith(f"{count} problems: (1) ")
    left_out = f"({len(shown) + 1}) {count - len(shown)} more; the log of prepare has them."
    assert message.endswith(left_out if len(shown) < count else problems[-1])
    assert len(shown) == 1 or len(message) < 2000
