"""Write the teacher's training set: queries, relevant passages and hard negatives."""

import sys
from collections.abc import Sequence
from pathlib import Path

from optical.corpora.leakage import without_tests
from optical.corpora.registry import training_set
from optical.corpora.rows import write_rows
from optical.corpora.training_files import write_training_set
from optical.runtime.program import run_program


def main(
    *,
    source: tuple[str, Path],
    scores: Path | None = None,
    margin: float = 0.0,
    queries: int | None = None,
    tests: Sequence[Path] = (),
    pivot: str = "en",
    output: Path,
    counts: Path,
) -> None:
    """
    source: training source (msmarco, constructed) and its folder
    scores: scores of a cross-encoder, a file or a folder of them, among whose passages hard
        negatives are (those of the source)
    margin: a passage no further below the relevant one is no hard negative
    queries: queries to take at most (all)
    tests: folders of test collections, whose queries and answers must not be trained on
    pivot: language of the training set
    output: folder to write
    counts: how many there are and were left out (.csv)
    """
    data = training_set(*source, scores=scores, margin=margin)
    if tests:
        data = without_tests(data, tests, pivot)
    found = write_training_set(output, data, queries)
    found |= {f"left out: {what}": number for what, number in data.left_out.items()}
    lines = [("what", "number"), *((what, str(number)) for what, number in found.items())]
    write_rows(counts, lines, separator=",")
    for what, number in found.items():
        print(f"{number} {what}", file=sys.stderr)


if __name__ == "__main__":
    run_program(main)
