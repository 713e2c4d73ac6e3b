"""The lines of plain pandas that take repeated headers out of a table of texts, for export and model card."""

from gridfold.api.v1alpha1 import Csv, UnnamedColumns

_CODE = """header = [name.strip() for name in $frame]
texts = $frame.apply(lambda column: column.str.strip())
$frame = $frame[~(texts == header).all(axis=1)]"""
_UNNAMED = """header = [name.strip() for name in $frame]
header = ["" if name.startswith("Unnamed: ") else name for name in header]
texts = $frame.apply(lambda column: column.str.strip())
$frame = $frame[~(texts == header).all(axis=1)]"""


def without_headers(frame: str, csv: Csv) -> str:
    """Return the statements for a table of this name."""
    code = _UNNAMED if csv.unnamed_columns is UnnamedColumns.NAME else _CODE
    return code.replace("$frame", frame)
