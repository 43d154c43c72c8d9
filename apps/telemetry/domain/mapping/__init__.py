"""How one kind of file is read: a profile as a frozen value, and the rows it gives.

`mapping_of_file` adds to a profile what one file's name or its importer says, `from_dict` makes the
value (raises BadMapping), `read_rows(mapping, stream)` reads a binary stream (raises BadFile when
the file as a whole cannot be read).
"""

from apps.telemetry.domain.mapping.naming import mapping_of_file
from apps.telemetry.domain.mapping.profile import (
    BadMapping,
    ColumnRule,
    Mapping,
    from_dict,
)
from apps.telemetry.domain.mapping.reasons import problem_text
from apps.telemetry.domain.mapping.rows import MappedItem, Problem, Row, read_rows
from apps.telemetry.domain.mapping.source import BadFile
from apps.telemetry.domain.mapping.times import TimeRule

__all__ = [
    "BadFile", "BadMapping", "ColumnRule", "MappedItem", "Mapping", "Problem", "Row", "TimeRule",
    "from_dict", "mapping_of_file", "problem_text", "read_rows",
]  # fmt: skip
