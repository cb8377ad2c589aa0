"""All workloads by name."""

from __future__ import annotations

from . import rows_arrays, rows_elementwise, rows_fresh, rows_small, rows_training
from .row import Row

GROUPS = ("small", "elementwise", "training", "reductions", "products", "random", "first result")
_MODULES = (rows_small.ROWS, rows_elementwise.ROWS, rows_training.ROWS, rows_arrays.ROWS, rows_fresh.rows())
WORKLOADS: dict[str, Row] = {
    row.name: row for row in sorted((row for rows in _MODULES for row in rows), key=lambda row: GROUPS.index(row.group))
}
