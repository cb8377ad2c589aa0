"""`python -m tests.differential`: see `long`."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "numerics")]

if __name__ == "__main__":
    from long import main

    sys.exit(main())
