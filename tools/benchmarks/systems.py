"""The systems: how each one makes a function of arrays, a value with its gradient, and a step of gradient descent.

A workload is written once, with the names that all have in common (`m.exp`, `x @ w`, `x.sum()`), and given to each
system. NumPy's derivatives, numba's loops and numexpr's text are written by hand where the workload is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .row import Array, Call, Make

Express = Callable[..., Any]
LEARNING_RATE = 0.1


class Names:
    """A system's functions under common names; `others` are given here."""

    def __init__(self, module: Any, sigmoid: Any, softmax: Any, **others: Any):
        self.module, self.sigmoid, self.softmax = module, sigmoid, softmax
        self.__dict__.update(others)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.module, name)
        setattr(self, name, found)  # so that the next look-up costs no more than the module's own
        return found


def as_list(value: Any) -> list[Any]:
    """One or several as a list."""
    return list(value) if isinstance(value, list | tuple) else [value]


class Numpy:
    """Expressions as they stand."""

    names = Names(np, None, None)

    def function(self, express: Express, arrays: Sequence[Any]) -> Call:
        """The expression, computed by NumPy."""
        return lambda *values: express(self.names, *values), tuple(arrays)


class Symbolic:
    """Phintys and PyTensor, which share Theano's way of writing."""

    def __init__(self, package: str):
        import importlib

        self.package = importlib.import_module(package)
        self.tensor = importlib.import_module(f"{package}.tensor")
        if package == "phintys":
            self.names = Names(self.tensor, self.tensor.nnet.sigmoid, self.tensor.nnet.softmax)
        else:
            softmax = importlib.import_module("pytensor.tensor.special").softmax
            self.names = Names(self.tensor, self.tensor.sigmoid, lambda x: softmax(x, axis=-1))
        self.grad = importlib.import_module(f"{package}.gradient").grad

    def variable(self, array: Any) -> Any:
        """An input of the array's kind; lengths of 1 are broadcast."""
        array = np.asarray(array)
        if self.package.__name__ == "phintys":
            return self.tensor.TensorType(str(array.dtype), [length == 1 for length in array.shape])()
        return self.tensor.TensorType(str(array.dtype), shape=[1 if length == 1 else None for length in array.shape])()

    def function(self, express: Express, arrays: Sequence[Any]) -> Call:
        """A compiled function."""
        inputs = [self.variable(array) for array in arrays]
        return self.package.function(inputs, express(self.names, *inputs)), tuple(arrays)

    def gradient(self, cost: Express, arrays: Sequence[Array]) -> Call:
        """The cost and its derivative by the first array."""
        inputs = [self.variable(array) for array in arrays]
        value = cost(self.names, *inputs)
        return self.package.function(inputs, [value, self.grad(value, inputs[0])]), tuple(arrays)

    def training(self, cost: Express, weights: Sequence[Array], data: Sequence[Any], rate: float = LEARNING_RATE) -> Call:
        """A step of gradient descent that returns what `cost` returns beside the cost."""
        inputs = [self.variable(array) for array in data]
        shared = [self.package.shared(weight.copy()) for weight in weights]
        value, outputs = cost(self.names, shared, *inputs)
        slopes = self.grad(value, shared)
        updates = [(w, w - np.asarray(rate, w.dtype) * slope) for w, slope in zip(shared, slopes, strict=True)]
        return self.package.function(inputs, outputs, updates=updates), tuple(data)


class Jax:
    """JAX with 64-bit numbers on the CPU, compiled; data are already JAX's."""

    def __init__(self) -> None:
        import jax

        jax.config.update("jax_enable_x64", True)
        jax.config.update("jax_platforms", "cpu")
        self.jax = jax
        self.names = Names(jax.numpy, jax.nn.sigmoid, jax.nn.softmax)

    def values(self, arrays: Sequence[Any]) -> tuple[Any, ...]:
        """Arrays of JAX; Python's numbers stay what they are."""
        return tuple(self.jax.numpy.asarray(a) if isinstance(a, np.ndarray) else a for a in arrays)

    def function(self, express: Express, arrays: Sequence[Any]) -> Call:
        """A jitted function."""
        function = self.jax.jit(lambda *values: express(self.names, *values))
        return lambda *values: self.jax.block_until_ready(function(*values)), self.values(arrays)

    def gradient(self, cost: Express, arrays: Sequence[Array]) -> Call:
        """The cost and its derivative by the first array."""
        function = self.jax.jit(self.jax.value_and_grad(lambda *values: cost(self.names, *values)))
        return lambda *values: self.jax.block_until_ready(function(*values)), self.values(arrays)

    def training(self, cost: Express, weights: Sequence[Array], data: Sequence[Any], rate: float = LEARNING_RATE) -> Call:
        """A step of gradient descent; the old weights are given up to the compiler."""

        def update(weights: Any, *values: Any) -> Any:
            slopes, outputs = self.jax.grad(lambda w: cost(self.names, w, *values), has_aux=True)(weights)
            return outputs, [w - np.asarray(rate, w.dtype) * slope for w, slope in zip(weights, slopes, strict=True)]

        compiled, state = self.jax.jit(update, donate_argnums=0), [self.jax.numpy.array(weight) for weight in weights]

        def step(*values: Any) -> Any:
            nonlocal state
            outputs, state = compiled(state, *values)
            return self.jax.block_until_ready(outputs)

        return step, self.values(data)


class Torch:
    """PyTorch on the CPU, eager: torch.compile takes a C++ compiler and 15 seconds and more."""

    def __init__(self) -> None:
        import os

        import torch

        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
        self.torch = torch
        self.names = Names(torch, torch.sigmoid, lambda x: torch.softmax(x, -1))

    def values(self, arrays: Sequence[Any]) -> tuple[Any, ...]:
        """Tensors; numbers become tensors of no dimensions, as whoever calls it does."""
        return tuple(self.torch.as_tensor(a, dtype=None if isinstance(a, np.ndarray) else self.torch.float64) for a in arrays)

    def function(self, express: Express, arrays: Sequence[Any]) -> Call:
        """The expression as it stands, without a tape."""

        def function(*values: Any) -> Any:
            with self.torch.inference_mode():
                return express(self.names, *values)

        return function, self.values(arrays)

    def gradient(self, cost: Express, arrays: Sequence[Array]) -> Call:
        """The cost and its derivative by the first array."""
        first, *rest = self.values(arrays)
        first.requires_grad_()

        def function(*values: Any) -> Any:
            value = cost(self.names, *values)
            return [value.detach(), self.torch.autograd.grad(value, first)[0]]

        return function, (first, *rest)

    def training(self, cost: Express, weights: Sequence[Array], data: Sequence[Any], rate: float = LEARNING_RATE) -> Call:
        """A step of gradient descent, in place."""
        state = [self.torch.tensor(weight).requires_grad_() for weight in weights]

        def step(*values: Any) -> Any:
            value, outputs = cost(self.names, state, *values)
            slopes = self.torch.autograd.grad(value, state)
            with self.torch.no_grad():
                for weight, slope in zip(state, slopes, strict=True):
                    weight.sub_(slope, alpha=rate)
            return [output.detach() for output in as_list(outputs)]

        return step, self.values(data)


def system(name: str) -> Any:
    """The system called `name`; ImportError when its package is missing."""
    makers: dict[str, Callable[[], Any]] = {"numpy": Numpy, "jax": Jax, "torch": Torch}
    return makers[name]() if name in makers else Symbolic(name)


COMPILERS = ("phintys", "jax", "torch", "pytensor")


def function_of(name: str, express: Express, arrays: Sequence[Any]) -> Call:
    """The function `express(m, *arrays)` by the system called `name`."""
    made: Call = system(name).function(express, arrays)
    return made


Data = Callable[[], tuple[Any, ...]]


def functions(express: Express, data: Data, names: Sequence[str] = COMPILERS) -> dict[str, Make]:
    """Makers of the function `express(m, *arrays)` by each system that takes the same text."""
    return {name: lambda name=name: system(name).function(express, data()) for name in names}  # type: ignore[misc]


def gradients(cost: Express, data: Data, names: Sequence[str] = COMPILERS) -> dict[str, Make]:
    """Makers of `cost(m, *arrays)` with its derivative by the first array."""
    return {name: lambda name=name: system(name).gradient(cost, data()) for name in names}  # type: ignore[misc]


def trainings(cost: Express, weights: Data, data: Data, names: Sequence[str] = COMPILERS) -> dict[str, Make]:
    """Makers of a descent step; `cost(m, weights, *arrays)` gives the cost and what the step returns."""
    return {name: lambda name=name: system(name).training(cost, weights(), data()) for name in names}  # type: ignore[misc]
