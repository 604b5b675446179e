"""Remove what a finished study has used: token vectors that its results were made with."""

import shutil
from pathlib import Path

from optical.study import paths

USED = (paths.TARGETS, paths.PAIR_VECTORS, paths.QUERY_VECTORS)
"""What training and searching read. Models, passages and their indexes stay, for questions to the
study, and so do rankings, for other metrics."""


def trim(study: str, root: Path = Path()) -> int:
    """Remove the vectors of a study of this name; returns how many bytes they had.

    root: the folder that has results/.
    """
    number = 0
    for path in USED:
        folder = Path(path).relative_to(paths.RESULTS).parts[0]
        vectors = root / paths.RESULTS.format(study=study) / folder
        if vectors.exists():
            number += sum(file.stat().st_size for file in vectors.rglob("*") if file.is_file())
            shutil.rmtree(vectors)
    return number
