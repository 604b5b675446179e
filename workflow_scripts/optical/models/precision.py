"""In which precision models compute: masters are float32, and bfloat16 is for GPUs that have it."""

import torch


def has_bfloat16() -> bool:
    """Whether the GPU computes in bfloat16 itself.

    PyTorch also emulates it on older ones, such as V100 and T4, where it is slower than float32.
    """
    return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
