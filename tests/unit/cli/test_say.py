"""What commands print: a text from data neither moves the terminal nor floods it."""

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from gridfold_cli.terminal.console import VisibleConsole
from gridfold_cli.terminal.say import LINE_LIMIT, say, shown

HOSTILE = st.text(st.one_of(st.characters(), st.sampled_from("\x1b\x07\x00\u202e\u2066\ufeff\u2028\r\ud800")))
HIDDEN = set("\x00\x07\x1b\r\u202e\u2066\ufeff\u2028\ud800")


@given(HOSTILE)
def test_no_character_of_a_text_moves_a_terminal(text: str) -> None:
    assert not set(shown(text)) & HIDDEN
    assert all(len(line) <= LINE_LIMIT for line in shown(text * 400).split("\n"))
    file = io.StringIO()
    console = VisibleConsole(file=file, highlight=False, width=80)
    table = Table(title=Text(text))
    table.add_column(Text(f"column {text}"))
    table.add_row(Text(text))
    console.print(table, Text(text))
    assert not set(file.getvalue()) & HIDDEN


def test_what_is_said_is_visible(capsys: object) -> None:
    say("a\x1b[2Jb")
    assert capsys.readouterr().out == "a\\u001b[2Jb\n"  # type: ignore[attr-defined]
