"""Query vectors by PyLate: encode_pylate.py MODEL QUERIES.json OUTPUT.npz."""

import json
import sys
from pathlib import Path

import numpy as np
from pylate import models

folder, queries, output = sys.argv[1:]
texts = json.loads(Path(queries).read_text())
model = models.ColBERT(folder, device="cpu")
vectors = model.encode(texts, is_query=True, batch_size=1, show_progress_bar=False)
np.savez(output, *[np.asarray(of_query) for of_query in vectors])
