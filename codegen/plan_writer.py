"""Host code of level "gpu" to the Python source of a launch plan.

Every value becomes a Python variable: a number, the address of device memory (an int), or a NumPy array. Views are kept
here, in `Memory`, and cost nothing in the plan. Device memory is freed where the IR says so, and what it says nothing of,
after the last use; a call that fails frees what it holds.
"""

from __future__ import annotations

import builtins
import keyword

from xdsl.dialects import arith, func, memref, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import Block, Operation, SSAValue

from phintys.dialects import gpu
from phintys.dialects.convert import BY_ELEMENT, location_text
from phintys.dialects.rt import ToDeviceOp, ToHostOp
from phintys.passes.llvm_interface import arguments_text, results_text

from . import plan_functions, plan_scalars
from .interface import Check, Host, Interface, Result
from .launch_plan import Array, Kernel, LaunchPlan
from .plan_values import Lines, Memory, Size, as_tuple, in_block, on_host, parameter_text, used_on_host, users
from .text import TranslationError

# What plans call; no variable has such a name.
RUNTIME = (
    *("allocate", "free", "release", "to_device", "to_host", "fetch", "on_host", "host_array", "host_view", "device_array"),
    *("copied", "gemm", "fail", "arguments", "main", "copy", "clock", "record"),
)
NUMBERED = ("launch_", "host_", "constant_")


class PlanWriter:
    """Writes the plan of one module."""

    def __init__(self, module: bi.ModuleOp, device_outputs: frozenset[int]) -> None:
        functions = [op for op in module.body.block.ops if isinstance(op, func.FuncOp) and op.body.blocks]
        public = [op for op in functions if op.sym_visibility is None or op.sym_visibility.data != "private"]
        if len(public) != 1:
            raise TranslationError(f"a launch plan is of one host function, this module has {len(public)}")
        self.module, self.function = module, public[0]
        self.device_outputs = device_outputs
        self.lines = Lines()
        self.values: dict[SSAValue, str] = {}
        self.memory: dict[SSAValue, Memory] = {}
        self.used: set[str] = {*keyword.kwlist, *dir(builtins), *plan_functions.FUNCTIONS, *RUNTIME}
        self.known: dict[str, str] = {}  # arithmetic -> the variable that holds it
        self.numbers: dict[str, int] = {}  # the last one of each kind of variable without a name
        self.kernels: dict[str, Kernel] = {}
        self.checks: list[str] = []
        self.hosts: list[str] = []
        self.constants: dict[str, Array] = {}
        self.names: dict[SSAValue | None, str] = {}  # of the arguments, as they were given
        self.held: dict[str, str] = {}  # variables that hold device memory of the call -> how it is let go
        last = self.function.body.blocks[0].last_op
        self.returned = list(last.operands) if last is not None else []
        self.interface = Interface.parse(arguments_text(self.function), results_text(self.function, self.returned))
        self.arguments = set(self.function.body.blocks[0].args)
        self.kept = {root for value in self.returned for root in self._kept_by(value)}  # device memory that goes to the caller
        self.handed: set[SSAValue] = set()  # of it, what a result has taken

    def _kept_by(self, value: SSAValue) -> list[SSAValue]:
        """The allocation on the device that a result is, if it stays there."""
        if isinstance(value.owner, ToHostOp) and self.stays(value):
            value = value.owner.operands[0]
        return [value] if isinstance(value.owner, memref.AllocOp) and not on_host(value.owner) else []

    def output_of(self, value: SSAValue) -> Result | None:
        """The output that a value is, if it is nothing else."""
        numbers = [number for number, returned in enumerate(self.returned) if returned is value]
        row = self.interface.results[numbers[0]] if numbers else None
        return row if row is not None and row.kind == "output" and value.has_one_use() else None

    def stays(self, value: SSAValue) -> bool:
        """Whether a value is an output that the caller wants to have on the device, and nothing else."""
        if self.output_of(value) is None:
            return False
        number = next(number for number, returned in enumerate(self.returned) if returned is value)
        before = [row for row in self.interface.results[:number] if row.kind == "output"]
        return len(before) in self.device_outputs

    def argument(self, memory: Memory) -> str:
        """The variable of what was given, for memory of an input; of the memory itself otherwise."""
        return self.names.get(memory.root, memory.name)

    # --- the whole -----------------------------------------------------------------------------------------------------------

    def run(self) -> LaunchPlan:
        """The plan."""
        block = self.function.body.blocks[0]
        names = [self.fresh(row.name, "x") for row in self.interface.arguments]
        self.names = dict(zip(block.args, names, strict=True))
        self._arguments(block, names)
        ends = self._last_uses(block)
        for op in block.ops:
            if isinstance(op, func.ReturnOp):
                self._return(op)
                break
            self.write(op)
            for value in ends.get(op, []):
                self.let_go(value)
        arguments, results = self.interface.arguments, self.interface.results
        checks, hosts = (Check.parse(text) for text in self.checks), (Host.parse(text) for text in self.hosts)
        profile = self.function.attributes.get("phi.profile", bi.ArrayAttr([]))
        slots = tuple(text.data for text in profile if isinstance(text, bi.StringAttr))  # type: ignore[attr-defined]
        interface = Interface(arguments, results, tuple(checks), hosts=tuple(hosts), profile=slots)
        return LaunchPlan(self._source(names), interface, tuple(self.kernels.values()), self.constants)

    def _source(self, names: list[str]) -> str:
        head = ["def main(*arguments):", *(f"    # {argument}" for argument in self.interface.arguments)]
        if names:
            head.append(f"    {', '.join(names)}{',' if len(names) == 1 else ''} = arguments")
        if not self.held:
            return "\n".join([*head, *(line.removeprefix("    ") for line in self.lines.text)]) + "\n"
        head.append(f"    {' = '.join(self.held)} = 0")
        tail = ["    except BaseException:", *(f"        {how}" for how in self.held.values()), "        raise"]
        return "\n".join([*head, "    try:", *self.lines.text, *tail]) + "\n"

    def _arguments(self, block: Block, names: list[str]) -> None:
        for argument, name, row in zip(block.args, names, self.interface.arguments, strict=True):
            type = argument.type
            assert isinstance(type, bi.MemRefType)
            sizes: list[Size] = []
            for axis, size in enumerate(type.get_shape()):
                known = size != bi.DYNAMIC_INDEX
                sizes.append(size if known else self.fresh(f"{name}_{axis}"))
                if not known:
                    self.lines.add(f"{sizes[-1]} = {name}.shape[{axis}]")
            dtype = BY_ELEMENT[type.element_type]
            self.memory[argument] = Memory(name, row.is_state, dtype, sizes, root=argument)
            if row.is_state:
                self.memory[argument].name = self.fresh(f"{name}_d")
                self.lines.add(f"{self.memory[argument].name} = {name}.address")
            elif used_on_host(argument):
                self.memory[argument].name = self.fresh(f"{name}_h")
                self.lines.add(f"{self.memory[argument].name} = on_host({name}, '{dtype}')")

    def _last_uses(self, block: Block) -> dict[Operation, list[SSAValue]]:
        """After which operations device memory goes that the IR does not free."""
        ends: dict[Operation, list[SSAValue]] = {}
        for op in block.ops:
            root = op.results[0] if op.results else None
            if root is None or not isinstance(op, memref.AllocOp | ToDeviceOp):
                continue
            found = users(root)
            if any(isinstance(user, memref.DeallocOp) for user in found) or (isinstance(op, memref.AllocOp) and on_host(op)):
                continue
            if root in self.kept:
                continue
            within = [in_block(user, block) for user in found] or [op]
            last = max(within, key=lambda user: block.get_operation_index(user))
            if not isinstance(last, func.ReturnOp):
                ends.setdefault(last, []).append(root)
        return ends

    def let_go(self, root: SSAValue) -> None:
        """Free device memory of the call."""
        memory = self.memory[root]
        if memory.name in self.held:
            self.lines.add(f"{memory.name} = {self.held[memory.name]}")

    # --- operations ----------------------------------------------------------------------------------------------------------

    def write(self, op: Operation) -> None:
        """The lines of an operation."""
        from .plan_memory import ROWS

        row = ROWS.get(type(op))
        if row is not None:
            row(self, op)
        elif isinstance(op, arith.ConstantOp):
            self.values[op.results[0]] = plan_scalars.constant(op)
        elif isinstance(op, scf.IfOp):
            self._if(op)
        else:
            self._scalar(op)

    def _scalar(self, op: Operation) -> None:
        """Arithmetic; what was computed before, outside of a condition that is over, is not computed again."""
        text = plan_scalars.expression(op, [self.value(value) for value in op.operands])
        if text is None:
            where = location_text(op)
            raise TranslationError(f"{op.name} has no place in the host code of a GPU's function{where and f' (at {where})'}")
        if text not in self.known:
            self.assign(op.results[0], text)
            self.known[text] = self.values[op.results[0]]
        self.values[op.results[0]] = self.known[text]

    def value(self, value: SSAValue) -> str:
        """The variable or constant of a number."""
        return self.values[value]

    def assign(self, value: SSAValue, text: str) -> None:
        """A line that computes a number."""
        if text in self.used or text.isdigit():
            self.values[value] = text
            return
        name = self.values[value] = self.fresh(value.name_hint)
        self.lines.add(f"{name} = {text}")

    def fresh(self, hint: str | None, start: str = "t") -> str:
        """A name that is not taken, the hint itself if possible."""
        base = hint if hint is not None and hint.isidentifier() and not hint.startswith(NUMBERED) else None
        number = 0
        name = base or f"{start}0"
        while name in self.used:
            number = self.numbers[start] = self.numbers.get(start, 0) + 1 if base is None else number + 1
            name = f"{start}{number}" if base is None else f"{base}_{number}"
        self.used.add(name)
        return name

    def _if(self, op: scf.IfOp) -> None:
        names = [self.fresh(result.name_hint) for result in op.results]
        self.values.update(zip(op.results, names, strict=True))
        self.lines.add(f"if {self.value(op.operands[0])}:")
        for number, region in enumerate((op.true_region, op.false_region)):
            if number and (not region.blocks or (isinstance(region.block.first_op, scf.YieldOp) and not names)):
                continue
            if number:
                self.lines.add("else:")
            self.lines.depth += 1
            before, known = len(self.lines.text), dict(self.known)
            for inner in region.block.ops:
                if isinstance(inner, scf.YieldOp):
                    for name, value in zip(names, inner.operands, strict=True):
                        if value not in self.values:
                            raise TranslationError("memory that a condition chooses has no place in a launch plan")
                        self.lines.add(f"{name} = {self.value(value)}")
                else:
                    self.write(inner)
            if len(self.lines.text) == before:
                self.lines.add("pass")
            self.lines.depth -= 1
            self.known = known

    # --- kernels -------------------------------------------------------------------------------------------------------------

    def launcher(self, op: gpu.LaunchFuncOp) -> str:
        """The name of what launches the kernel of an operation."""
        kernel = op.kernel.nested_references.data[0].data
        if kernel not in self.kernels:
            threads = op.threads.owner
            known = threads.value if isinstance(threads, arith.ConstantOp) else None
            count = known.value.data if isinstance(known, bi.IntegerAttr) else None
            self.kernels[kernel] = Kernel(kernel, tuple(parameter_text(value.type) for value in op.arguments), count)
        return f"launch_{list(self.kernels).index(kernel)}"

    # --- results -------------------------------------------------------------------------------------------------------------

    def _return(self, op: func.ReturnOp) -> None:
        from .plan_memory import result

        rows = zip(op.operands, self.interface.results, strict=True)
        texts = [result(self, value, row, self.stays(value)) for value, row in rows if row.kind != "inplace"]
        for root, memory in self.memory.items():
            if memory.root is root and memory.name in self.held and root not in self.kept and self._lives(root):
                self.let_go(root)
        self.lines.add(f"return {as_tuple(texts)}")

    def _lives(self, root: SSAValue) -> bool:
        """Whether device memory of a nested block is let go by nobody else."""
        owner = root.owner
        nested = isinstance(owner, Operation) and owner.parent_block() is not self.function.body.blocks[0]
        return nested and not any(isinstance(user, memref.DeallocOp) for user in users(root))
