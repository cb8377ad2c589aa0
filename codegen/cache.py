"""Objects on disk: `load(key)`, `store(key, object, meta)`, `clear()`, `toolchain_fingerprint()`.

The caller's key says all that the object depends on: the IR and the fingerprint. One file an entry, named by a hash
of the key: magic, checksum, length of the metadata, metadata (JSON), object. Files are written under a name of their
own and renamed, so that readers and any number of writers never see half an entry; a damaged one counts as absent and
is rewritten. No locks, no pickles. The folder is the user's alone: one that somebody else owns or may write to is not
used, since what it holds is run. Whatever goes wrong here costs a compilation, never an error.

PHINTYS_CACHE_DIR moves the folder, PHINTYS_CACHE=0 turns the cache off.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import platform
import secrets
import stat
import struct
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

MAGIC = b"PHINTYS1"
HEADER = struct.Struct("<8s32sI")
LIMIT = 512 << 20
SETTLED = 2.0  # seconds after which the system's clock would tell another change of a file from the last one
TRAITS = (b"vendor_id", b"cpu family", b"model", b"stepping", b"flags")  # of /proc/cpuinfo
SOURCES = ("phintys.ir", "phintys.dialects", "phintys.passes", "phintys.codegen")  # what code comes from


def load(key: str) -> tuple[bytes, dict[str, Any]] | None:
    """The object and metadata stored under a key, or None."""
    path = _path(key)
    if path is None:
        return None
    try:
        with open(path, "rb") as file:
            if hasattr(os, "getuid") and os.fstat(file.fileno()).st_uid != os.getuid():
                return None
            data = file.read()
        magic, checksum, length = HEADER.unpack_from(data)
        body = data[HEADER.size :]
        if magic != MAGIC or hashlib.sha256(body).digest() != checksum:
            return None
        meta = json.loads(body[:length])
        os.utime(path)
    except (OSError, struct.error, ValueError):
        return None
    return body[length:], meta


def store(key: str, object_bytes: bytes, meta: dict[str, Any]) -> None:
    """Keep an object and its metadata (anything JSON can say) under a key."""
    path = _path(key)
    if path is None:
        return
    head = json.dumps(meta).encode()
    body = head + object_bytes
    data = HEADER.pack(MAGIC, hashlib.sha256(body).digest(), len(head)) + body
    temporary = path.with_name(f".{secrets.token_hex(12)}.tmp")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        return
    if path.name.startswith("00"):  # one entry in 256 also tidies up
        _prune(path.parent)


def clear() -> None:
    """Remove every entry."""
    directory = _directory()
    for path in directory.iterdir() if directory else ():
        if path.suffix in (".phio", ".tmp"):
            with contextlib.suppress(OSError):
                path.unlink()


def directory() -> Path | None:
    """The folder in use, or None where the cache is off."""
    return _directory()


def _path(key: str) -> Path | None:
    directory = _directory()
    return directory / f"{hashlib.sha256(key.encode()).hexdigest()}.phio" if directory else None


def _directory() -> Path | None:
    if os.environ.get("PHINTYS_CACHE", "").strip() == "0":
        return None
    return _usable(os.environ.get("PHINTYS_CACHE_DIR", ""))


@cache
def _usable(base: str) -> Path | None:
    """The cache's own folder in the base (the platform's cache folder where none is given), made and checked once."""
    try:
        path = Path(base or _users()).expanduser() / "objects"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.mkdir(exist_ok=True, mode=0o700)
        status = path.lstat()
    except (OSError, RuntimeError) as error:
        return _without(f"it cannot be made ({error})")
    if not stat.S_ISDIR(status.st_mode):
        return _without(f"{path} is not a folder")
    if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
        return _without(f"{path} belongs to or can be written by somebody else")
    return path


def _users() -> str:
    """The folder for caches of this program's that the platform gives its user."""
    if sys.platform == "linux":  # as `platformdirs` has it, which takes a millisecond to import
        return os.path.join(os.environ.get("XDG_CACHE_HOME", "").strip() or "~/.cache", "phintys")
    import platformdirs

    return platformdirs.user_cache_dir("phintys", appauthor=False)


def _without(reason: str) -> Path | None:
    """Warn that there is no cache, which is the answer."""
    warnings.warn(
        f"compiled functions are not cached on disk: {reason}; set PHINTYS_CACHE_DIR to a folder of your own, "
        "or PHINTYS_CACHE=0 to turn the cache off",
        RuntimeWarning,
        stacklevel=4,
    )
    return None


def _prune(directory: Path) -> None:
    """Remove the entries used longest ago until the rest fits the limit, and temporaries that a crash left."""
    entries = []
    for path in directory.iterdir():
        with contextlib.suppress(OSError):
            status = path.stat()
            entries.append((status.st_mtime, status.st_size, path))
    held = sum(size for _, size, _ in entries)
    newest = max((used for used, _, _ in entries), default=0.0)
    for used, size, path in sorted(entries, key=lambda entry: entry[0]):
        abandoned = path.suffix == ".tmp" and used < newest - 3600
        if held > LIMIT or abandoned:
            with contextlib.suppress(OSError):
                path.unlink()
                held -= size


@cache
def toolchain_fingerprint() -> str:
    """A hash of all that turns IR into an object, besides the IR: our sources, llvmlite, CPU, Python and NumPy ABI."""
    import llvmlite
    import numpy

    parts = (
        source_hash(),
        llvmlite.__version__,
        _processor(),
        sys.version,
        sys.implementation.name,
        sys.platform,
        os.uname().machine if hasattr(os, "uname") else platform.machine(),
        numpy.__version__,
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _processor() -> str:
    """What tells processors apart for which LLVM makes different code: Linux's word for it, which spares loading LLVM."""
    try:
        with open("/proc/cpuinfo", "rb", buffering=0) as file:
            first = file.read(1 << 14).split(b"\n\n", 1)[0]
    except OSError:
        first = b""
    lines = [line for line in first.split(b"\n") if line.startswith(TRAITS)]
    if any(line.startswith(b"flags") for line in lines):
        return repr(lines)
    from .machine import host_cpu

    return repr(host_cpu())


@cache
def source_hash() -> str:
    """A hash of the contents of the sources that code comes from, found out once a process.

    Files that nothing has touched since, as the system says by their sizes, times of change and places on the disk, are not
    read again: what their contents came to lies among the objects, once they have been so for a while.
    """
    sources = sorted(
        (f"{package}/{name}", path, status)
        for package in SOURCES
        for folder in _folders(package)
        for name, path, status in _files(folder)
    )
    traits = [(name, (s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino, s.st_dev)) for name, _, s in sources]
    key = f"sources {traits}"
    known = load(key)
    if known is not None:
        return known[0].decode("ascii")
    digest = hashlib.sha256()
    for name, path, _ in sources:
        with open(path, "rb") as file:
            content = file.read()
        digest.update(f"{name} {len(content)}\n".encode() + content)
    if max((s.st_ctime for _, _, s in sources), default=0.0) < time.time() - SETTLED:
        store(key, digest.hexdigest().encode("ascii"), {})
    return digest.hexdigest()


def _folders(package: str) -> Sequence[str]:
    """The folders of a package."""
    spec = importlib.util.find_spec(package)
    return list(spec.submodule_search_locations or ()) if spec else ()


def _files(folder: str, within: str = "") -> Iterator[tuple[str, str, os.stat_result]]:
    """The Python sources in a folder and in those in it: name, path and what the system says of each."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                yield within + entry.name, entry.path, entry.stat()
            elif entry.is_dir() and entry.name != "__pycache__":
                yield from _files(entry.path, f"{within}{entry.name}/")
