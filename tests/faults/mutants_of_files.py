"""Files, mutated: arrays for the commands, data sets, entries of the object cache."""

from __future__ import annotations

import gzip
import io
import pickle
import random
import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from mutants_loop import Wrong, command

import phintys
import phintys.tensor as T
from phintys.codegen import cache
from phintys.tools.digits import DataError, load
from phintys.tools.main import main as phintys_main
from phintys.tools.opt import main as opt_main

GRAPH = "graph f(x: f64[?, 3], n: i64[]) state(s: f32[2]) { update s = s + f32(n)\n return sum(x, axis=0) * n }"
DTYPES = ("f8", "f4", "f2", "i8", "i1", "u8", "b1", "c16", ">f8", "U3", "S2", "M8[s]", "m8[us]", "O", "V5", "f8,i4")
SHAPES = ((4, 3), (3,), (), (0, 3), (1, 3), (2, 3, 1), (2,))


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Bytes with some changed, cut off, doubled, or with a number of the header made odd."""
    data = bytearray(content)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 4))):
        at = rng.randrange(len(data)) if data else 0
        match rng.randrange(7):
            case 0:
                del data[at:]
            case 1 if data:
                data[at] ^= 1 << rng.randrange(8)
            case 2 if data:
                data[at] = rng.randrange(256)
            case 3:
                data[at:at] = rng.randbytes(rng.choice((1, 8, 300)))
            case 4:
                del data[at : at + rng.choice((1, 8, 60))]
            case 5:
                data[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"9999", b"-1,-", b"\x7f\xff\xff\xff"))
            case _:
                near = rng.randrange(min(len(data), 128)) if data else 0  # headers are where it hurts
                data[near : near + 1] = rng.choice((b"9", b"(", b"'", b"\0", b"-", b"e", b"O"))
    return bytes(data)


class Arrays:
    """`.npy` files for `phintys run` and `phintys-opt --run`, and the data sets of `phintys demo`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "f.phi").write_text(GRAPH)
        draws = np.random.default_rng(0)
        pairs = [(draws.random((20, 4)), draws.integers(0, 10, 20)) for _ in range(3)]
        images = struct.pack(">4B3I", 0, 0, 8, 3, 12, 2, 2) + bytes(range(48))
        labels = struct.pack(">4B1I", 0, 0, 8, 1, 12) + bytes(k % 10 for k in range(12))
        for name in ("train-images-idx3", "t10k-images-idx3"):
            (folder / f"{name}-ubyte").write_bytes(images)
        for name in ("train-labels-idx1", "t10k-labels-idx1"):
            (folder / f"{name}-ubyte").write_bytes(labels)
        self.sets = {"set.pkl": pickle.dumps(pairs), "set.pkl.gz": gzip.compress(pickle.dumps(pairs))}
        self.sets |= {"train-images-idx3-ubyte": images}

    def __call__(self, rng: random.Random) -> str:
        """One file; how reading it ended."""
        return self.data_set(rng) if rng.random() < 0.25 else self.array(rng)

    def data_set(self, rng: random.Random) -> str:
        """A data set is read, or a DataError says what is wrong."""
        name = rng.choice(list(self.sets))
        path = self.folder / name
        path.write_bytes(mutated(self.sets[name], rng))
        try:
            load(path)
        except DataError:
            return "refused"
        finally:
            path.write_bytes(self.sets[name])
        return "read"

    def array(self, rng: random.Random) -> str:
        """An array of any dtype and layout as an argument of a command."""
        path = self.folder / "x.npy"
        path.write_bytes(mutated(npy(rng), rng))
        file = str(self.folder / "f.phi")
        if rng.random() < 0.7:
            where = rng.choice(("x", "n", "s"))
            given = {"x": "[[1, 2, 3]]", "n": "2", "s": "[1, 2]"} | {where: str(path)}
            return command(phintys_main, ["run", file, *(f"{name}={value}" for name, value in given.items())])
        inputs = [f"--input={name}" for name in (f"x={path}", f"n={rng.choice(('2', str(path)))}", "s=ones")]
        return command(opt_main, [file, "--run", *inputs])


def npy(rng: random.Random) -> bytes:
    """A `.npy` file."""
    array: Any = np.zeros(rng.choice(SHAPES), rng.choice(DTYPES) if rng.random() < 0.5 else "f8")
    if rng.random() < 0.3:
        array = np.asfortranarray(array)
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.lib.format.write_array(file, array, version=rng.choice(((1, 0), (2, 0), (3, 0))))
    return file.getvalue()


class Caches:
    """Entries of the object cache, for the CPU and for a device: a function made from damaged ones is right."""

    def __init__(self, folder: Path) -> None:
        x = T.dvector("x")
        self.inputs, self.value = [x], np.arange(5.0)
        self.outputs = [T.exp(-x).sum(), x * 3.0]
        self.wanted = [np.exp(-self.value).sum(), self.value * 3.0]
        self.targets = ("cpu", "cuda_emulated")
        self.folder = folder / "cache" / "objects"
        for target in self.targets:
            self.check(target)
        self.entries = {path: path.read_bytes() for path in self.folder.glob("*.phio")}

    def check(self, target: str) -> None:
        """Compile, call, compare."""
        f = phintys.function(self.inputs, self.outputs, target=target)
        for found, wanted in zip(f(self.value), self.wanted, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-13)

    def __call__(self, rng: random.Random) -> str:
        """Damage an entry, or all; the function is right and the entry is whole again where it was read."""
        cache._usable.cache_clear()
        damaged = {path: mutated(data, rng) for path, data in self.entries.items() if rng.random() < 0.7}
        for path, data in damaged.items():
            path.write_bytes(data)
        for target in self.targets:
            self.check(target)
        left = [path for path, data in damaged.items() if data != self.entries[path] and path.read_bytes() == data]
        for path, data in self.entries.items():
            path.write_bytes(data)
        if len(left) == len(damaged) and any(data != self.entries[path] for path, data in damaged.items()):
            return "not read"
        if any(path.stat().st_mode & 0o077 for path in self.folder.iterdir()):
            raise Wrong("an entry can be read by others")
        return "rewritten"
