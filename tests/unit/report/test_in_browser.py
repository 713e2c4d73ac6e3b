"""Pages of six kinds in a real browser: axe finds nothing wrong with them, and their script sorts and filters."""

from pathlib import Path

import pytest

from tests.browser import DARK, LIGHT, Answer, violations
from tests.unit.report.kinds import KINDS
from tests.unit.report.runs import page


@pytest.mark.parametrize("mode", [pytest.param(LIGHT, id="light"), pytest.param(DARK, id="dark")])
@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[pytest.mark.long] if kind == "10,000 cells" else []) for kind in KINDS]
)
def test_axe_finds_nothing_wrong_in_light_and_dark(axe: str, answer: Answer, kind: str, mode: str) -> None:
    assert violations(KINDS[kind](), axe, answer, mode) == []


def test_the_script_sorts_and_filters_under_the_pages_own_policy(answer: Answer) -> None:
    made = page({"C": [0.1, 1, 10], "kind": ["a", "b"]}, lambda fold, cell: cell["C"] / 100 + (cell["kind"] == "b") / 9)
    cells = "Array.from(document.querySelectorAll('#leaders tbody tr:not([hidden])')).map(function(r){"
    cells += "return r.cells[1].textContent})"
    script = f"""
        var told = [{cells}];
        document.querySelectorAll('#leaders thead button')[1].click(); told.push({cells});
        document.querySelectorAll('#leaders thead button')[1].click(); told.push({cells});
        var filter = document.getElementById('filter'); filter.value = 'B ms';
        filter.dispatchEvent(new Event('input')); told.push({cells});
        told.push(document.querySelector('output').textContent); tell(told);
    """
    assert answer(made, script) == [
        ["5", "3", "1", "4", "2", "0"],
        ["0", "1", "2", "3", "4", "5"],
        ["5", "4", "3", "2", "1", "0"],
        ["5", "3", "1"],
        "3 of 6",
    ]


def test_on_a_telephone_nothing_but_tables_is_wider_than_the_screen(answer: Answer, tmp_path: Path) -> None:
    made = page({f"a_parameter_with_a_long_name_{n}": ["a value that is long, too", n] for n in range(5)})
    (tmp_path / "inner.html").write_text(made)
    frame = (
        f'<body><iframe src="{(tmp_path / "inner.html").as_uri()}" style="width:390px;height:900px"></iframe></body>'
    )
    script = "window.onload=function(){var d=document.querySelector('iframe').contentDocument.documentElement;"
    script += "tell([d.scrollWidth, d.clientWidth]);};"
    wide, shown = answer(frame, script, "--allow-file-access-from-files")
    assert wide == shown <= 390
