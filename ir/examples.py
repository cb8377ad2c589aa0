"""One small program in graph text for each operation of the table: what documentation shows and tests run.

Elementwise operations that are called by their name on floats need no row: their program is made from the table.
`example("sum")` is `graph example(x: f64[?, 3]) { return sum(x, axis=1) }`; `phintys-opt --explain sum` prints it and its IR.
"""

from __future__ import annotations

from .ops import OPS

_ROWS = """
neg            x: f64[?, 3]                                  -x
abs            x: c128[?]                                    abs(x)
invert         x: bool[?]                                    ~x
cast           x: i32[?]                                     f64(x)
add            x: f64[?, 3], y: f64[3]                       x + y
sub            x: f64[?], y: f64[?]                          x - y
mul            x: f64[?, 3], y: f64[?, 1]                    x * y
div            x: f64[?], y: f64[]                           x / y
floordiv       x: i64[?], y: i64[]                           x // y
mod            x: i64[?], y: i64[]                           x % y
pow            x: f64[?]                                     x ** 2.0
and            x: bool[?], y: bool[?]                        x & y
or             x: bool[?], y: bool[?]                        x | y
xor            x: i64[?], y: i64[?]                          x ^ y
eq             x: f64[?], y: f64[]                           x == y
ne             x: f64[?], y: f64[]                           x != y
lt             x: f64[?], y: f64[]                           x < y
le             x: f64[?], y: f64[]                           x <= y
gt             x: f64[?], y: f64[]                           x > y
ge             x: f64[?], y: f64[]                           x >= y
threefry       k: u64[], x: u64[?]                           threefry(k, x)
select         c: bool[?], x: f64[?], y: f64[?]              select(c, x, y)
sum            x: f64[?, 3]                                  sum(x, axis=1)
prod           x: f64[?, 3]                                  prod(x)
max            x: f64[?, 3]                                  max(x, axis=1)
min            x: f64[?, 3]                                  min(x, axis=0)
all            x: bool[?, 3]                                 all(x, axis=1)
any            x: bool[?, 3]                                 any(x)
argmax         x: f64[?, 3]                                  argmax(x, axis=1)
argmin         x: f64[?, 3]                                  argmin(x, axis=1)
real           z: c128[?]                                    real(z)
imag           z: c128[?]                                    imag(z)
conj           z: c64[?]                                     conj(z)
angle          z: c128[?]                                    angle(z)
softmax        x: f64[?, 3]                                  softmax(x)
log_softmax    x: f64[?, 3]                                  log_softmax(x, axis=0)
dot            x: f64[?, 784], w: f64[784, 10]               dot(x, w)
gemm           c: f64[?, 10], x: f64[?, 784], y: f64[784, 10]  gemm(c, -0.5, x, y, 1.0)
constant                                                     f64([1.0, 2.0, 3.0])
dim            x: f64[?, 3]                                  shape(x)[0]
make_vector    i: i64[], j: i64[]                            make_vector(i, j)
arange         n: i64[]                                      arange(n)
alloc          n: i64[]                                      alloc(0.0, [n, 3])
reshape        x: f64[?, 6]                                  reshape(x, [-1, 3])
dimshuffle     x: f64[?, 3]                                  dimshuffle(x, [1, 'x', 0])
concatenate    x: f64[?, 3], y: f64[?, 3]                    concatenate([x, y])
subtensor      x: f64[?, 3], n: i64[]                        x[:n, ::-1]
set_subtensor  x: f64[?], y: f64[?]                          set_subtensor(x[1:], y)
inc_subtensor  x: f64[?, 3], y: f64[3], i: i64[]             inc_subtensor(x[i], y)
gather         x: f64[?, 3], rows: i64[?], columns: i64[?]   x[rows, columns]
scatter_set    x: f64[?], y: f64[?], i: i64[?]               scatter_set(x, y, i)
cumsum         x: f64[?, 3]                                  cumsum(x, axis=1)
cumprod        x: f64[?, 3]                                  cumprod(x)
cumprod_pairs  x: f64[?, 2]                                  cumprod_pairs(x)
sort           x: f64[?, 3]                                  sort(x, axis=0)
argsort        x: f64[?, 3]                                  argsort(x, axis=1)
searchsorted   x: f64[?], y: f64[?]                          searchsorted(x, y)
specify_shape  x: f64[?, ?], n: i64[]                        specify_shape(x, [n, 3])
nonzero        x: f64[?]                                     nonzero(x > 0.0)
batched_dot    x: f64[?, 3, 4], y: f64[?, 4, 5]              batched_dot(x, y)
scatter_add    x: f64[?], y: f64[?], i: i64[?]               scatter_add(x, y, i)
host           x: f64[?]                                     host(x, function="sort", results="f64[?]")
zero_grad      x: f64[?]                                     grad(sum(x * zero_grad(x)), x)
stop_grad      x: f64[?]                                     grad(sum(x * stop_grad(x)), x)
grad_clip      x: f64[?]                                     grad(sum(grad_clip(x * x, -1.0, 1.0)), x)
grad_scale     x: f64[?], y: f64[]                           grad(sum(grad_scale(x, y)), x)
transfer       x: f64[?]                                     transfer(x * x, target="cpu")
grad           x: f64[?]                                     grad(sum(x * x), x)
jacobian       x: f64[?], w: f64[3, ?]                       jacobian(tanh(dot(w, x)), x)
"""

_DRAW = """graph example(n: i64[]) state(stream: {1}) {{
  t1, t2 = {0}(stream, [n, 3])
  update stream = t1
  return t2
}}
"""


def _program(parameters: str, expression: str) -> str:
    return f"graph example({parameters}) {{\n  return {expression}\n}}\n"


def _read_rows() -> dict[str, str]:
    cut = [(line[:15].strip(), line[15:61].strip(), line[61:].strip()) for line in _ROWS.strip().splitlines()]
    return {name: _program(parameters, expression) for name, parameters, expression in cut}


EXAMPLES: dict[str, str] = _read_rows() | {
    "random_uniform": _DRAW.format("random_uniform", "u32[628]"),
    "random_normal": _DRAW.format("random_normal", "u32[628]"),
    "random_mrg": _DRAW.format("random_mrg", "i32[?, 6]"),
}


def example(name: str) -> str:
    """The program for one operation; KeyError for one that is neither in the table nor plainly elementwise."""
    row = OPS[name]
    if name in EXAMPLES:
        return EXAMPLES[name]
    if row.family != "elementwise" or row.attrs:
        raise KeyError(f"'{name}' has no example: add a row to ir/examples.py")
    names = ("x", "y", "z")[: row.operands]
    return _program(", ".join(f"{each}: f64[?]" for each in names), f"{name}({', '.join(names)})")
