"""All that is to be checked on a GPU, in one command, with one report:

    python -m tests.gpu                 # on the first GPU; --device cuda1 for the second
    python -m tests.gpu --rehearse      # without a GPU: the same on the emulated device, where times mean nothing

It runs `phintys doctor`, the tests of `FOLDERS` with their programs on the device, and `phintys bench --device`, and writes
what they say into `gpu-report.txt` (`--report FILE`). The status is 0 when all succeed and every target is reached. Without a
GPU it says so in one sentence, and the status is 2.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import phintys

FOLDERS = ("tests/gpu", "tests/programs", "tests/differential", "tests/frontend")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.gpu", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--device", default="cuda", help="cuda, cuda1, ... (cuda)")
    parser.add_argument("--rehearse", action="store_true", help="on the emulated device")
    parser.add_argument("--report", type=Path, default=Path("gpu-report.txt"), metavar="FILE", help="where all is written")
    parser.add_argument("--only", choices=("doctor", "tests", "bench"), action="append", help="leave the others out")
    parser.add_argument("--tests", nargs="+", metavar="PATH", default=list(FOLDERS), help="folders or files of tests")
    parser.add_argument("--workers", type=int, default=4, metavar="N", help="processes of tests that share the device (4)")
    parser.add_argument("--bench", nargs="+", metavar="WORKLOAD", default=[], help="workloads or groups of the bench")
    return parser.parse_args()


def steps(given: argparse.Namespace) -> Iterator[tuple[str, list[str]]]:
    """Name and command of each step."""
    main = [sys.executable, "-m", "phintys.tools.main"]
    yield "doctor", [*main, "doctor"]
    where = "emulated" if given.rehearse else "cuda"
    yield "tests", [sys.executable, "-m", "pytest", "-q", "-rfEs", "-n", str(given.workers), *given.tests, f"--device={where}"]
    short = ["--rounds", "1", "--seconds", "1"] if given.rehearse else []
    measured = ["--device", "cuda_emulated" if given.rehearse else given.device, *short]
    yield "bench", [*main, "bench", *given.bench, *measured, "--json", str(given.report.with_suffix(".json"))]


def run(name: str, command: list[str], environment: dict[str, str], report: Path) -> int:
    """Run a step, show what it says, and write it down at once: what was found stays when somebody ends it; its status."""
    begun = time.monotonic()
    with report.open("a", buffering=1) as file:

        def say(text: str) -> None:
            print(text, end="", flush=True)
            file.write(text)

        say(f"== {name}: {' '.join(command[1:])}\n")
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment) as process:
            assert process.stdout is not None
            for line in process.stdout:
                say(line)
        say(f"-- status {process.returncode}, {time.monotonic() - begun:.0f} s\n\n")
    return process.returncode


def main() -> int:
    """Run all steps, also after one that fails."""
    given = arguments()
    if not given.rehearse:
        from phintys.codegen import device

        try:
            device.current(given.device)
        except device.DeviceError as error:
            print(error, file=sys.stderr)
            return 2
    environment = {**os.environ, "COLUMNS": "160"}
    if given.device not in ("cuda", "cuda0"):
        environment["CUDA_VISIBLE_DEVICES"] = given.device.removeprefix("cuda")
        given.device = "cuda"
    head = "a rehearsal on the emulated device" if given.rehearse else f"on {given.device}"
    given.report.write_text(f"Phintys {phintys.__version__}, {head}, {time.strftime('%Y-%m-%d %H:%M')}\n\n")
    chosen = [step for step in steps(given) if given.only is None or step[0] in given.only]
    found = {name: run(name, command, environment, given.report) for name, command in chosen}
    summary = "\n".join(f"{name}: {'ok' if status == 0 else f'status {status}'}" for name, status in found.items())
    with given.report.open("a") as file:
        file.write(f"{summary}\n")
    print(f"{summary}\nwritten to {given.report}")
    return 0 if not any(found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
