"""The digits that ship, MNIST in both of its forms, and the paragraphs that wrong files get."""

from __future__ import annotations

import gzip
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phintys.tools.digits import DataError, load


def random_part(count: int, pixels: int = 16) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    random = np.random.default_rng(count)
    return random.random((count, pixels), dtype="float32"), random.integers(0, 10, count)


def write_pickle(path: Path, content: object, protocol: int = 2) -> Path:
    path.write_bytes(gzip.compress(pickle.dumps(content, protocol=protocol)))
    return path


def idx(array: np.ndarray[Any, Any]) -> bytes:
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_idx(folder: Path, *, packed: bool = False, form: str = "{0}-{1}-ubyte") -> dict[str, np.ndarray[Any, Any]]:
    random = np.random.default_rng(0)
    arrays = {
        "train-images idx3": random.integers(0, 256, (60, 4, 4)).astype("uint8"),
        "train-labels idx1": random.integers(0, 10, 60).astype("uint8"),
        "t10k-images idx3": random.integers(0, 256, (10, 4, 4)).astype("uint8"),
        "t10k-labels idx1": random.integers(0, 10, 10).astype("uint8"),
    }
    for name, array in arrays.items():
        path = folder / (form.format(*name.split()) + (".gz" if packed else ""))
        path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
    return arrays


def test_shipped_digits_are_split_once_and_for_all() -> None:
    digits = load()
    assert (len(digits.train), len(digits.valid), len(digits.test)) == (1200, 300, 297)
    assert digits.side == (8, 8)
    labels = np.concatenate([digits.train.labels, digits.valid.labels, digits.test.labels])
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert (digits.train.images.min(), digits.train.images.max()) == (0.0, 1.0)
    assert digits.test.labels[:10].tolist() == load().test.labels[:10].tolist()


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_pickled_mnist(tmp_path: Path, protocol: int) -> None:
    parts = [random_part(count) for count in (30, 10, 20)]
    digits = load(write_pickle(tmp_path / "mnist.pkl.gz", tuple(parts), protocol))
    for part, (images, labels) in zip((digits.train, digits.valid, digits.test), parts, strict=True):
        np.testing.assert_array_equal(part.images, images)
        np.testing.assert_array_equal(part.labels, labels)
    assert digits.side == (4, 4)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("form", ["{0}-{1}-ubyte", "{0}.{1}-ubyte"])
@pytest.mark.parametrize("given", ["train-images idx3", "t10k-labels idx1"])
def test_idx_files_find_their_siblings(tmp_path: Path, packed: bool, form: str, given: str) -> None:
    arrays = write_idx(tmp_path, packed=packed, form=form)
    digits = load(tmp_path / (form.format(*given.split()) + (".gz" if packed else "")))
    assert (len(digits.train), len(digits.valid), len(digits.test)) == (50, 10, 10)
    np.testing.assert_allclose(digits.train.images[0], arrays["train-images idx3"][0].ravel() / 255)
    np.testing.assert_array_equal(digits.test.labels, arrays["t10k-labels idx1"])


class Harmful:
    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("this was run",))


def test_a_pickle_cannot_run_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DataError, match=r"refers to __builtin__\.print, which no array needs"):
        load(write_pickle(tmp_path / "evil.pkl.gz", Harmful()))
    assert capsys.readouterr().out == ""


def test_missing_sibling_is_named(tmp_path: Path) -> None:
    write_idx(tmp_path)
    (tmp_path / "t10k-images-idx3-ubyte").unlink()
    with pytest.raises(DataError, match="without its sibling t10k-images-idx3-ubyte"):
        load(tmp_path / "train-images-idx3-ubyte")


def test_damaged_idx(tmp_path: Path) -> None:
    write_idx(tmp_path)
    path = tmp_path / "train-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"damaged: 59 bytes of data for shape \(60,\)"):
        load(path)


GOOD = random_part(5)
WRONG = {
    "not three": ((GOOD, GOOD), "pickled tuple, not three pairs"),
    "not pairs": ((GOOD, GOOD, GOOD[0]), "part 3 is not a pair of arrays"),
    "lengths": ((GOOD, (GOOD[0], GOOD[1][:4]), GOOD), r"part 2 has images float32 \(5, 16\), labels int64 \(4,\)"),
    "labels": ((GOOD, GOOD, (GOOD[0], GOOD[1] + 10)), "part 3 has labels that are not integers from 0 to 9"),
    "pixels": ((GOOD, GOOD, random_part(5, 9)), r"images of \[16, 16, 9\] pixels"),
}


@pytest.mark.parametrize("content, message", WRONG.values(), ids=WRONG)
def test_wrong_pickles(tmp_path: Path, content: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load(write_pickle(tmp_path / "wrong.pkl.gz", content))


CONTENTS = {
    "text": (b"label,pixel\n", "begins with the bytes b'label,pi'"),
    "half a gzip": (gzip.compress(bytes(100))[:-12], "cannot be read"),
    "half a pickle": (pickle.dumps((GOOD, GOOD, GOOD))[:50], "is not a pickled data set"),
    "nameless": (idx(np.zeros((2, 2), "uint8")), "its name tells not which one"),
}


@pytest.mark.parametrize("content, message", CONTENTS.values(), ids=CONTENTS)
def test_wrong_files_are_told_what_was_expected(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        load(path)
    assert "Expected mnist.pkl.gz" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot be read: .*No such file"):
        load(tmp_path / "nothing")
