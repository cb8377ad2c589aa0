"""What all levels share: types, locations, builders, verifiers, diagnostics and the graph text."""
