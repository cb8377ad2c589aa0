"""Reports that earlier runs have written, put together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from phintys.tools.report import CommandError

from .run import Result, judged
from .table import WORKLOADS

GATHERED = ("samples", "imports")


def read(paths: Sequence[Path], names: Sequence[str]) -> dict[str, Any]:
    """One report of the named workloads in all files; machine and versions are the first file's, which all must share."""
    reports = [load(path) for path in paths]
    for path, report in zip(paths, reports, strict=True):
        if report["versions"] != reports[0]["versions"] or report["machine"]["cpu"] != reports[0]["machine"]["cpu"]:
            raise CommandError(f"{path} was measured on another machine or with other versions than {paths[0]}")
    results = gathered(result for report in reports for result in report["results"])
    wanted = [result for result in results if result["name"] in names and result["name"] in WORKLOADS]
    wanted.sort(key=lambda result: (list(WORKLOADS).index(result["name"]), result["threads"]))
    first = min((result["threads"] for result in wanted), default=1)
    sweep: dict[str, Any] = {}
    for report in reports:
        for panel, curves in report["sweep"].items():
            sweep[panel] = {name: {int(size): taken for size, taken in curve.items()} for name, curve in curves.items()}
    judge = [judged(result, judge=result["threads"] == first) for result in wanted]
    return {**reports[0], "results": judge, "sweep": sweep}


def load(path: Path) -> dict[str, Any]:
    """What `--json` wrote into a file."""
    try:
        report: dict[str, Any] = json.loads(path.read_text())
        if set(report) >= {"machine", "versions", "results", "sweep"}:
            return report
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, TypeError):
        pass
    raise CommandError(f"{path} is not a report that phintys bench --json has written")


def gathered(results: Iterable[Result]) -> list[Result]:
    """Results of the same workload with the same number of threads as one, with the samples of all."""
    found: dict[tuple[str, int], Result] = {}
    for result in results:
        same = found.setdefault((result["name"], result["threads"]), result)
        if same is result:
            continue
        for part in GATHERED:
            for name, taken in result[part].items():
                same[part].setdefault(name, []).extend(taken)
    return list(found.values())
