"""Which pass mode='debug' names on random programs: prints it, or `none`.

    python tests/mutation/named.py 0 200      programs 0 to 199, until one is refused

Programs are those of the differential tests; further ones, by word, stand in `PROGRAMS`.
"""

from __future__ import annotations

import random
import sys
import warnings
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1] / folder) for folder in ("differential", "numerics")]

import numpy as np  # noqa: E402
from programs import generate  # noqa: E402

import phintys  # noqa: E402
import phintys.tensor as T  # noqa: E402
from phintys.compile.debugmode import BadOptimization, DebugMode, DebugModeError  # noqa: E402


def long_vectors() -> None:
    """Sums and chunks of arrays that several threads would share."""
    x, y = T.dvectors("x", "y")
    f = phintys.function([x, y], [(x - y).sum(), x * y - 1], mode=DebugMode())
    f(np.linspace(0, 1, 100_003), np.linspace(1, 3, 100_003))


def attempt(seed: int) -> None:
    """One random program, called twice."""
    try:
        program = generate(random.Random(seed))
        mode: Any = DebugMode(check_isfinite=False)
        mode = mode.excluding("stabilize") if program.wild else mode
        f = phintys.function(program.inputs, program.outputs, updates=program.updates, on_unused_input="ignore", mode=mode)
        for _ in range(2):
            f(*program.arguments)
    except DebugModeError:
        raise
    except Exception as error:  # programs that cannot be made, and errors that they end in
        if "-v" in sys.argv:
            print(f"{seed}: {type(error).__name__}: {error}")


def main(first: int, last: int) -> int:
    """Print what the first refusal names."""
    warnings.simplefilter("ignore")
    for seed in range(first - 1, last):
        try:
            if seed < first:
                long_vectors()
            else:
                attempt(seed)
        except BadOptimization as error:
            print(f"{error.reason} (program {seed})", flush=True)
            if "-v" not in sys.argv:
                return 0
            print(error)
        except DebugModeError as error:
            print(f"{type(error).__name__} (program {seed})", flush=True)
            if "-v" not in sys.argv:
                return 0
            print(error)
    print("none")
    return 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
