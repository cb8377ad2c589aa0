"""The dialects of the ladder, split by family."""
