"""Padé's approximants of the exponential, as numbers: what the compiler writes and what Python computes use the same."""

from __future__ import annotations

from math import factorial


def coefficients(degree: int) -> list[float]:
    """Of the numerator, the constant first: integers, without common divisor but for the last, which is 1."""
    numbers = [
        factorial(2 * degree - j) * factorial(degree) // (factorial(degree - j) * factorial(j)) for j in range(degree + 1)
    ]
    return [float(number // numbers[-1]) for number in numbers]
