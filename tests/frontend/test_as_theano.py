"""`install_as_theano`: each import form of Theano's programs, in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap

import pytest

import phintys
import phintys.tensor as T


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False)


def passes(program: str) -> None:
    done = run(program)
    assert done.returncode == 0, done.stderr


def test_importing_phintys_registers_nothing() -> None:
    passes("""
        import sys, phintys
        assert not [name for name in sys.modules if name.split(".")[0] == "theano"]
        try:
            import theano
        except ModuleNotFoundError:
            pass
        else:
            assert theano is not phintys
    """)


IMPORTS = """
import theano, theano.tensor as T, theano.tensor.nnet as nnet
import theano.tensor.nnet.nnet, theano.tensor.extra_ops, theano.tensor.basic, theano.tensor.elementwise
import theano.printing, theano.gradient, theano.gof.graph as graph, theano.compile.mode, theano.compile.sharedvalue
import theano.scalar, theano.configparser, theano.updates, theano.compile.nanguardmode, theano.tensor.signal.pool
from theano import tensor, function, shared, config, In, Out, Param, scan, grad, pp, Mode
from theano.tensor.var import TensorVariable
from theano.tensor.sharedvar import TensorSharedVariable
from theano.compile.mode import Mode, get_default_mode
from theano.configparser import change_flags
from theano.ifelse import ifelse
from theano.gof import Variable, Apply
from theano.tensor.nlinalg import matrix_inverse, det, MatrixInverse; from theano.tensor.slinalg import cholesky, Solve
import theano.sandbox.linalg as linalg; from theano.sandbox.linalg.ops import diag, matrix_inverse, det, psd; linalg.kron
"""


@pytest.mark.parametrize("line", [line for line in IMPORTS.splitlines() if line])
def test_import(line: str) -> None:
    passes(f"import phintys\nphintys.install_as_theano()\n{line}\n")


def test_modules_are_the_same_objects() -> None:
    passes("""
        import phintys
        assert phintys.install_as_theano() is phintys.install_as_theano() is phintys
        import theano, theano.tensor.var, theano.tensor.elementwise, theano.configparser, importlib, sys
        import phintys.tensor.elementwise
        assert theano is phintys and theano.tensor is phintys.tensor
        assert sys.modules["theano.tensor.elementwise"] is phintys.tensor.elementwise
        assert importlib.import_module("theano.tensor.var").TensorVariable is phintys.TensorVariable
        assert phintys.tensor.elementwise.__spec__.name == "phintys.tensor.elementwise"
        with theano.configparser.change_flags(floatX="float32"):
            assert phintys.config.floatX == "float32"
        import theano.tensor.sort, theano.compile.function
        assert theano.tensor.var(theano.tensor.vector()).ndim == 0 and callable(theano.function)
        space = {}
        exec("from theano import *", space)
        assert {"function", "shared", "tensor", "config", "In", "Out", "scan", "grad"} <= set(space)
    """)


def test_what_is_not_there_says_so() -> None:
    passes("""
        import phintys
        phintys.install_as_theano()
        import theano
        for name in ("theano.sandbox.cuda", "theano.tensor.nothing"):
            try:
                __import__(name)
            except ModuleNotFoundError as error:
                assert "no counterpart" in str(error), error
                assert "GPUs are chosen by config.device" in str(error) or "cuda" not in name
            else:
                raise SystemExit(name)
        for missing in (theano.scan, theano.ifelse.ifelse):
            try:
                missing(lambda x: x)
            except NotImplementedError as error:
                assert "not available" in str(error)
            else:
                raise SystemExit(missing)
    """)


def test_refuses_beside_a_real_theano() -> None:
    done = run("""
        import sys, types
        sys.modules["theano"] = types.ModuleType("theano")
        import phintys
        phintys.install_as_theano()
    """)
    assert done.returncode == 1 and "ImportError: a module named theano is loaded already" in done.stderr


def test_pools_are_refused_by_every_path() -> None:
    for name in ("pool", "downsample"):
        with pytest.raises(NotImplementedError, match="not available"):
            getattr(T.signal, name).pool_2d(T.dmatrix(), (2, 2))


# What refuses when it is called, and a word of what the message says to use instead.
REFUSING = {
    "theano.tensor.fft.rfft": "numpy.fft",
    "theano.tensor.fft.irfft": "phintys.as_op",
    "theano.tensor.fourier.fft": "numpy.fft",
    "theano.OpFromGraph": "Python function that returns expressions",
    "theano.compile.builders.OpFromGraph": "Python function that returns expressions",
    "theano.subgraph_grad": "known_grads",
    "theano.tensor.nnet.conv3d": "no convolutions",
    "theano.tensor.nnet.abstract_conv.bilinear_upsampling": "no convolutions",
    "theano.tensor.nnet.neighbours.images2neibs": r"x\[rows, columns\]",
    "theano.tensor.signal.pool.Pool": "pools",
    "theano.tensor.load": "numpy.load",
    "theano.sparse.csr_matrix": "dense",
    "theano.sparse.basic.sp_sum": "dense",
    "theano.scan_module.until": "loop",
    "theano.typed_list.append": "T.stack",
    "theano.misc.pkl_utils.dump": "pickle",
}


def test_what_is_not_available_says_what_is() -> None:
    """By import and by attribute."""
    done = run(f"""
        import phintys
        phintys.install_as_theano()
        import theano
        for name in {list(REFUSING)}:
            module, _, attribute = name.rpartition(".")
            space = {{"theano": theano}}
            exec(f"import {{module}}; from {{module}} import {{attribute}} as found", space)
            for text in ("found(1)", f"{{name}}(1)"):
                try:
                    eval(text, space)
                except NotImplementedError as error:
                    print(error)
    """)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 2 * len(REFUSING)
    for (name, instead), *both in zip(REFUSING.items(), lines[::2], lines[1::2], strict=True):
        wanted = rf"^theano\.[\w.]*\b{name.rpartition('.')[2]} is not available in Phintys yet: .*{instead}"
        assert all(re.search(wanted, line) for line in both), both


def test_names_of_modules_without_theano() -> None:
    with pytest.raises(NotImplementedError, match=r"fft\.rfft is not available"):
        T.fft.rfft(T.dvector())
    assert not phintys.sparse.enable_sparse and isinstance(phintys.OpFromGraph, type)
    with pytest.raises(AttributeError, match="no attribute 'NoneConst': write None"):
        T.NoneConst  # noqa: B018
    with pytest.raises(AttributeError) as missing:
        T.sigmod  # noqa: B018
    assert (missing.value.name, missing.value.obj) == ("sigmod", T)
