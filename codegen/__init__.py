"""From the llvm dialect to a native function: translation, objects, entry and libraries.

In: an llvm-dialect module with one public function that carries `phi.arguments`, `phi.results` and `phi.checks`. Out: a
builtin callable. The way there, in the order of the files to read:

    assemble.py      module -> LLVM IR text with its entry, and the Interface; calls the next three
    translate.py     the printer; rows.py its table, one row an op; text.py types and constants
    interface.py     what a function takes, gives and checks; JSON for the cache
    entry.py         what differs between functions at the Python border; runtime*.py what does not (checks, results, memory)
    engine.py        IR text -> optimized text, assembly, object -> address in this process; elf.py, symbols.py, blas.py help it
    executable.py    object + Interface -> builtin bound to state cells
    cache.py         objects on disk, by content

llvmlite is imported when the first text is compiled, xDSL when `assemble` or `translate` is; OpenBLAS is loaded when the first
object calls it. A cached object needs neither xDSL nor a compilation.
"""
