"""Command lines, made at random: flags, values, paths of files that are missing, folders, empty, binary, enormous."""

from __future__ import annotations

import random
from pathlib import Path

from mutants_loop import command

from phintys.tools.main import main as phintys_main
from phintys.tools.opt import main as opt_main
from phintys.tools.opt_flags import GROUPS

PHI = "graph f(x: f64[?, 3]) { return exp(x) * 2.0 }\n"
MLIR = "func.func @f(%x: tensor<?xf64>) -> tensor<?xf64> {\n  %y = nd.exp %x : tensor<?xf64>\n  return %y : tensor<?xf64>\n}\n"
VALUES = (
    "",
    " ",
    "-1",
    "0",
    "nan",
    "1e999",
    "99999999999999999999",
    "é\u2028",
    "a,b,,",
    "canonicalize",
    "cse,fuse",
    "nd",
    "loops",
)
VALUES += (
    "llvmir",
    "ptx",
    "plan",
    "graph",
    "sm_75",
    "sm_1",
    "f",
    "exp",
    "x=1",
    "x=[[1,2,3]]",
    "x=ones:2x3",
    "x=random:-1",
    "x=",
)
VALUES += (
    "x=zeros:99999999999x99999999999",
    "x=ones:100000x100000000x3",
    "x={}",
    "x=__import__('os')",
    "y=1",
    "(" * 300,
    "[" * 3000,
)
VALUES += ("canonicalize{", "canonicalize{a=}", "no-such-pass", "true", "false", "[", "x" * 5000, "x=" + "[" * 500 + "]" * 500)
NEVER = {"--reduce", "--load"}  # they run what they are given; only with what is harmless
SUBCOMMANDS = {
    "run": ("--function", "--calls", "--save"),
    "demo": ("--data", "--epochs", "--batch-size", "--learning-rate", "--seed"),
    "bench": ("--list", "--peers", "--threads", "--device", "--from", "--plot", "--markdown"),
    "": ("--version", "--help", "-h", "--nonsense"),
}


class Commands:
    """Random words for `phintys-opt` and `phintys`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        contents = {
            "good.phi": PHI.encode(),
            "good.mlir": MLIR.encode(),
            "two.mlir": (MLIR + "// -----\n" + MLIR + "bad").encode(),
            "empty.phi": b"",
            "empty.mlir": b"",
            "zeros.mlir": bytes(1000),
            "binary.phi": bytes(range(256)) * 4,
            "utf16.mlir": MLIR.encode("utf-16"),
            "crlf.phi": PHI.replace("\n", "\r\n").encode(),
            "bom.phi": b"\xef\xbb\xbf" + PHI.encode(),
            "long.phi": b"graph f(x: f64[]) { return " + b"(" * 20000 + b"x",
            "wide.mlir": b"// " + b"x" * 3_000_000,
            "bad.py": b"raise SystemError('its own')",
            "syntax.py": b"def",
            "x.npy": b"\x93NUMPY",
            "reproduce.mlir": b"// phintys-opt -p canonicalize --no-such\n" + MLIR.encode(),
        }
        for name, content in contents.items():
            (folder / name).write_bytes(content)
        (folder / "unreadable.mlir").write_text(MLIR)
        (folder / "unreadable.mlir").chmod(0)
        (folder / "folder.phi").mkdir()
        (folder / "loop.phi").symlink_to(folder / "loop.phi")
        self.paths = [str(folder / name) for name in (*contents, "unreadable.mlir", "folder.phi", "loop.phi", "missing.phi")]
        self.paths += [str(folder), "", "/dev/null", "/proc/self/mem", str(folder / "good.phi" / "below"), "x" * 300]
        self.flags = [names[0] for rows in GROUPS.values() for names, _, _ in rows if names[0].startswith("-")]
        self.flags = [flag for flag in self.flags if flag not in NEVER] + ["--nonsense", "--emit", "--emit", "--run", "-p"]

    def __call__(self, rng: random.Random) -> str:
        """One command line."""
        return self.opt(rng) if rng.random() < 0.65 else self.phintys(rng)

    def word(self, rng: random.Random) -> str:
        """A value, or a path."""
        return rng.choice(VALUES) if rng.random() < 0.7 else self.path(rng)

    def path(self, rng: random.Random) -> str:
        """A path, mostly of a file that is fine."""
        good = [str(self.folder / "good.phi"), str(self.folder / "good.mlir")]
        return rng.choice(good) if rng.random() < 0.4 else rng.choice(self.paths)

    def output(self, rng: random.Random) -> str:
        """Where results may go."""
        names = ("out.npz", "out.npy", "out", "out.html", "folder.phi", "no/such/out.npz", "")
        return rng.choice(("/dev/full", *(str(self.folder / name) for name in names)))

    def opt(self, rng: random.Random) -> str:
        """`phintys-opt` with up to four flags."""
        words = [self.path(rng)] if rng.random() < 0.95 else [self.path(rng), self.path(rng)]
        for _ in range(rng.randrange(4)):
            flag = rng.choice(self.flags)
            takes = flag in ("-o", "--save", "--view", "--reproducer")
            value = self.output(rng) if takes else self.word(rng)
            form = rng.random()
            words += [f"{flag}={value}"] if form < 0.5 else [flag, value] if form < 0.8 or takes else [flag]
        if rng.random() < 0.05:
            words += ["--load", str(self.folder / rng.choice(("empty.phi", "binary.phi", "missing.py", "bad.py", "syntax.py")))]
        if rng.random() < 0.03:
            words += ["--reduce", rng.choice(("true", "false", "no-such-command-here", ""))]
        rng.shuffle(words) if rng.random() < 0.1 else None
        if "-" in words:
            words.remove("-")
        return command(opt_main, words)

    def phintys(self, rng: random.Random) -> str:
        """A subcommand with what it may or may not know."""
        name = rng.choice(("run", "run", "run", *SUBCOMMANDS))
        words = [name] if name else []
        if name == "run":
            path = self.path(rng)
            words += [path if not path.endswith(".py") else "missing.py"]  # what a program of one's own raises is its own
        if name == "demo":  # never a whole training
            words += ["--out", str(self.folder / "demo"), "--data", self.path(rng)]
        if name == "bench":
            words += ["no-such-workload"]
        for _ in range(rng.randrange(4)):
            flag = rng.choice(SUBCOMMANDS[name])
            value = self.output(rng) if flag in ("--save", "--plot", "--markdown") else self.word(rng)
            words += rng.choice(([f"{flag}={value}"], [flag, value], [flag], [value]))
        return command(phintys_main, words)
