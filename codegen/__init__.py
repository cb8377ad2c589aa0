"""From the llvm dialect to a native function: translation, objects, entry and libraries.

In: an llvm-dialect module with one public function that carries `phi.arguments`, `phi.results` and `phi.checks`. Out: a
builtin callable. The way there, in the order of the files to read:

    assemble.py      module -> LLVM IR text with its entry, and the Interface; calls the next three
    translate.py     the printer; its table is rows.py (one row an op, made in row_makers.py), its words are text.py
    interface.py     what a function takes, gives and checks; JSON for the cache
    entry.py         what differs between functions at the Python border; what does not is in runtime*.py
    engine.py        IR text -> optimized text, assembly, object -> address here; elf.py, symbols.py, blas.py help it
    executable.py    object + Interface -> builtin bound to state cells; directly.py has objects that are called like it
    cache.py         objects on disk, by content
    forks.py         what a child process must not find half done
    memory.py        the pool of large buffers, seen from Python
    recipe.py        what is left out where compiling has to be fast
    targets.py       what compiles for which device
    interpreter.py   nd in NumPy, one operation at a time: what native code is compared with; its table is interpreter_rows.py

llvmlite is imported when the first text is compiled, xDSL when `assemble` or `translate` is; OpenBLAS is loaded when
the first object calls it. A cached object needs neither xDSL nor a compilation.
"""
