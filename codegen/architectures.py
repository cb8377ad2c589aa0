"""NVIDIA architectures that PTX is made for: what LLVM's backend and the current `ptxas` both know."""

from __future__ import annotations

ARCHITECTURES = ("sm_75", "sm_80", "sm_86", "sm_87", "sm_89", "sm_90", "sm_100", "sm_103", "sm_120")
DEFAULT = "sm_75"  # drivers compile its PTX for every device that came after
