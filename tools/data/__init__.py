"""Data files that ship with the package; ATTRIBUTION.md says whose they are and under which licence."""
