"""Scalar functions written out in arithmetic, one file a family; `table.py` is read first.

A row is a short function `row(b: ScalarBuilder, x) -> SSAValue` without branches, the same for f32 and f64, with its
constants in a table by format.
"""
