"""PyLate on the passages of embed.py: embed_pylate.py MODEL PASSAGES.json OUTPUT.npz THREADS.

Runs in the environment of `make .venv-interop/pylate/installed`. Encodes all passages for each line
of its input, which is the size of a batch, and writes the vectors before it answers with a line.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from pylate import models

folder, passages, output, threads = sys.argv[1:]
torch.set_num_threads(int(threads))
texts = json.loads(Path(passages).read_text())
model = models.ColBERT(folder, device="cuda" if torch.cuda.is_available() else "cpu")
for line in sys.stdin:
    vectors = model.encode(texts, is_query=False, batch_size=int(line), show_progress_bar=False)
    if not Path(output).exists():
        np.savez(output, *[np.asarray(of_text, dtype=np.float32) for of_text in vectors])
    print("encoded", flush=True)
