"""Steps that repeat are replayed: what a plan gives to its stream becomes CUDA graphs, and Python does not run it again.

A call that has come a few times with the same sizes and the same memory is watched: the plan runs as always, but what it asks
for is written down, and its memory is kept. What it gave to the stream (launches, products, copies on the device) between two
reads of the host is captured as one graph. A later call of the same kind copies its arguments to where they were, launches
the graphs, reads what the plan has read and compares. Where the host would see something else than in the watched call (an
error record that is set, another size), the plan runs from that place on, on the memory as it is.

Numbers that the host reads from arguments (the index of a batch) are part of the kind: each has graphs of its own, on the
same memory.

Source: NVIDIA, CUDA C++ programming guide, CUDA graphs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .device_array import DeviceArray
from .device_options import options
from .driver import DeviceError
from .plan_watch import OnDevice, Reserve, Step, Trace, Watcher

if TYPE_CHECKING:
    from .device_queue import Queue
    from .driver import Launch, Stream

WARM = 2  # calls of a kind that run plainly; the next one is watched
MOST_TRACES, MOST_KINDS = 128, 1024
# A step with fewer launches is launched as it is; so is one whose results on the device, which would be copied, or whose
# memory, which would be kept, take more bytes: it is long enough to hide its launches.
LEAST_WORK, MOST_COPIED, MOST_KEPT = 3, 1 << 20, 1 << 28
HOST_NAMES = ("host_view", "host_array")


@dataclass
class Kind:
    """Calls with the same sizes and memory. `places`: what the host reads of the arguments, as (argument, place);
    `refused`: they are not worth a replay."""

    places: tuple[tuple[int, Any], ...] | None = None
    counts: dict[Any, int] = field(default_factory=dict)
    refused: bool = False


class Graphs:
    """The replays of one function. `reason`: why there are none, in words."""

    def __init__(
        self,
        queue: Queue,
        names: frozenset[str],
        operations: dict[str, Any],
        launches: Sequence[Launch],
        bind: Callable[[dict[str, Any]], Callable[..., Any]],
    ) -> None:
        self.queue, self.operations, self.launches, self.bind = queue, operations, launches, bind
        self.reserve = Reserve(queue)
        self.kinds: dict[Any, Kind] = {}
        self.traces: dict[Any, Trace] = {}
        self.busy = False
        self.reason: str | None = None
        if any(name in HOST_NAMES or name.startswith("host_") for name in names):
            self.reason = "Python's or NumPy's operations run in between"
        if "clock" in names:
            self.reason = "its kernels are measured one by one"
        queue.driver.reserves.add(self)

    def __del__(self) -> None:
        self.reserve.give_back()

    def relinquish(self) -> None:
        """Forget all, and give the memory back."""
        if not self.busy:
            self.traces.clear()
            self.kinds.clear()
            self.reserve.give_back()

    def call(self, main: Callable[..., Any], arguments: list[Any]) -> Any:
        """The results of a call of the plan, by a replay where there is one."""
        if self.reason is not None or not options.graphs:
            return main(*arguments)
        seen = [(v.address, v.shape) if type(v) is DeviceArray else v.shape for v in arguments]
        key = (options.tf32, *seen)
        kind = self.kinds.get(key)
        if kind is None:
            kind = _bounded(self.kinds)[key] = Kind()
        if kind.refused:
            return main(*arguments)
        values: Any = ()
        if kind.places:
            values = tuple([arguments[argument][place].item() for argument, place in kind.places])
        trace = self.traces.get((key, values))
        if trace is not None:
            self.busy = True
            try:
                return self._replay(trace, arguments)
            finally:
                self.busy = False
        return self._count(main, key, kind, values, arguments)

    def _count(self, main: Callable[..., Any], key: Any, kind: Kind, values: Any, arguments: list[Any]) -> Any:
        """A call that has no graphs yet: plain, or watched."""
        counts = _bounded(kind.counts)
        count = counts[values] = counts.get(values, 0) + 1
        if count <= (WARM if kind.places is None else 1):
            return main(*arguments)
        self.reason = self.queue.driver.no_graphs()
        if self.reason is not None:
            return main(*arguments)
        return self._guarded(self._watch, key, kind, arguments)

    def _guarded(self, run: Callable[..., Any], *arguments: Any) -> Any:
        """No memory is given up meanwhile."""
        self.busy = True
        try:
            return run(*arguments)
        finally:
            self.busy = False
            self.reserve.reset()
            if self.reason is not None or not self.traces:
                self.reserve.give_back()

    # --- watching ------------------------------------------------------------------------------------------------------------

    def _watcher(self, arguments: list[Any]) -> tuple[Watcher, Callable[..., Any]]:
        watcher = Watcher(self.reserve, self.operations, self.launches)
        # An object of its own for each: the same array may be given twice.
        watcher.arguments = [value if type(value) is DeviceArray else value.view() for value in arguments]
        return watcher, self.bind(watcher.operations())

    def _watch(self, key: Any, kind: Kind, arguments: list[Any]) -> Any:
        watcher, main = self._watcher(arguments)
        self.reserve.reset()
        found = main(*watcher.arguments)
        trace = self._trace(watcher, found) if self._pays(watcher, found) else None
        places = tuple((number, place) for number, watched in watcher.read.items() for place, _ in watched.reads)
        values = tuple(value for watched in watcher.read.values() for _, value in watched.reads)
        if kind.places not in (None, places):
            self.reason = "the host reads other arguments from call to call"
        elif trace is not None:
            kind.places = places
            self.traces[key, values] = trace
            if len(self.traces) > MOST_TRACES:
                del self.traces[next(iter(self.traces))]  # the oldest
        else:
            kind.refused = True
        return [self._own(value) for value in found]

    def _pays(self, watcher: Watcher, found: Any) -> bool:
        """Whether there is much to launch, and little to keep and to copy."""
        launches = sum(step.kind == "work" for step in watcher.steps)
        copied = sum(value.size for value in found if isinstance(value, OnDevice))
        return launches >= LEAST_WORK and copied <= MOST_COPIED and self.reserve.size <= MOST_KEPT

    def _own(self, value: Any) -> Any:
        """A result of a plan that was watched as the caller gets it."""
        return value.handed(self.queue) if isinstance(value, OnDevice) else getattr(value, "array", value)

    def _trace(self, watcher: Watcher, found: Any) -> Trace | None:
        """The trace of a watched call; `None`, and the reason kept, where it cannot be replayed."""
        results = [_result(watcher, value) for value in found]
        if watcher.unusable or None in results:
            self.reason = watcher.unusable or "a result is an argument, seen as another type"
            return None
        steps = [step for step in watcher.steps if step.kind == "upload"]
        work: list[Step] = []
        try:
            for step in (*watcher.steps, None):
                if step is not None and step.kind == "work":
                    work.append(step)
                elif step is None or step.kind != "upload":
                    steps += self._together(work)
                    work = []
                    steps += [] if step is None else [step]
        except DeviceError as error:
            self.reason = f"capturing failed: {error}"
            return None
        stands = {id(step.watched if step.kind == "read" else step.watched.array): step for step in steps if step.watched}
        return Trace(steps, [stands.get(id(answer), answer) for answer in watcher.answers], results)

    def _together(self, work: list[Step]) -> list[Step]:
        """Work between two reads as one step."""
        if len(work) < 2:
            return work
        given = [step.work for step in work if step.work is not None]

        def give(stream: Stream) -> None:
            for one in given:
                one(stream)

        return [Step("work", self.queue.driver.captured(give, self.queue.stream).launch, calls=work[-1].calls)]

    # --- replays -------------------------------------------------------------------------------------------------------------

    def _replay(self, trace: Trace, arguments: list[Any]) -> Any:
        queue = self.queue
        arrays: dict[int, Any] = {}  # by step
        for step in trace.steps:
            if step.work is not None:
                step.work(queue.stream)
            elif step.kind == "upload":
                queue.upload(step.address, arguments[step.argument])
            elif step.kind == "fetch":
                arrays[id(step)] = queue.fetch(step.address, step.shape, step.dtype)
            else:
                found = arrays[id(step)] = queue.download(step.address, step.shape, step.dtype)
                assert step.watched is not None
                for place, value in step.watched.reads:
                    if found[place].item() != value:
                        return self._go_on(trace, step, arrays, arguments)
        return [self._handed(value, arrays, arguments) for value in trace.results]

    def _handed(self, value: Any, arrays: dict[int, Any], arguments: list[Any]) -> Any:
        if isinstance(value, OnDevice):
            return value.handed(self.queue)
        return arrays[id(value)] if isinstance(value, Step) else arguments[value]

    def _go_on(self, trace: Trace, last: Step, arrays: dict[int, Any], arguments: list[Any]) -> Any:
        """Run the plan from where the host has read something new."""
        watcher, main = self._watcher(arguments)
        watcher.goes_on = True
        answers = trace.answers[: last.calls]
        watcher.before.extend(arrays.get(id(answer)) if isinstance(answer, Step) else answer for answer in answers)
        return [self._own(value) for value in main(*watcher.arguments)]


def _result(watcher: Watcher, value: Any) -> Any:
    """How a replay gets a result; `None` where it does not."""
    if isinstance(value, OnDevice):
        return value
    for step in watcher.steps:
        if step.kind == "fetch" and step.watched is not None and step.watched.array is value:
            return step
    return next((number for number, given in enumerate(watcher.arguments) if given is value), None)


def _bounded(table: dict[Any, Any]) -> dict[Any, Any]:
    """The table, emptied when it has grown too large."""
    if len(table) >= MOST_KINDS:
        table.clear()
    return table
