"""The passes, one a file; `pipeline.py` is read first."""

import phintys.dialects  # noqa: F401  (before any dialect of xDSL)
