# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""An assembler for AtomBIOS: command tables, programs of indirect I/O, and data tables, from readable source.

`assemble(text)` gives a table's bytes; `table(text)` also says which table it is. The language is in README.md.
"""

from .assembler import Table, assemble, table
from .errors import SourceError

__all__ = ["SourceError", "Table", "assemble", "table"]
