"""The dialects of the ladder, split by family."""

from .formats import defer_formats

defer_formats()
