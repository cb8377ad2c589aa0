"""Theano's folder of things that never left its sandbox; here `rng_mrg`, and `linalg` for old programs."""
