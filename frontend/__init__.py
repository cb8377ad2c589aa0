"""What the user imports: types, variables, functions, shared state and gradients."""
