"""Jobs that have ended cost nothing until somebody changes them."""

from gridfold.engine.ports import JobKey
from gridfold_operator.rest import Rest

DONE, LIVE = JobKey("a", "done"), JobKey("a", "live")


def test_a_job_that_ended_is_left_alone_until_its_resource_is_another() -> None:
    rest = Rest()
    rest.note(DONE, "7")
    assert rest.restless({DONE: "7", LIVE: "8"}, "a") == [LIVE]
    assert not rest.is_complete("a")
    assert rest.restless({DONE: "7"}, "a") == []
    assert rest.is_complete("a")
    assert rest.restless({DONE: "9"}, "a") == [DONE]
    assert not rest.is_complete("a")


def test_a_job_that_is_gone_is_forgotten_and_those_of_other_namespaces_are_not() -> None:
    rest = Rest()
    rest.note(DONE, "7")
    assert rest.restless({}, "b") == []
    assert rest.restless({DONE: "7"}, "a") == []
    assert rest.restless({}, "") == []
    assert rest.restless({DONE: "7"}, "a") == [DONE], "one of the same name is looked at"


def test_before_any_list_nothing_is_at_rest() -> None:
    assert not Rest().is_complete("")
