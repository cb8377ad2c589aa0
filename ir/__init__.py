"""What all levels share: types, the operation table, the expression graph, graph text.

In: nothing but names and shapes. Out: `TensorType`, `OPS`, `Value`/`Node`/`Graph`, `.phi` text.
Open `ops.py` first: it lists every operation; `infer.py` says what types they take and give; `graph.py` holds the nodes that
the frontend builds; `grammar.lark`, `parser.py` and `printer.py` are the text form of the same graphs.
"""
