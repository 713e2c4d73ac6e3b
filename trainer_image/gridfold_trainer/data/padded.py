"""Fields of CSV text that are whole numbers with a leading zero: found in the bytes, before they become floats."""

import numpy as np

_LF, _ZERO, _NINE = ord("\n"), ord("0"), ord("9")


def padded_columns(content: bytes, width: int, delimiter: str, quote: str) -> frozenset[int]:
    """Return the numbers of columns in which a field begins with a zero and another digit.

    There may be too many in it (fields with quotes, a time such as 09:30), never too few.
    """
    data = np.frombuffer(content, dtype=np.uint8)
    before, first, second = data[:-2], data[1:-1], data[2:]
    found = first == _ZERO
    found &= (second >= _ZERO) & (second <= _NINE)
    found &= (before == ord(delimiter)) | (before == _LF) | (before == ord(quote))
    positions = np.flatnonzero(found) + 1
    if content[:1] == b"0" and content[1:2].isdigit():
        positions = np.append(positions, 0)
    if not len(positions):
        return frozenset()
    if quote.encode() in content:
        return frozenset(range(width))
    ends = np.flatnonzero((data == ord(delimiter)) | (data == _LF))
    return frozenset(np.unique(np.searchsorted(ends, positions) % width).tolist())
