"""Systems on a GPU: how each one makes a function of arrays and a step of gradient descent, and how it is waited for.

Arrays are on the device before, results stay there. Those who work later than they return are called several times and waited
for at the end. Rehearsals on the emulated device run the others on the CPU.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from .row import Array
from .systems import LEARNING_RATE, Express, Names, Symbolic, as_list

PEERS = ("cupy", "jax", "torch")
EMULATED = "cuda_emulated"
Cost = Callable[..., Any]
MakeTimed = Callable[[], "Timed"]


@dataclass(frozen=True)
class Timed:
    """What to call with what, how to wait until it is done, how to bring a result to the host."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    wait: Callable[[], None]
    host: Callable[[Any], Array] = np.asarray

    def results(self) -> list[Array]:
        """The results of one call, as arrays of the host."""
        found = as_list(self.function(*self.arguments))
        self.wait()
        return [np.array(self.host(part)) for part in found]


@cache
def phintys_driver(device: str) -> Any:
    """The device that all rows are measured on. DeviceError where it is not there."""
    from phintys.codegen import device as devices

    if device == EMULATED:
        from phintys.codegen.emulated_kernels import EmulatedDevice

        devices.use(EmulatedDevice())
        return devices.current()
    return devices.current(device)


class Phintys(Symbolic):
    """Functions on the device; outputs are transferred to it."""

    def __init__(self, device: str) -> None:
        super().__init__("phintys")
        self.target = "cuda" if device == EMULATED else device
        self.driver = phintys_driver(device)

    def wait(self) -> None:
        """For all work."""
        with self.driver:
            self.driver.settle()

    def values(self, arrays: Sequence[Array]) -> tuple[Any, ...]:
        """The arrays on the device."""
        from phintys.codegen.device_array import DeviceArray

        return tuple(DeviceArray.of(self.driver, array) for array in arrays)

    def timed(self, express: Express, arrays: Sequence[Array]) -> Timed:
        """A compiled function."""
        inputs = [self.variable(array) for array in arrays]
        outputs = [output.transfer(self.target) for output in as_list(express(self.names, *inputs))]
        return Timed(self.package.function(inputs, outputs, target=self.target), self.values(arrays), self.wait)

    def timed_training(self, cost: Cost, weights: Sequence[Array], data: Sequence[Array]) -> Timed:
        """A step of gradient descent that returns what `cost` returns beside the cost."""
        inputs = [self.variable(array) for array in data]
        shared = [self.package.shared(weight.copy()) for weight in weights]
        value, found = cost(self.names, shared, *inputs)
        slopes = self.grad(value, shared)
        updates = [(w, w - np.asarray(LEARNING_RATE, w.dtype) * slope) for w, slope in zip(shared, slopes, strict=True)]
        outputs = [output.transfer(self.target) for output in as_list(found)]
        step = self.package.function(inputs, outputs, updates=updates, target=self.target)
        return Timed(step, self.values(data), self.wait)

    def release(self) -> None:
        """Give back what the pool keeps."""
        with self.driver:
            self.driver.pool.trim()

    def copy(self, size: int) -> Timed:
        """A copy of so many bytes on the device, which moves twice as many."""
        queue = self.driver.main
        source, target = self.values([np.ones(size, "uint8"), np.zeros(size, "uint8")])

        def copy() -> Any:
            with self.driver:
                queue.copy(target.address, source.address, size)
            return target

        return Timed(copy, (), self.wait)

    def cublas(self, arrays: Sequence[Array]) -> Timed:
        """A product by the library itself."""
        queue = self.driver.main
        kept = self.values([*arrays, np.zeros((arrays[0].shape[0], arrays[1].shape[1]), arrays[0].dtype)])
        rows = [(one.address, *one.shape, one.shape[1], 1) for one in kept]

        def product() -> Any:
            with self.driver:
                queue.gemm(kept[0].dtype.name, 1.0, rows[0], rows[1], 0.0, rows[2])
            return kept[2]

        return Timed(product, (), self.wait)


class Cupy:
    """CuPy, whose functions are launched one by one; it has no gradients."""

    def __init__(self, device: str) -> None:
        import cupy

        if device != EMULATED:
            cupy.cuda.Device(int(device.removeprefix("cuda") or 0)).use()
        self.cupy = cupy
        self.names = Names(cupy, lambda x: 1 / (1 + cupy.exp(-x)), self.softmax)

    def release(self) -> None:
        """Give back what its pool keeps."""
        self.cupy.get_default_memory_pool().free_all_blocks()

    def softmax(self, x: Any) -> Any:
        """As one writes it."""
        e = self.cupy.exp(x - x.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    def timed(self, express: Express, arrays: Sequence[Array]) -> Timed:
        """The expression as it stands."""
        values = tuple(self.cupy.asarray(array) for array in arrays)
        wait = self.cupy.cuda.Device().synchronize
        return Timed(lambda *values: express(self.names, *values), values, wait, self.cupy.asnumpy)

    def timed_training(self, cost: Cost, weights: Sequence[Array], data: Sequence[Array]) -> Timed:
        """ImportError: there is nothing to measure."""
        raise ImportError("CuPy has no gradients")


class Jax:
    """JAX, compiled."""

    def __init__(self, device: str) -> None:
        import jax

        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # or it takes three quarters of the memory
        jax.config.update("jax_enable_x64", True)
        platform = "cpu" if device == EMULATED else "gpu"
        try:
            found = jax.devices(platform)
        except RuntimeError as error:
            raise ImportError(f"JAX without a GPU: {error}") from None
        self.jax, self.device = jax, found[0 if device == EMULATED else int(device.removeprefix("cuda") or 0)]
        self.names = Names(jax.numpy, jax.nn.sigmoid, jax.nn.softmax)
        self.last: Any = None

    def wait(self) -> None:
        """For what was asked last, before which everything else is done."""
        self.jax.block_until_ready(self.last)

    def values(self, arrays: Sequence[Array]) -> tuple[Any, ...]:
        """The arrays on the device."""
        return tuple(self.jax.device_put(array, self.device) for array in arrays)

    def timed(self, express: Express, arrays: Sequence[Array]) -> Timed:
        """A jitted function."""
        function = self.jax.jit(lambda *values: express(self.names, *values))

        def call(*values: Any) -> Any:
            self.last = function(*values)
            return self.last

        return Timed(call, self.values(arrays), self.wait)

    def timed_training(self, cost: Cost, weights: Sequence[Array], data: Sequence[Array]) -> Timed:
        """A step of gradient descent; the old weights are given up to the compiler."""

        def update(weights: Any, *values: Any) -> Any:
            slopes, outputs = self.jax.grad(lambda w: cost(self.names, w, *values), has_aux=True)(weights)
            rate = LEARNING_RATE
            return outputs, [w - np.asarray(rate, w.dtype) * slope for w, slope in zip(weights, slopes, strict=True)]

        compiled, state = self.jax.jit(update, donate_argnums=0), list(self.values(weights))

        def step(*values: Any) -> Any:
            nonlocal state
            outputs, state = compiled(state, *values)
            self.last = (outputs, state)
            return outputs

        return Timed(step, self.values(data), self.wait)


class Torch:
    """PyTorch with torch.compile, whose steps use CUDA graphs (`reduce-overhead`). Eager in rehearsals."""

    def __init__(self, device: str) -> None:
        import torch

        if device != EMULATED and not torch.cuda.is_available():
            raise ImportError("PyTorch without a GPU")
        number = device.removeprefix("cuda") or "0"
        self.torch, self.device = torch, "cpu" if device == EMULATED else f"cuda:{number}"
        arange = partial(torch.arange, device=self.device)  # one of the host's would keep CUDA graphs away
        self.names = Names(torch, torch.sigmoid, lambda x: torch.softmax(x, -1), arange=arange)

    def wait(self) -> None:
        """For all work."""
        if self.device != "cpu":
            self.torch.cuda.synchronize(self.device)

    def values(self, arrays: Sequence[Array]) -> tuple[Any, ...]:
        """Tensors on the device."""
        return tuple(self.torch.as_tensor(array, device=self.device) for array in arrays)

    def release(self) -> None:
        """Give back what its pool keeps. What was compiled is forgotten: expressions compiled at one place of the source count
        as one function's, which after eight of them is compiled no more, and after two for sizes left open."""
        if self.device != "cpu":
            self.torch.compiler.reset()
            self.torch.cuda.empty_cache()

    def compiled(self, function: Any, **options: Any) -> Any:
        """The function, compiled where it runs on a GPU."""
        return function if self.device == "cpu" else self.torch.compile(function, **options)

    def timed(self, express: Express, arrays: Sequence[Array]) -> Timed:
        """The expression, without a tape."""
        function = self.compiled(lambda *values: express(self.names, *values))

        def call(*values: Any) -> Any:
            with self.torch.inference_mode():
                return function(*values)

        return Timed(call, self.values(arrays), self.wait, lambda tensor: tensor.cpu().numpy())

    def timed_training(self, cost: Cost, weights: Sequence[Array], data: Sequence[Array]) -> Timed:
        """A step of gradient descent, in place: cost and gradient compiled, all weights changed by one call."""
        state = [self.torch.tensor(weight, device=self.device).requires_grad_() for weight in weights]
        compiled = self.compiled(lambda state, *values: cost(self.names, state, *values), mode="reduce-overhead")

        def step(*values: Any) -> Any:
            value, outputs = compiled(state, *values)
            slopes = self.torch.autograd.grad(value, state)
            with self.torch.no_grad():
                self.torch._foreach_add_(state, slopes, alpha=-LEARNING_RATE)
            return [output.detach() for output in as_list(outputs)]

        return Timed(step, self.values(data), self.wait, lambda tensor: tensor.cpu().numpy())


MAKERS: dict[str, Callable[[str], Any]] = {"phintys": Phintys, "cupy": Cupy, "jax": Jax, "torch": Torch}


@cache
def system(name: str, device: str) -> Any:
    """The system of a name on a device; ImportError where it is missing, or sees no GPU."""
    return MAKERS[name](device)
