"""The dialects of the ladder, split by family."""

from .methods import defer_methods

defer_methods()

from .definitions import defer_definitions  # noqa: E402 - imports xDSL's classes

defer_definitions()
