"""Scalar functions written out in arithmetic, one file a family; `table.py` is read first.

A row is a short function `row(b: ScalarBuilder, x) -> SSAValue`, without branches where loops with it are to be vectorized.
Some rows serve both formats, with their constants in a table by format; others are written for f64, beside a plainer one in
`single.py` that computes f32 in f64. Arguments that a formula does not reach, if they are seldom, go to the C library
(`ScalarBuilder.rare`).
"""
