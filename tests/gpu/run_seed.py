"""Runs a program of the seeds on a device: `python run_seed.py DEVICE NOTEBOOK PROGRAM RESULTS`, see `notebook.py`."""

from __future__ import annotations

import gc
import runpy
import sys

import phintys
from phintys.codegen import device
from phintys.codegen.emulated_kernels import EmulatedDevice

where = sys.argv.pop(1)
if where == "emulated":
    device.use(EmulatedDevice())
phintys.config.device = "cuda"
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
gc.collect()
used = device.current()
if isinstance(used, EmulatedDevice):
    assert any(event[0] == "launch" for event in used.events)
    assert len(used.live) < 20, f"{len(used.live)} pieces of memory that nobody has freed"
