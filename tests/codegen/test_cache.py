"""Objects on disk: other processes, damage, concurrent writers, folders that are not ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from native_support import fail, parse, slow
from test_entry import PAIR

from phintys.codegen import cache
from phintys.codegen.assemble import assemble
from phintys.codegen.engine import compile_object
from phintys.codegen.executable import Executable
from phintys.codegen.interface import Interface

HERE = Path(__file__).parent


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PHINTYS_CACHE_DIR", str(tmp_path))
    return tmp_path / "objects"


def only_file(folder: Path) -> Path:
    (path,) = folder.glob("*.phio")
    return path


def test_store_and_load(folder: Path) -> None:
    assert cache.load("key") is None
    cache.store("key", b"object", {"a": [1, "é"]})
    assert cache.load("key") == (b"object", {"a": [1, "é"]})
    assert cache.load("other") is None
    cache.store("key", b"newer", {})
    assert cache.load("key") == (b"newer", {})
    cache.clear()
    assert cache.load("key") is None and list(folder.iterdir()) == []


def test_only_the_owner_may_read(folder: Path) -> None:
    cache.store("key", b"object", {})
    assert folder.stat().st_mode & 0o777 == 0o700
    assert only_file(folder).stat().st_mode & 0o777 == 0o600


def test_interface_survives_json() -> None:
    _, interface = assemble(parse(PAIR))
    again = Interface.from_json(json.loads(json.dumps(interface.to_json())))
    assert again == interface and again.entry.startswith("phi_entry_")


def test_an_object_runs_in_another_process(folder: Path) -> None:
    text, interface = assemble(parse(PAIR))
    cache.store("pair", compile_object(text), interface.to_json())
    program = """
import sys
import numpy as np
from phintys.codegen import cache
from phintys.codegen.executable import Executable
from phintys.codegen.interface import Interface
data, meta = cache.load("pair")
cell = [np.zeros(5)]
call = Executable(data, Interface.from_json(meta)).bind([cell], None, None, True)
print(call(2.5), cell[0], "xdsl" in sys.modules, "lark" in sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.split("\n")[0] == "5 [2.5 2.5] False False"


def test_an_object_loaded_twice_is_one() -> None:
    text, interface = assemble(parse(PAIR))
    data = compile_object(text)
    cells = [[np.zeros(1)], [np.zeros(2)]]
    first, second = (Executable(data, interface).bind([cell], slow, fail, True) for cell in cells)
    assert (first(1.0), second(2.0)) == (1, 2)


@pytest.mark.parametrize("damage", ["empty", "header", "short", "bit", "magic", "json"])
def test_a_damaged_entry_is_absent_and_rewritten(folder: Path, damage: str) -> None:
    cache.store("key", b"object" * 100, {"a": 1})
    path = only_file(folder)
    data = bytearray(path.read_bytes())
    if damage == "empty":
        data.clear()
    elif damage == "header":
        del data[20:]
    elif damage == "short":
        del data[-1:]
    elif damage == "magic":
        data[0] ^= 1
    else:
        data[-5 if damage == "bit" else cache.HEADER.size + 1] ^= 4
    path.write_bytes(data)
    assert cache.load("key") is None
    cache.store("key", b"object", {})
    assert cache.load("key") == (b"object", {})


def test_a_flipped_object_that_reaches_the_loader_is_a_python_error() -> None:
    text, interface = assemble(parse(PAIR))
    data = compile_object(text).replace(b"\x7fELF", b"\x7fELV")
    with pytest.raises(ValueError, match="ELF"):
        Executable(data, Interface(interface.arguments, interface.results, interface.checks, "phi_entry_damaged"))


def test_eight_concurrent_writers(folder: Path) -> None:
    program = """
import sys
from phintys.codegen import cache
for k in range(100):
    body = bytes([k % 7]) * 20000
    cache.store("shared", body, {"k": k % 7})
    data, meta = cache.load("shared")
    assert data == bytes([meta["k"]]) * 20000
"""

    def write(_: int) -> int:
        return subprocess.run([sys.executable, "-c", program], check=False).returncode

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(write, range(8))) == [0] * 8
    assert [path.suffix for path in folder.iterdir()] == [".phio"]


def test_turned_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHINTYS_CACHE", "0")
    cache.store("key", b"object", {})
    assert cache.load("key") is None and cache.directory() is None and not folder.exists()


@pytest.mark.parametrize("kind", ["file", "writable", "link"])
def test_a_folder_that_is_not_ours_alone_is_not_used(folder: Path, kind: str) -> None:
    if kind == "file":
        folder.write_text("")
    elif kind == "writable":
        folder.mkdir()
        folder.chmod(0o777)
    else:
        (folder.parent / "elsewhere").mkdir()
        folder.symlink_to(folder.parent / "elsewhere")
    with pytest.warns(RuntimeWarning, match="not cached on disk"):
        cache.store("key", b"object", {})
    assert cache.load("key") is None


def test_somebody_elses_folder_is_not_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(mode=0o700)
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    with pytest.warns(RuntimeWarning, match="somebody else"):
        assert cache.load("key") is None


def test_a_full_disk_costs_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.store("first", b"object", {})

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    cache.store("key", b"object", {})
    assert cache.load("key") is None and len(list(folder.iterdir())) == 1


def test_the_oldest_leave_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for k in range(6):
        cache.store(str(k), bytes(1000), {})
        path = max(folder.iterdir(), key=lambda entry: entry.stat().st_mtime_ns)
        os.utime(path, (1000 + k, 1000 + k))
    monkeypatch.setattr(cache, "LIMIT", 4500)
    assert cache.load("0") is not None  # used just now
    cache._prune(folder)
    assert [cache.load(str(k)) is not None for k in range(6)] == [True, False, False, True, True, True]


def test_fingerprint_knows_the_sources() -> None:
    assert len(cache.toolchain_fingerprint()) == 64
    assert cache.toolchain_fingerprint() == cache.toolchain_fingerprint()
    assert len(cache.source_hash()) == 64


def test_the_hash_of_sources_is_that_of_their_contents(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a file came to is remembered until the system says that it was touched, whatever its times are set to."""
    sources = tmp_path / "sources"
    (sources / "inner").mkdir(parents=True)
    (sources / "one.py").write_text("x = 1")
    (sources / "inner" / "two.py").write_text("y = 2")
    monkeypatch.setattr(cache, "SETTLED", 0.0)
    monkeypatch.setattr(cache, "SOURCES", ("package",))
    monkeypatch.setattr(cache, "_folders", lambda package: [str(sources)])
    compute = cache.source_hash.__wrapped__
    time.sleep(0.02)  # a tick of the clock of files
    first = compute()
    assert compute() == first and len(list(folder.iterdir())) == 1
    times = (sources / "one.py").stat()
    (sources / "one.py").write_text("x = 7")
    os.utime(sources / "one.py", ns=(times.st_atime_ns, times.st_mtime_ns))
    changed = compute()
    assert changed != first
    (sources / "one.py").write_text("x = 1")
    assert compute() == first
    (sources / "one.py").rename(sources / "three.py")
    assert compute() not in (first, changed)


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives folders away")
def test_a_folder_given_to_somebody_else_is_not_used(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)
    with pytest.warns(RuntimeWarning, match="somebody else"):
        cache.store("key", b"object", {})
    assert cache.load("key") is None and list(folder.iterdir()) == []


def test_a_writer_killed_in_the_middle_leaves_no_entry(folder: Path) -> None:
    program = """
import os, signal
from phintys.codegen import cache
os.replace = lambda *paths: os.kill(os.getpid(), signal.SIGKILL)
cache.store("key", b"object" * 1000, {})
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    assert [path.suffix for path in folder.iterdir()] == [".tmp"] and cache.load("key") is None
    cache.store("key", b"object", {})
    assert cache.load("key") == (b"object", {})
