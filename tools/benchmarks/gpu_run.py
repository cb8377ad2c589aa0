"""`phintys bench --device cuda`: what is asked for is checked, measured in a process of its own, judged and printed."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

from phintys.tools.report import CommandError, UsageError, console, print_table, write_whole

from . import run, tables
from .gpu_rows import rows
from .gpu_systems import EMULATED, PEERS
from .row import OURS

REHEARSAL = "A rehearsal on the emulated device, with a few numbers each: its times mean nothing, and no target is judged."


def main(arguments: argparse.Namespace) -> int:
    """1 where a target is missed, or Phintys has failed or differs from NumPy in a workload."""
    from phintys.tools import bench

    device = "cuda" if arguments.device == "cuda0" else arguments.device
    rehearsal = device == EMULATED
    known = rows(device, rehearsal)
    if arguments.list:
        listed = [(name, row.group, row.title, str(row.target)) for name, row in known.items()]
        print_table(f"Workloads on {device}", ("name", "group", "what", "target"), listed)
        return 0
    names = bench.chosen_workloads(arguments.workloads, {name: row.group for name, row in known.items()})
    peers = bench.chosen_peers(arguments.peers, PEERS)
    check(arguments, device)
    if rehearsal:
        console().print(REHEARSAL)
    report: dict[str, Any] = {"machine": machine(device), "versions": run.versions(PEERS), "results": [], "sweep": {}}
    settings = {"rows": names, "peers": peers, "device": device, "rounds": arguments.rounds, "seconds": arguments.seconds}
    for line in run.follow("gpu_measure", settings, os.cpu_count() or 1):
        if "begins" not in line:
            result = run.judged(line, not rehearsal, known[line["name"]])
            report["results"].append({**result, "limit": None} if rehearsal else result)
            tables.show(report["results"][-1], with_threads=False)
    tables.summary(report, [1])
    if arguments.json:
        write_whole(arguments.json, json.dumps(report, indent=1).encode())
    if arguments.markdown:
        write_whole(arguments.markdown, tables.markdown(report).encode())
    failed = [result for result in report["results"] if OURS not in result["seconds"] or result["reached"] is False]
    return 1 if failed else 0


def check(arguments: argparse.Namespace, device: str) -> None:
    """UsageError for options of the CPU's bench; CommandError, in one sentence, where there is no such GPU."""
    from phintys.tools import bench

    for option in ("sweep", "plot", "saved"):
        if getattr(arguments, option):
            raise UsageError(f"--{'from' if option == 'saved' else option} is not for --device {device}")
    bench.check_files(arguments)
    if device != EMULATED:
        from phintys.codegen import cuda_library
        from phintys.codegen import device as devices

        reason = cuda_library.missing()
        if reason is not None:
            raise CommandError(reason)
        try:
            cuda_library.check_number(devices.number_of(device), cuda_library.device_count()[0])
        except devices.DeviceError as error:
            raise CommandError(str(error)) from None


def machine(device: str) -> dict[str, str]:
    """What the figures are measured on."""
    found = run.machine()
    if device == EMULATED:
        return {**found, "gpu": "emulated"}
    from phintys.codegen import cuda_library
    from phintys.codegen import device as devices

    cuda_library.device_count()  # makes the driver ready
    return {**found, "gpu": cuda_library.device_name(devices.number_of(device)), "cuda": cuda_library.driver_version()}
