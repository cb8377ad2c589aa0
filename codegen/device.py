"""Functions on a device: the driver of this process, made when a device is asked for first, and the way there from a graph."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from phintys.ir.graph import Graph, fingerprint
from phintys.ir.host import is_local
from phintys.ir.ops import ADDED
from phintys.ir.phases import phase

from . import cache
from .device_executable import DeviceExecutable
from .device_options import options
from .driver import DeviceError, Driver
from .launch_plan import LaunchPlan, plan_of
from .recipe import FULL, Recipe

if TYPE_CHECKING:
    from .compiler import Observer

__all__ = ["DeviceError", "compile_for", "compile_for_cuda", "current"]

_lock = threading.Lock()
_drivers: dict[int, Driver] = {}  # by the number of the device


def number_of(target: str) -> int:
    """The device that a target means: `cuda` is the first one, `cuda1` the second."""
    return int(target.removeprefix("cuda") or 0)


def current(target: str = "cuda") -> Driver:
    """The GPU that a target means. DeviceError, in one sentence, where it is not there, or no pycuda."""
    number = number_of(target)
    with _lock:
        if number not in _drivers:
            from .cuda import CudaDriver

            _drivers[number] = CudaDriver(number)
        return _drivers[number]


def use(driver: Driver | None, number: int = 0) -> Driver | None:
    """Make another driver that of a device (tests do); gives the one before. `None`: the GPU, when it is asked for."""
    with _lock:
        before = _drivers.pop(number, None)
        if driver is not None:
            _drivers[number] = driver
        return before


def compile_for_cuda(
    graph: Graph,
    observe: Observer | None = None,
    *,
    anew: bool = False,
    recipe: Recipe = FULL,
    device_outputs: Iterable[int] = (),
    target: str = "cuda",
) -> DeviceExecutable:
    """A graph's function on a GPU; see `compile_for`. DeviceError before anything else where there is none."""
    return compile_for(current(target), graph, observe, anew=anew, recipe=recipe, device_outputs=device_outputs)


def compile_for(
    driver: Driver,
    graph: Graph,
    observe: Observer | None = None,
    *,
    anew: bool = False,
    recipe: Recipe = FULL,
    device_outputs: Iterable[int] = (),
) -> DeviceExecutable:
    """A graph's function on a device: plan and kernels from the object cache, or down the GPU's ladder.

    Outputs of the numbers `device_outputs` stay on the device. `observe`, `anew` and `recipe` as for `compile_graph`.
    """
    stay = frozenset(device_outputs)
    recipe = replace(recipe, atomic=recipe.atomic or options.atomics)
    functions = [node.attrs["function"] for node in graph.nodes() if node.op == "host"]
    if any(map(is_local, functions)) or any(node.op in ADDED for node in graph.nodes()):
        return DeviceExecutable(*_compiled(graph, driver, stay, observe, recipe), driver)
    with phase("look into the object cache"):
        words = [fingerprint(graph), cache.toolchain_fingerprint(), driver.architecture, str(sorted(stay)), recipe.key]
        key = hashlib.sha256(" ".join(["device", *words]).encode()).hexdigest()
        found = None if anew else cache.load(key)
    if found is not None:
        return DeviceExecutable(LaunchPlan.from_json(found[1]), found[0].decode(), driver)
    plan, code = _compiled(graph, driver, stay, observe, recipe)
    with phase("write to the object cache"):
        cache.store(key, code.encode(), json.loads(json.dumps(plan.to_json())))
    return DeviceExecutable(plan, code, driver)


def _compiled(
    graph: Graph, driver: Driver, stay: frozenset[int], observe: Observer | None, recipe: Recipe
) -> tuple[LaunchPlan, str]:
    from .compiler import collection_paused, graph_module, lower

    with collection_paused():
        module = graph_module(graph, lapack=False)
        lower(module, driver.level, observe=observe, recipe=recipe)
        with phase("write the launch plan"):
            plan = plan_of(module, stay)
        return plan, driver.code(module) if plan.kernels else ""
