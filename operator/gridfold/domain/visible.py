"""Texts from data as people can read them, wherever they stand: no character is invisible, or moves others."""

from gridfold.api.confidential import without_secrets

#: Left-to-right and right-to-left marks, embeddings, overrides and isolates: they change the order of what follows.
_BIDI = (*range(0x200E, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x061C)
_INVISIBLE = (*range(0x20), *range(0x7F, 0xA0), *_BIDI, *range(0x2028, 0x202A), 0xFEFF, 0xFFFE, 0xFFFF)
_SHOWN = {code: f"\\u{code:04x}" for code in _INVISIBLE} | {0x09: " ", 0x0A: "\n", 0x0D: " "}
_SURROGATES = range(0xD800, 0xE000)
#: Of what a server, or whoever else, has answered.
EXCERPT_LIMIT = 256


def visible(text: str) -> str:
    """Return a text in which what is not seen, or turns others around, stands as an escape; lines stay lines."""
    shown = text.translate(_SHOWN)
    if shown.isascii():
        return shown
    return "".join(f"\\u{ord(character):04x}" if ord(character) in _SURROGATES else character for character in shown)


def bounded(text: str, limit: int) -> str:
    """Return a visible text of at most `limit` characters, without secrets of URLs; of a longer one the beginning."""
    shown = visible(without_secrets(text[: 8 * limit])[: limit + 1])  # an escape is longer than what it stands for
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"


def excerpt(text: str, limit: int = EXCERPT_LIMIT) -> str:
    """Return the beginning of a text that a stranger has chosen, in one line."""
    return bounded(text[: 8 * limit].replace("\n", " "), limit)
