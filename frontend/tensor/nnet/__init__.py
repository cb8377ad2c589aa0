"""Functions of neural networks: activations (`sigm`), normalized exponentials and losses (`nnet`), normalization (`bn`)."""

from __future__ import annotations

from ...aliases import names
from ...errors import with_keywords
from ...later import conv2d
from . import bn, nnet, sigm
from .bn import *  # noqa: F403
from .nnet import *  # noqa: F403
from .sigm import *  # noqa: F403

__all__ = ["bn", "conv2d", "nnet", "sigm"]
__all__ += [*bn.__all__, *nnet.__all__, *sigm.__all__]
__getattr__ = names(__name__)

with_keywords(globals(), __all__)
