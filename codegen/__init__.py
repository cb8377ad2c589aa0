"""From the llvm dialect to a native function: translation, objects, entry and libraries."""
