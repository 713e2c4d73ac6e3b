"""What commands write to a terminal: no text from data moves it, turns its words around or floods it."""

import click

from gridfold.domain.visible import bounded, visible

#: Of one line: a screen full. Names and values may be longer, and nobody reads them here.
LINE_LIMIT = 4000


def say(text: object, *, err: bool = False, nl: bool = True) -> None:
    """Write a text and end its line."""
    click.echo(shown(str(text)), err=err, nl=nl)


def say_page(title: str, address: str) -> None:
    """Write the address of a page that was made here, whole: its fragment says where on it, and is no secret."""
    click.echo(f"{shown(title)}{visible(address)}")


def shown(text: str) -> str:
    """Return a text of several lines, each visible and bounded."""
    return "\n".join(bounded(line, LINE_LIMIT) for line in text.split("\n"))
