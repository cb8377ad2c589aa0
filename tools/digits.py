"""Handwritten digits as training, validation and test sets: the ones that ship, or MNIST from a file.

In: nothing, `mnist.pkl.gz`, or one of MNIST's IDX files. Out: `Digits`, images as rows in [0, 1] and labels as int32. A
file that is something else gives a `DataError`, a paragraph that says what was found and what was expected.
"""

from __future__ import annotations

import gzip
import importlib.resources
import io
import pickle
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .report import CommandError

Array = NDArray[Any]

CLASSES = 10
SHIPPED_SPLIT = (1200, 1500)  # of 1,797: 1,200 to train, 300 to validate, 297 to test
MNIST_TRAIN = 50_000  # of 60,000: the rest validates, as in the deep learning tutorials
FORMATS = (
    "Expected mnist.pkl.gz (a gzipped pickle of three pairs: images as rows, labels), or one of MNIST's four IDX files "
    "(such as train-images-idx3-ubyte or train-images-idx3-ubyte.gz) with the other three in the same folder. "
    "Without --data the digits that ship with Phintys are used."
)
IDX_PARTS = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
# All that a pickled NumPy array refers to, under the names of NumPy 1 and 2. A pickle may call any function it
# names; these only build arrays.
PICKLE_NAMES = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy._core.numeric", "_frombuffer"),
    ("_codecs", "encode"),
}


class DataError(CommandError):
    """A data file that cannot be read, with what was expected instead."""


@dataclass(frozen=True)
class Part:
    """One of the three sets: `images` is (n, pixels) in [0, 1], `labels` is (n,) int32."""

    images: Array
    labels: Array

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Digits:
    """A data set, split."""

    name: str
    train: Part
    valid: Part
    test: Part

    @property
    def pixels(self) -> int:
        """Number of pixels of an image."""
        return int(self.train.images.shape[1])

    @property
    def side(self) -> tuple[int, int]:
        """Height and width of an image; a single row when the images are not square."""
        root = round(self.pixels**0.5)
        return (root, root) if root * root == self.pixels else (1, self.pixels)


def load(path: str | Path | None = None) -> Digits:
    """The data set in file `path`, or the one that ships with the package; DataError when the file is no data set."""
    if path is None:
        return load_shipped()
    path = Path(path)
    content = read(path)
    if content[:3] == b"\0\0\x08":
        return load_idx(path)
    if content[:1] in (b"\x80", b"("):
        return load_pickle(path, content)
    raise DataError(f"{path} is not a data set: it begins with the bytes {content[:8]!r}. {FORMATS}")


def load_shipped() -> Digits:
    """UCI's 1,797 optical digits (8 x 8, values 0 to 16), shuffled: the file groups them by writer."""
    source = importlib.resources.files("phintys.tools.data") / "digits.npz"
    with np.load(io.BytesIO(source.read_bytes())) as archive:
        images, labels = archive["images"], archive["labels"]
    order = np.random.RandomState(1797).permutation(len(labels))
    images = images.reshape(len(labels), -1)[order] / 16.0
    parts = zip(np.split(images, SHIPPED_SPLIT), np.split(labels[order].astype("int32"), SHIPPED_SPLIT), strict=True)
    return Digits("UCI optical digits", *(Part(x, y) for x, y in parts))


def read(path: Path) -> bytes:
    """Content of `path`, unpacked when it is gzipped."""
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}. {FORMATS}") from error


class ArraysOnly(pickle.Unpickler):
    """An unpickler that builds NumPy arrays and plain containers, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """The named object if arrays need it; UnpicklingError for any other, before it is even imported."""
        if (module, name) not in PICKLE_NAMES:
            raise pickle.UnpicklingError(f"it refers to {module}.{name}, which no array needs")
        return super().find_class(module, name)


def load_pickle(path: Path, content: bytes) -> Digits:
    """The deep learning tutorials' `mnist.pkl.gz`: ((images, labels), ...) for training, validation and test."""
    try:
        parts = ArraysOnly(io.BytesIO(content), encoding="latin1").load()
    except Exception as error:  # a damaged pickle raises almost anything
        raise DataError(f"{path} is not a pickled data set: {error}. {FORMATS}") from error
    if not (isinstance(parts, tuple | list) and len(parts) == 3):
        raise DataError(f"{path} holds a pickled {type(parts).__name__}, not three pairs of arrays. {FORMATS}")
    train, valid, test = (check_part(path, which, part) for which, part in zip(("1", "2", "3"), parts, strict=True))
    return same_pixels(path, Digits(path.name, train, valid, test))


def check_part(path: Path, which: str, part: object) -> Part:
    """`part` as a `Part`, or a DataError that says how it differs from one."""
    if not (isinstance(part, tuple | list) and len(part) == 2 and all(isinstance(array, np.ndarray) for array in part)):
        raise DataError(f"{path}: part {which} is not a pair of arrays. {FORMATS}")
    images, labels = part
    if images.ndim != 2 or images.dtype.kind not in "fiu" or labels.shape != images.shape[:1] or not len(labels):
        found = f"images {images.dtype} {images.shape}, labels {labels.dtype} {labels.shape}"
        raise DataError(f"{path}: part {which} has {found}; images must be rows, with one label each. {FORMATS}")
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= CLASSES:
        raise DataError(f"{path}: part {which} has labels that are not integers from 0 to {CLASSES - 1}. {FORMATS}")
    scale = 255.0 if images.dtype.kind in "iu" else 1.0
    return Part(images / scale if scale != 1.0 else images, labels.astype("int32"))


def same_pixels(path: Path, digits: Digits) -> Digits:
    """`digits`, unless its parts differ in image size."""
    sizes = [part.images.shape[1] for part in (digits.train, digits.valid, digits.test)]
    if len(set(sizes)) > 1:
        raise DataError(f"{path}: its parts have images of {sizes} pixels, which must be equal. {FORMATS}")
    return digits


def load_idx(path: Path) -> Digits:
    """MNIST's four IDX files, of which `path` is one; the last 10,000 training images validate."""
    known = path.name.replace(".idx", "-idx")  # both spellings are about
    part = next((part for part in IDX_PARTS if part in known), None)
    if part is None:
        raise DataError(f"{path} is an IDX file, but its name tells not which one. {FORMATS}")
    images, labels, test_images, test_labels = (read_idx(sibling(path, part, other)) for other in IDX_PARTS)
    rows = images.reshape(len(images), -1)
    cut = MNIST_TRAIN if len(rows) > MNIST_TRAIN else len(rows) * 5 // 6
    test = test_images.reshape(len(test_images), -1)
    pairs = [(rows[:cut], labels[:cut]), (rows[cut:], labels[cut:]), (test, test_labels)]
    parts = (check_part(path, which, pair) for which, pair in zip(("train", "valid", "test"), pairs, strict=True))
    return same_pixels(path, Digits("MNIST (IDX)", *parts))


def sibling(path: Path, part: str, other: str) -> Path:
    """The file beside `path` that is named like it, with `other` for `part`, packed or not."""
    for old, new in ((part, other), (part.replace("-idx", ".idx"), other.replace("-idx", ".idx"))):
        if old in path.name:
            name = path.name.replace(old, new).removesuffix(".gz")
            for found in (path.with_name(name), path.with_name(name + ".gz")):
                if found.exists():
                    return found
    raise DataError(f"{path} came without its sibling {other}-ubyte, which is not in {path.parent}. {FORMATS}")


def read_idx(path: Path) -> Array:
    """An IDX file of bytes: two zeros, 8, the rank, the sizes (big endian), the data."""
    content = read(path)
    rank = content[3] if content[:3] == b"\0\0\x08" and len(content) > 3 else 0
    if not 1 <= rank <= 3 or len(content) < 4 + 4 * rank:
        raise DataError(f"{path} is not an IDX file of bytes: it begins with {content[:8]!r}. {FORMATS}")
    shape = struct.unpack_from(f">{rank}I", content, 4)
    data = np.frombuffer(content, "uint8", offset=4 + 4 * rank)
    if data.size != np.prod(shape, dtype="int64") or not data.size:
        raise DataError(f"{path} is damaged: {data.size} bytes of data for shape {shape}. {FORMATS}")
    return data.reshape(shape)
