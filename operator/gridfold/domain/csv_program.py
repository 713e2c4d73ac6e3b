"""Plain Python that reads CSV in forms for which pandas has no option, or takes something else for it.

The exported script and the model card's program hold it; it reads what the trainer reads, to the last field.
"""

from gridfold.api.v1alpha1 import Csv, Encoding, UnnamedColumns

#: Python's names of encodings; UTF-8 with or without its mark.
CODECS = {
    Encoding.UTF_8: "utf-8-sig",
    Encoding.LATIN_1: "latin-1",
    Encoding.WINDOWS_1252: "cp1252",
    Encoding.UTF_16: "utf-16",
}
IMPORTS = ("import csv", "import pandas as pd")
_WHITE = " \t\r\v\f"

_TABBED = r'''def tabbed(line, inside):
    """Return a line with a tab in place of blanks between fields, and none around them."""
    parts = line.split($quote)
    parts[inside::2] = [re.sub("[ \t]+", "\t", part) for part in parts[inside::2]]
    line = $quote.join(parts)
    line = line if inside else line.lstrip("\t")
    return line if (inside + len(parts)) % 2 == 0 else line.rstrip("\t\r")


'''
_RECORDS = '''def records(content):
    """Yield the records of a CSV file; blank lines$left_out are none."""
    text = content.decode($codec)
    lines = text.split("\\n" if "\\n" in text else "\\r")
    return csv.reader(record_lines(lines$skipped), delimiter=$delimiter, quotechar=$quote)


'''
_LINES = '''def record_lines(lines):
    """Yield lines that are part of a record, which may be several where a text has several."""
    inside = 0  # 1 within a quoted text
    for line in lines:
        bare = line.strip($white)
        if inside or $is_record:
            yield $line + "\\n"
            inside = (inside + line.count($quote)) % 2


'''
_READ = '''def read_csv(content):
    """Return the rows of a CSV file as texts."""
    $unpacked = records(content)
$names    frame = pd.DataFrame(rows, columns=names, dtype=object)
    return $kept
'''
_EVEN = """    if rows and len(rows[0]) > len(names):
        names = [*names, ""] if not rows[0][-1].strip() else ["", *names]
    if rows and len(rows[0]) < len(names) and not names[-1].strip():
        names.pop()
"""
_EVEN_DECLARED = """    if rows and len(rows[0]) > len(names):
        names.append("")
"""


def needs_program(csv: Csv) -> bool:
    """Tell whether pandas alone would read something else than the trainer."""
    return bool(csv.skip_lines) or csv.comment is not None or csv.unnamed_columns is not None


def csv_program(csv: Csv, *, trim: bool) -> tuple[str, tuple[str, ...]]:
    """Return functions, of which `read_csv` makes a pandas DataFrame of texts of a file's bytes; and their imports.

    Args:
        csv: how the file is read; where it has no header, the program takes the names from `NAMES`.
        trim: whether white space around names means nothing.
    """
    blanks = csv.delimiter == "Whitespace"
    delimiter = "\t" if blanks else csv.delimiter
    words = {
        "left_out": " and comments" if csv.comment is not None else "",
        "codec": _text(CODECS[csv.encoding]),
        "skipped": f"[{csv.skip_lines}:]" if csv.skip_lines else "",
        "delimiter": _text(delimiter),
        "quote": _text(csv.quote_character),
        "white": _text(_WHITE.replace("" if blanks else delimiter, "")),
        "is_record": _is_record(csv, blanks=blanks),
        "line": "tabbed(line, inside)" if blanks else "line",
        "unpacked": "names, *rows" if csv.header else "rows",
        "names": _names(csv, trim=trim),
        "kept": 'frame.loc[:, frame.columns != ""]' if csv.unnamed_columns is UnnamedColumns.DROP else "frame",
    }
    code = (_TABBED if blanks else "") + _LINES + _RECORDS + _READ
    for word, text in words.items():
        code = code.replace(f"${word}", text)
    return code.rstrip(), (*IMPORTS, "import re") if blanks else IMPORTS


def _is_record(csv: Csv, *, blanks: bool) -> str:
    if csv.comment is None:
        return "bare"
    return f"(bare and not {'bare' if blanks else 'line'}.startswith({_text(csv.comment)}))"


def _names(csv: Csv, *, trim: bool) -> str:
    if csv.column_names is not None:
        lines = "    rows, names = list(rows), list(NAMES)\n"
        return lines + (_EVEN_DECLARED if csv.unnamed_columns is not None else "")
    lines = _EVEN if csv.unnamed_columns is not None else ""
    lines += "    names = [name.strip() for name in names]\n" if trim else ""
    if csv.unnamed_columns is UnnamedColumns.NAME:
        lines += '    names = [name or f"Unnamed: {n}" for n, name in enumerate(names)]\n'
    return lines


def _text(text: str) -> str:
    """Return a text as a literal in double quotes, where that is shorter."""
    body = repr(text)[1:-1]
    return repr(text) if '"' in text else f'"{body}"'
