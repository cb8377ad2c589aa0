"""One page that shows a program on its way down the ladder: every pass, what each operation became, and where it was written.

In: a module of any level and the text that it came from. Out: HTML that needs nothing else, neither a network nor fonts.
`recorder.py` runs the passes and writes down what they did, `listing.py` prints a module and says on which lines each
operation stands, `pictures.py` lays out drawings, `native.py` follows operations into LLVM IR and assembly, `sources.py`
finds the user's lines, `page.py` puts all of it into `page.html`, whose style and scripts lie beside it. First file to open:
`recorder.py`.
"""

from __future__ import annotations
