"""Theano's Op classes as rows: name, the operations of our table whose nodes have it, attributes that programs read.

An operation that Theano had and we write in terms of others has a row without operations: its class exists, so that
`isinstance(node.op, RepeatOp)` is an answer (no), and where programs make objects of it, `call` says what they compute.
"""

from __future__ import annotations

from functools import cache

from .apply import shape_of
from .operation_row import (
    AXIS,
    DRAWN,
    HOST_DRAWN,
    INDEX,
    MODE,
    SET,
    SOLVE,
    Row,
    along,
    arange,
    axes_of,
    clipping,
    cumulative,
    dimshuffle,
    function_of,
    index_list,
    linalg,
    one_vector,
    order_of,
    plain,
    reduction,
    reshape,
    scaling,
    sorting,
    triangular,
)

_ALL: tuple[Row, ...] = (
    # elementwise, reductions (`Elemwise` itself is written out)
    Row("CAReduce", "A reduction; `axis` says along which dimensions, `scalar_op` by what.", ("max", "min"), facts=AXIS),
    Row("CAReduceDtype", "A reduction that accumulates in a dtype of its own.", (), "CAReduce"),
    Row("Sum", "A sum.", ("sum",), "CAReduceDtype", call=reduction("sum")),
    Row("Prod", "A product.", ("prod",), "CAReduceDtype", call=reduction("prod")),
    Row("All", "Whether all are true.", ("all",), "CAReduce", call=reduction("all")),
    Row("Any", "Whether any is true.", ("any",), "CAReduce", call=reduction("any")),
    Row("Max", "The largest.", (), "CAReduce", call=reduction("max")),
    Row("Min", "The smallest.", (), "CAReduce", call=reduction("min")),
    Row("Mean", "A mean, which is a sum divided by a count here.", (), "CAReduce", call=reduction("mean")),
    Row("Argmax", "Position of the largest.", ("argmax",), facts={"axis": axes_of}, call=along("argmax")),
    Row("Argmin", "Position of the smallest.", ("argmin",), facts={"axis": axes_of}, call=along("argmin")),
    Row("MaxAndArgmax", "The largest and its position: two operations here.", call=along("max_and_argmax")),
    # shape
    Row(
        "DimShuffle",
        "Dimensions reordered, dropped and added.",
        ("dimshuffle",),
        facts={"new_order": order_of, "augment": lambda op: [n for n, axis in enumerate(op.attrs["order"]) if axis == -1]},
        call=dimshuffle,
    ),
    Row(
        "Shape", "All sizes, as a vector.", ("make_vector",), when=lambda node: shape_of(node) is not None, call=plain("shape")
    ),
    Row("MakeVector", "A vector of scalars.", ("make_vector",), call=lambda dtype="int64": function_of("stack")),
    Row("Shape_i", "One size.", ("dim",), facts={"i": lambda op: op.attrs["axis"]}),
    Row("Reshape", "The same elements in another shape.", ("reshape",), call=reshape),
    Row(
        "Flatten",
        "All elements in one dimension: a Reshape here.",
        call=lambda outdim=1: lambda x: function_of("flatten")(x, outdim),
    ),
    Row("Alloc", "A value repeated to a shape.", ("alloc",), call=plain("alloc")),
    Row("AllocEmpty", "Memory: zeros here.", call=lambda dtype: lambda *shape: function_of("zeros")(shape, dtype)),
    Row("ARange", "Equidistant numbers.", ("arange",), call=arange),
    Row("Join", "Tensors joined along a dimension.", ("concatenate",), call=plain("join")),
    Row("Split", "A tensor cut along a dimension: Subtensors here."),
    Row("Rebroadcast", "Dimensions of size 1 declared or not: a Reshape here."),
    Row("SpecifyShape", "A tensor whose sizes have to be known ones.", ("specify_shape",), call=plain("specify_shape")),
    Row("TensorFromScalar", "Scalars are tensors here."),
    Row("ScalarFromTensor", "Scalars are tensors here."),
    Row("Tile", "Copies side by side: Alloc and Reshape here.", call=lambda ndim: function_of("tile")),
    Row(
        "RepeatOp",
        "Elements repeated: Alloc and Reshape here.",
        call=lambda axis=None: lambda x, n: function_of("repeat")(x, n, axis),
    ),
    Row(
        "Eye",
        "Ones on a diagonal: a comparison of positions here.",
        call=lambda dtype=None: lambda n, m, k: function_of("eye")(n, m, k, dtype),
    ),
    Row(
        "Tri",
        "Ones below a diagonal: a comparison of positions here.",
        call=lambda dtype=None: lambda n, m, k: function_of("tri")(n, m, k, dtype),
    ),
    Row("Default", "A value, or another when there is none."),
    Row("Choose", "Elements by number of the tensor: an AdvancedSubtensor here."),
    Row("PermuteRowElements", "Rows in another order: an AdvancedSubtensor here.", call=plain("permute_row_elements")),
    Row("FillDiagonal", "A matrix with another diagonal: a switch here.", call=plain("fill_diagonal")),
    Row("FillDiagonalOffset", "The same beside the main diagonal.", call=plain("fill_diagonal_offset")),
    # products
    Row("Dot", "Product of matrices and vectors.", ("dot",), call=plain("dot")),
    Row("BatchedDot", "Products of stacked matrices.", ("batched_dot",), call=plain("batched_dot")),
    *(
        Row(name, "Dot, as BLAS has it: the compiler's choice here, no node.")
        for name in ("Dot22", "Dot22Scalar", "Gemm", "Gemv", "Ger")
    ),
    # indexing
    Row("Subtensor", "A part of a tensor, by slices and numbers.", ("subtensor",), facts={"idx_list": index_list}),
    Row("IncSubtensor", "A tensor with a part changed.", ("set_subtensor", "inc_subtensor"), facts=INDEX),
    Row("BaseAdvancedSubtensor", "Elements chosen by index tensors."),
    Row("BaseAdvancedIncSubtensor", "Elements chosen by index tensors, changed.", facts=SET),
    Row("AdvancedSubtensor1", "Rows chosen by a vector.", ("gather",), when=one_vector, call=plain("advanced_subtensor1")),
    Row(
        "AdvancedIncSubtensor1",
        "Rows chosen by a vector, changed.",
        ("scatter_add", "scatter_set"),
        when=one_vector,
        facts=SET,
    ),
    Row(
        "AdvancedSubtensor",
        "Elements chosen by index tensors.",
        ("gather",),
        "BaseAdvancedSubtensor",
        call=plain("advanced_subtensor"),
    ),
    Row("AdvancedIncSubtensor", "Elements chosen, changed.", ("scatter_add", "scatter_set"), "BaseAdvancedIncSubtensor"),
    Row("AdvancedBooleanSubtensor", "Elements chosen by truth values: AdvancedSubtensor here.", (), "BaseAdvancedSubtensor"),
    Row("AdvancedBooleanIncSubtensor", "Elements so chosen, changed.", (), "BaseAdvancedIncSubtensor"),
    Row("Nonzero", "Positions of the elements that are not zero.", ("nonzero",)),
    # sequences
    Row("CumOp", "Running sums or products.", ("cumsum", "cumprod"), facts=MODE, call=cumulative),
    Row("CumsumOp", "Running sums.", (), "CumOp", call=along("cumsum")),
    Row("CumprodOp", "Running products.", (), "CumOp", call=along("cumprod")),
    Row(
        "DiffOp",
        "Differences of neighbours: Subtensors here.",
        call=lambda n=1, axis=-1: lambda x: function_of("extra_ops.diff")(x, n, axis),
    ),
    Row("SearchsortedOp", "Where elements belong in a sorted vector.", ("searchsorted",)),
    Row("SortOp", "Sorted.", ("sort",), call=sorting("sort.sort")),
    Row("ArgSortOp", "Positions that sort.", ("argsort",), call=sorting("argsort")),
    Row("TopKOp", "The largest: parts of what is sorted here."),
    Row("BinCountOp", "Counts: an AdvancedIncSubtensor here."),
    Row("Bartlett", "A triangular window.", call=plain("bartlett")),
    *(Row(name, "Flat positions and index tuples: integer arithmetic here.") for name in ("UnravelIndex", "RavelMultiIndex")),
    Row("CpuContiguous", "Memory in C order: always here.", call=plain("tensor_copy")),
    # networks
    Row("Softmax", "Exponentials over their sums, in rows.", ("softmax",), call=plain("nnet.softmax")),
    Row("LogSoftmax", "Logarithm of it.", ("log_softmax",), call=plain("nnet.logsoftmax")),
    Row("SoftmaxWithBias", "Softmax of a sum: two operations here.", (), "Operation", call=plain("nnet.softmax_with_bias")),
    Row("SoftmaxGrad", "Derivative of Softmax.", ("softmax_grad",)),
    Row("CrossentropyCategorical1Hot", "Losses by class number.", call=plain("nnet.crossentropy_categorical_1hot")),
    Row(
        "CrossentropySoftmaxArgmax1HotWithBias",
        "Losses, Softmax and choices.",
        call=plain("nnet.crossentropy_softmax_argmax_1hot_with_bias"),
    ),
    *(
        Row(name, "A derivative: written out here.")
        for name in ("CrossentropyCategorical1HotGrad", "CrossentropySoftmax1HotWithBiasDx")
    ),
    Row("Prepend_scalar_to_each_row", "A column in front.", call=plain("nnet.prepend_scalar_to_each_row")),
    Row(
        "Prepend_scalar_constant_to_each_row",
        "A column of one number in front.",
        call=lambda val=0: lambda x: function_of("nnet.prepend_scalar_to_each_row")(val, x),
    ),
    # random numbers, marks, checks
    Row("RandomFunction", "Numbers drawn from a stream; its results are the next state and the sample.", (*DRAWN, *HOST_DRAWN)),
    Row("mrg_uniform", "Numbers drawn by MRG31k3p.", ("random_mrg",)),
    Row("ZeroGrad", "A value with a gradient of zeros.", ("zero_grad",), "ViewOp"),
    Row("ConsiderConstant", "The same, by its older name.", (), "ZeroGrad"),
    Row("DisconnectedGrad", "A value that counts as a constant for gradients.", ("stop_grad",), "ViewOp"),
    Row("GradClip", "A value whose gradient is clipped.", ("grad_clip",), "ViewOp", call=clipping),
    Row("GradScale", "A value whose gradient is scaled.", ("grad_scale",), "ViewOp", call=scaling),
    Row("ViewOp", "A value, as it is.", ("transfer",)),
    Row("DeepCopyOp", "A copy: the compiler's business here."),
    Row("Gradient", "A gradient before the compiler expands it.", ("grad",)),
    # matrices: classes of `nlinalg` and `slinalg`
    linalg("Cholesky", ("cholesky",), lambda o: {"on_error": o.get("on_error", "raise")}),
    linalg("Solve", ("solve",)),
    Row("SolveTriangular", "", ("solve_triangular",), SOLVE, options=triangular),
    linalg("Expm", ("expm",)),
    linalg("Eigvalsh", ()),
    linalg("MatrixInverse", ("matrix_inverse",)),
    linalg("MatrixPinv", ("pinv",)),
    linalg("Det", ("det",)),
    linalg("Eig", ("eig",)),
    linalg("Eigh", ("eigh",), lambda o: {"UPLO": o.get("uplo", "L")}),
    linalg("SVD", ("svd",), lambda o: {"full_matrices": bool(o.get("full", False))}),
    Row("SVDValues", "", ("svdvals",), "phintys.tensor.nlinalg:SVD", options=lambda o: {"compute_uv": False}),
    linalg("QRFull", ("qr",), lambda o: {"mode": o.get("mode", "reduced")}),
    linalg("lstsq", ("lstsq",)),
    *(linalg(name, ()) for name in ("AllocDiag", "ExtractDiag", "QRIncomplete", "TensorInv", "TensorSolve")),
)
ROWS: dict[str, Row] = {row.name: row for row in _ALL}


@cache
def rows_of(op: str) -> tuple[Row, ...]:
    """The rows of an operation, or of a function that the host carries out."""
    return tuple(row for row in _ALL if op in row.ops)
