"""Tables of fields and values below a step."""

from emask.features.outcome import WrongUse
from emask.features.registry import Table

_HEADINGS = ("欄位", "值")


def read_fields(table: Table, line: int) -> dict[str, str]:
    """The values of a table by field, with or without headings; `line` is the step's.

    Raises:
        WrongUse: a row has not two columns, or its field stands in the table twice.
    """
    fields: dict[str, str] = {}
    first = 1 if table[0] == _HEADINGS else 0
    for below, row in enumerate(table[first:], line + 1 + first):
        if len(row) != len(_HEADINGS) or row[0] in fields:
            zh = "每列為欄位、值兩欄，欄位不重複"
            raise WrongUse(zh=zh, en="a row has a field of its own and a value", line=below)
        fields[row[0]] = row[1]
    return fields


def line_of(field: str, table: Table, line: int) -> int:
    """The line of a field's row, or else the step's own."""
    named = next((i for i, row in enumerate(table, 1) if row[0] == field), 0)
    return line + named
