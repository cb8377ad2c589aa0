"""One page that shows a program on its way down the ladder: every pass, what each operation became, and where it was written.

In: a module of any level and the text that it came from. Out: HTML that needs nothing else, neither a network nor fonts.
`walk.py` goes down the ladder, `recorder.py` writes down what each pass did, `listing.py` prints a module and says on which
lines each operation stands, `pictures.py` lays out drawings (with `memory.py` for loops and `branches.py` for blocks),
`native.py` follows operations into LLVM IR and assembly, `sources.py` finds the user's lines, `page.py` puts all of it into
`page.html`, whose style and scripts lie beside it. First file to open: `recorder.py`.
"""

from __future__ import annotations
