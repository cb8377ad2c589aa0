"""Tensor constructors and operators, imported as `import phintys.tensor as T`."""
