"""The passes, one a file; `pipeline.py` is read first."""
