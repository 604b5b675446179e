"""Compile the fused kernel for a GPU that need not be here: a line for each shape, of its spills.

    python tests/compile_kernel.py CAPABILITY CUBIN

CAPABILITY is 80 or 90, CUBIN a file to write. Triton's interpreter checks no types and knows no
registers; this does.
"""

import re
import subprocess
import sys
from pathlib import Path

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from optical.transport import kernel as transport_kernel
from optical.transport.kernel import sinkhorn_kernel

CUOBJDUMP = Path(triton.__file__).parent / "backends/nvidia/bin/cuobjdump"
NUMBERS = ["n", "m", "iterations"]
POINTERS = [name for name in sinkhorn_kernel.arg_names if name.endswith("_pointer")]


def spilled(rows, columns, capability, cubin, aligned=(), ones=(), partial=False):
    """Bytes of memory that a thread needs because registers do not suffice.

    partial: with a dummy token. aligned, ones: arguments that are multiples of 16, or 1, for which
    Triton compiles anew.
    """
    names = sinkhorn_kernel.arg_names
    constants = {"ROWS": rows, "COLUMNS": columns, "PARTIAL": partial} | dict.fromkeys(ones, 1)
    types = dict.fromkeys(POINTERS, "*fp32") | dict.fromkeys(NUMBERS, "i32")
    types |= dict.fromkeys(constants, "constexpr")
    compiled = triton.compile(
        ASTSource(
            sinkhorn_kernel,
            {name: types[name] for name in names},
            constants,
            {(names.index(name),): [["tt.divisibility", 16]] for name in aligned},
        ),
        target=GPUTarget("cuda", capability, 32),
        options={"num_warps": transport_kernel.warps(rows, columns)},
    )
    cubin.write_bytes(compiled.asm["cubin"])
    usage = subprocess.run(
        [CUOBJDUMP, "-res-usage", cubin], capture_output=True, text=True, check=True
    )
    return int(re.search(r"STACK:(\d+)", usage.stdout)[1])


def main(capability, cubin):
    sides = [2**power for power in range(4, 15)]
    shapes, with_dummies = (
        [
            (n, m)
            for n in sides
            for m in sides
            if transport_kernel.fits(torch.empty(1, n, m, device="meta"), partial)
        ]
        for partial in (False, True)
    )
    # As most launches are: tensors begin at multiples of 16, and few sizes are some.
    trials: list[tuple[tuple[int, int], dict]]
    trials = [(shape, {"aligned": POINTERS}) for shape in shapes]
    for shape in ((16, 16), max(shapes, key=min)):
        trials += [(shape, {}), (shape, {"aligned": POINTERS + NUMBERS})]
    trials += [((16, 16), {"ones": ones}) for ones in (["n"], ["m"], ["iterations"], NUMBERS)]
    trials += [(shape, {"aligned": POINTERS, "partial": True}) for shape in with_dummies]
    for shape, special in trials:
        print(*shape, spilled(*shape, capability, cubin, **special), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
