"""Query vectors by colbert-ai: encode_colbert.py MODEL QUERIES.json OUTPUT.npz.

colbert-ai fills every query up with mask tokens; their vectors come last and are left out later.
"""

import json
import sys
from pathlib import Path

import numpy as np
from colbert.infra import ColBERTConfig
from colbert.modeling.checkpoint import Checkpoint

folder, queries, output = sys.argv[1:]
texts = json.loads(Path(queries).read_text())
model = Checkpoint(folder, colbert_config=ColBERTConfig.load_from_checkpoint(folder))
vectors = [model.queryFromText([text])[0] for text in texts]
np.savez(output, *[of_query.float().cpu().numpy() for of_query in vectors])
