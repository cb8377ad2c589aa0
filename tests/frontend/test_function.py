"""`function`: what it takes, what it returns, givens, updates, defaults, copies, and the words of its errors."""

from __future__ import annotations

import copy
import inspect
import pickle
import warnings
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys import In, MissingInputError, Out, Param, UnusedInputError, function, shared

x, y, z = T.dscalars("x", "y", "z")
v, M, w = T.dvector("v"), T.dmatrix("M"), T.fscalar("w")


def test_signatures() -> None:
    names = ["inputs", "outputs", "mode", "updates", "givens", "no_default_updates", "accept_inplace", "name"]
    names += ["rebuild_strict", "allow_input_downcast", "profile", "on_unused_input", "target"]
    found = inspect.signature(function).parameters
    assert list(found) == names
    assert [found[name].default for name in names[2:]] == [None, None, None, False, False, None, True, None, None, None, None]
    taken = "variable name value update mutable strict allow_downcast autoname implicit borrow shared"
    assert list(inspect.signature(In).parameters) == taken.split()


def test_results() -> None:
    result = function([x, y], x + y)(2, 3)
    assert type(result) is np.ndarray and repr(result) == "array(5.)"
    assert function([x], [x * 2])(3) == [6]
    assert function([x], (x, x))(3) == [3, 3]
    assert function([x], {"double": x * 2, "same": x})(3) == {"double": 6, "same": 3}
    assert function([x], Out(x + 1))(3) == 4
    assert function([], [3, 0.5])() == [3, 0.5]
    assert function([], T.constant([1, 2]))().tolist() == [1, 2]


def test_outputs_are_arrays_of_their_own() -> None:
    s, array = shared(np.zeros(2)), np.ones(2)
    outputs = function([v], [v, v, s])(array)
    assert len({id(one) for one in outputs}) == 3
    for one in outputs:
        one += 5
    assert array.tolist() == [1, 1] and s.get_value().tolist() == [0, 0]


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.int8(2), np.array(2), [2.0, 3.0][0], True])
def test_arguments_of_a_scalar(value: Any) -> None:
    assert function([x], x * 2)(value) == 2 * value


@pytest.mark.parametrize("value", [[1, 2, 3], (1.0, 2.0, 3.0), np.arange(1, 4), np.arange(6.0)[1:4], np.arange(1, 7)[:3]])
def test_arguments_of_a_vector(value: Any) -> None:
    assert function([v], v * 2)(value).tolist() == [2 * one for one in value]


def test_defaults_and_names() -> None:
    f = function([x, In(y, value=1), Param(z, default=2, name="factor")], (x + y) * z)
    calls = (f(33), f(33, 2), f(33, 0, 1), f(33, factor=1), f(33, factor=1, y=0), f(x=1))
    assert [float(value) for value in calls] == [68, 70, 33, 34, 33, 4]
    assert (f["y"], f[z], f.value["factor"]) == (1, 2, 2)
    f[y] = 10
    assert f(0) == 20
    with pytest.raises(KeyError):
        f["x"]


def test_an_input_that_keeps_its_value() -> None:
    f = function([x, In(y, value=0, update=x + y)], y)
    assert [float(value) for value in (f(1), f(1), f(1, 10), f(1))] == [0, 1, 10, 11]
    assert f[y] == 12


def test_givens() -> None:
    s, k = shared(0), T.lscalar("k")
    expression = s * 2 + k
    assert function([k], expression, givens=[(s, k + 1)])(3) == 11
    assert function([x], x + y, givens={y: -2.0})(3) == 1
    assert function([x], x + y, givens=((y, 3),))(3) == 6
    inner = x + 1
    assert function([z], inner * 2, givens={inner: z})(3) == 6
    data = shared(np.arange(10.0))
    f = function([k], v.sum(), givens={v: data[k * 2 : (k + 1) * 2]})
    assert [float(f(number)) for number in range(5)] == [1, 5, 9, 13, 17]


def test_an_intermediate_value_as_input() -> None:
    inner = x + y
    inner.name = "inner"
    assert function([inner], inner * 2)(4) == 8
    assert function([x, inner], inner * x)(2, inner=4) == 8


def test_updates_forms() -> None:
    s, t = shared(1.0), shared(1.0)
    for updates in ([(s, s + 1)], ((s, s + 1),), {s: s + 1}, [[s, s + 1]], {s: 5}, {s: T.constant(7)}):
        function([], [], updates=updates)()
    assert s.get_value() == 7
    function([x], updates=[(s, s * x), (t, s)])(3)
    assert (s.get_value(), t.get_value()) == (21, 7)


def test_name_and_text() -> None:
    assert function([x], x, name="suma").name == "suma"
    frame = inspect.currentframe()
    assert frame is not None
    assert function([x], x).name == f"{__file__}:{frame.f_lineno}"
    assert repr(function([x, v], [x, v], name="f")) == "<function f(x, v)>"


def test_fgraph() -> None:
    s = shared(0.0)
    f = function([x], x + s, updates={s: s + 1})
    assert f.maker.fgraph.inputs == [x, s] and len(f.maker.fgraph.outputs) == 2
    assert [node.op for node in f.maker.fgraph.toposort()] == ["add", "add"]


def test_copy() -> None:
    s, t, k = shared(0), shared(0), T.iscalar()
    accumulate = function([k], s, updates=[(s, s + k)], name="accumulate")
    accumulate(10)
    other, still = accumulate.copy(swap={s: t}, name="other"), accumulate.copy(delete_updates=True)
    assert (int(other(100)), int(t.get_value()), int(s.get_value())) == (0, 100, 10)
    assert int(still(9000)) == 10 == int(s.get_value()) and other.name == "other"
    assert other.get_shared() == [t] and accumulate.get_shared() == [s]
    with pytest.raises(TypeError, match="is not found in the function"):
        accumulate.copy(swap={t: s})
    with pytest.raises(TypeError, match="cannot swap"):
        accumulate.copy(swap={s: shared(0.5)})


def test_pickle() -> None:
    s = shared(1.0, name="s")
    f = function([x, In(y, value=2)], [x + y, s], updates={s: s + x}, name="f")
    for other in (pickle.loads(pickle.dumps(f)), copy.deepcopy(f)):
        assert other(1) == [3, 1] and other(1) == [3, 2] and other.name == "f"
    assert s.get_value() == 1 and f(1) == [3, 1]


def test_eval() -> None:
    total = x + y
    assert total.eval({x: 16.3, y: 12.1}) == pytest.approx(28.4) and total.eval({y: 1, x: 2}) == 3
    assert T.constant(3).eval() == 3 and (shared(2.0) * 2).eval() == 4


def test_on_unused_input() -> None:
    message = (
        r"theano\.function was asked to create a function computing outputs given certain inputs, but the provided input "
        r"variable at index 1 is not part of the computational graph needed to compute the outputs: y\."
    )
    with pytest.raises(UnusedInputError, match=message):
        function([x, y], x)
    with pytest.warns(UserWarning, match=message):
        assert function([x, y], x, on_unused_input="warn")(1, 2) == 1
    with warnings.catch_warnings(), phintys.change_flags(on_unused_input="ignore"):
        warnings.simplefilter("error")
        assert function([x, y], x)(1, 2) == 1
    with pytest.raises(ValueError, match="Invalid value for keyword on_unused_input"):
        function([x, y], x, on_unused_input="maybe")


s0 = shared(-2.0, name="w2")
count = shared(0, name="count")
REFUSED: list[tuple[Any, type[Exception], str]] = [
    (lambda: function(x, x), TypeError, "should be contained in a list, even when there is a single input"),
    (lambda: function([3], x), TypeError, "Unknown parameter type"),
    (lambda: function([T.constant(3)], x), TypeError, "Constants not allowed in param list"),
    (
        lambda: function([x, x], x),
        UnusedInputError,
        "Variable x is used twice in inputs to theano.function, at indices 0 and 1",
    ),
    (
        lambda: function([x, s0], x + s0),
        TypeError,
        r"^Cannot use a shared variable \(w2\) as explicit input\. "
        "Consider substituting a non-shared variable via the `givens` parameter$",
    ),
    (lambda: function([x], [[x]]), TypeError, "not nested lists"),
    (lambda: function([x], "x"), TypeError, "outputs must be Variable or Out instances"),
    (lambda: function([x], x, givens={x: y}), RuntimeError, "You are trying to replace variable 'x' through the `givens`"),
    (lambda: function([x], x, givens={3: y}), TypeError, "givens keys must be Variable"),
    (lambda: function([x], x + y, givens={y: v}), TypeError, r"Cannot convert Type TensorType\(float64, vector\)"),
    (lambda: function([x], x, updates=[s0]), TypeError, "pairs"),
    (lambda: function([x], x, updates=[(y, x)]), TypeError, "update target must be a SharedVariable"),
    (lambda: function([x], x, updates=[(s0, x), (s0, x)]), ValueError, "already has an update expression"),
    (
        lambda: function([x], x, updates={count: count + 0.5}),
        TypeError,
        r"^An update must have the same type as the original shared variable \(shared_var=count, "
        r"shared_var\.type=TensorType\(int64, scalar\), update_val=Elemwise\{add,no_inplace\}\.0, "
        r"update_val\.type=TensorType\(float64, scalar\)\)\.",
    ),
    (lambda: function([x], x, updates={count: 0.5}), TypeError, "cannot store accurately value 0.5"),
    (
        lambda: function([x], x + y),
        MissingInputError,
        r"^Input 1 of the graph \(indices start from 0\), used to compute Elemwise\{add,no_inplace\}\(x, y\), was not "
        "provided and not given a value",
    ),
    (lambda: function([], y), MissingInputError, "Undeclared input"),
    (lambda: function([x], x, mode="FASTEST"), ValueError, "No predefined mode exist for string: FASTEST"),
    (lambda: function([x], x, target="moon"), ValueError, "there is no target 'moon'; expected one of cpu, cuda"),
    (lambda: function([In(x, update=x + 1)], x), ValueError, "no value to start with"),
    (lambda: function([In(w, value=0.1)], w), TypeError, "Bad input argument"),
]


@pytest.mark.parametrize(("make", "error", "message"), REFUSED, ids=range(len(REFUSED)))
def test_refused(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message), phintys.change_flags(on_unused_input="raise"):
        make()


f = function([M, v], T.dot(M, v) + v, name="dot")
CALLS: list[tuple[Any, type[Exception], str]] = [
    (lambda: f([[1.0]]), TypeError, "^Missing required input: v$"),
    (lambda: f([[1.0]], [1.0], 3), TypeError, "^Too many parameter passed to theano function"),
    (
        lambda: f([[1.0]], q=3),
        TypeError,
        r"Unknown input or state: q\. The function has 2 named inputs \(M, v\), and 0 unnamed",
    ),
    (lambda: f([[1.0]], M=3), TypeError, "Multiple values for input: M"),
    (
        lambda: f([1, 2, 3], [1]),
        TypeError,
        r'^Bad input argument with name "M" to theano function with name "dot" at index 0 \(0-based\)\.  '
        r"Wrong number of dimensions: expected 2, got 1 with shape \(3,\)\.$",
    ),
    (lambda: f([[1]], np.ones(1, complex)), TypeError, "cannot store a value of dtype complex128"),
    (lambda: f(np.ones((2, 3)), np.ones(2)), ValueError, "Shape mismatch"),
    (lambda: f(np.ones((2, 1)), np.ones(1)), ValueError, "Input dimension mis-match"),
]


@pytest.mark.parametrize(("call", "error", "message"), CALLS, ids=range(len(CALLS)))
def test_calls_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_a_failure_names_the_users_line() -> None:
    a, b = T.dvectors("a", "b")
    product = a * b
    failing = function([a, b], T.exp(product))
    with pytest.raises(ValueError, match="Input dimension mis-match") as caught:
        failing([1, 2], [1, 2, 3])
    text = str(caught.value)
    assert f"at {product.loc}: (a * b)" in text and product.loc.startswith(__file__)
    assert "Apply node that caused the error: Elemwise{mul,no_inplace}(a, b)" in text


def test_a_failure_changes_no_state() -> None:
    a, s, t = T.dvector("a"), shared(np.zeros(2)), shared(0)
    failing = function([a], updates=[(t, t + 1), (s, s + a)])
    with pytest.raises(ValueError, match="mis-match"):
        failing([1, 2, 3])
    assert t.get_value() == 0 and s.get_value().tolist() == [0, 0]


def test_a_dimension_that_is_one_at_run_time_does_not_broadcast() -> None:
    s = shared(np.ones((1, 3)))
    with pytest.raises(ValueError, match="mis-match"):
        function([M], s + M)(np.ones((4, 3)))


def test_allow_input_downcast() -> None:
    q = T.fvector("q")
    with pytest.raises(TypeError, match="cannot store a value of dtype float64 without risking loss of precision"):
        function([q], q * 2)(np.ones(3))
    assert function([q], q * 2, allow_input_downcast=True)(np.ones(3)).dtype == np.float32
    assert function([In(q, allow_downcast=True)], q * 2)(np.ones(3)).dtype == np.float32


def test_near_matches() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'update'; did you mean 'updates'"):
        function([x], x, update=[])
    with pytest.raises(TypeError, match=r"Unknown input or state: weihgt.*did you mean 'weight'"):
        function([T.dscalar("weight")], x, on_unused_input="ignore", givens={x: np.float64(1)})(weihgt=3)


def test_output_subset() -> None:
    assert function([x], [x, x * 2, x * 3])(1.0, output_subset=[0, 2]) == [1, 3]
    assert function([x], {"a": x, "b": x * 2})(x=1.0, output_subset=["b"]) == {"b": 2}


def test_the_update_of_an_input_has_its_type() -> None:
    with pytest.raises(TypeError, match="Variable 'x' has type"):
        In(x, value=0.0, update=v)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: function(inputz=[x], outputs=x), "'inputz'; did you mean 'inputs'"),
        (lambda: shared(1, strct=True), "'strct'; did you mean 'strict'"),  # type: ignore[call-arg]
        (lambda: In(x, valu=1), "'valu'; did you mean 'value'"),  # type: ignore[call-arg]
        (lambda: T.grad(x, wrtt=x), "'wrtt'; did you mean 'wrt'"),
        (lambda: T.sum(v, axiss=0), "'axiss'; did you mean 'axis'"),
        (lambda: T.nnet.relu(v, alph=1), "'alph'; did you mean 'alpha'"),
        (lambda: v.sum(axiss=0), "'axiss'; did you mean 'axis'"),
        (lambda: v.sort(axs=0), "'axs'; did you mean 'axis'"),
        (lambda: T.vector(dtyp="int32"), "'dtyp'; did you mean 'dtype'"),
        (lambda: T.dmatrix(nam="x"), "'nam'; did you mean 'name'"),
        (lambda: T.nlinalg.svd(M, compute_u=1), "'compute_u'; did you mean 'compute_uv'"),
    ],
)
def test_unknown_keywords_get_a_near_match(call: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call()


def test_public_functions_can_be_pickled() -> None:
    for one in (T.sum, T.tanh, T.nnet.relu, T.nnet.softmax, T.sqr, T.nlinalg.svd, T.grad, function, shared):
        assert pickle.loads(pickle.dumps(one)) is one


def test_keys_of_outputs_are_strings() -> None:
    cases = [(1, "1 of type int", "'1'"), (None, "None of type NoneType", "'None'"), (x, "x of type", "'x', its name")]
    for key, what, hint in cases:
        for kind in (phintys.OutputKeyError, TypeError, AssertionError):
            with pytest.raises(kind, match=f"are strings, got {what}.*: write {hint}"):
                phintys.function([x], {"a": x, key: x + 1})
