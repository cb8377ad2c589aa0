"""The dialects of the ladder, split by family."""

from .methods import defer_methods

defer_methods()

from .formats import defer_formats  # noqa: E402 - imports xDSL's classes

defer_formats()
