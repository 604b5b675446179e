"""How fast texts are cut into words, and with `--xnli` what that does to BM25 in each language.

Held against runs of Python's \\w in lower case, which were read before: they lose the marks of
Hindi and take a Chinese sentence for a word. Of XNLI, each entailed hypothesis is searched for the
premise that it follows from: among the English premises, which is the floor in the tables of
`xnli-premise`, and among the premises in its own language. The ratio is that of words a second.
"""

import argparse
import re
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
from machine import describe

from optical.corpora import xnli
from optical.corpora.words import search_terms
from optical.evaluation.scoring import score_run
from optical.retrieval.lexical import LexicalIndex

RUNS_OF_LETTERS = re.compile(r"\w+")
PIVOT = "en"
Cut = Callable[[str, str], list[str]]


def letters_and_digits(text: str, language: str) -> list[str]:
    """The words of a text as they were cut before."""
    return RUNS_OF_LETTERS.findall(text.lower())


def words_a_second(cut: Cut, texts: list[str]) -> float:
    """Words cut in a second of the processor."""
    cut(texts[0], PIVOT)
    start = time.process_time()
    words = sum(len(cut(text, PIVOT)) for text in texts)
    return words / (time.process_time() - start)


def drawn(number: int) -> list[str]:
    """English-like passages of 56 words, a tenth of them with a letter that is not ASCII."""
    rng = np.random.default_rng(0)
    names = np.array([f"Word{rank}" for rank in range(50_000)])
    ranks = np.minimum(rng.zipf(1.2, (number, 56)), len(names)) - 1
    ends = ["é." if row % 10 == 0 else "." for row in range(number)]
    return [" ".join(names[row]) + end for row, end in zip(ranks, ends, strict=True)]


def mean_average_precision(folder: Path, language: str, passages: str, cut: Cut) -> float:
    """MAP of the test's hypotheses in a language, among the premises in another or the same."""
    known = {passage.passage_id for passage in xnli.passages(folder, split="test", task="premise")}
    rows = enumerate(xnli.sentences(folder, passages, "test"))
    texts = {f"p{row}": premise for row, (premise, _) in rows if f"p{row}" in known}
    qrels: dict[str, dict[str, int]] = {}
    for judged in xnli.judgements(folder, split="test", task="premise"):
        qrels.setdefault(judged.query, {})[judged.passage] = judged.grade
    asked = xnli.queries(folder, language, split="test", task="premise")
    queries = {query.id: query.text for query in asked}
    with patch("optical.retrieval.lexical.search_terms", cut):
        found = LexicalIndex(list(texts), texts.values(), passages).rank(queries, 1000, language)
        # As in a run that is written, no two scores are equal.
        run = (
            (query, {name: -float(rank) for rank, name in enumerate(results)})
            for query, results in found
        )
        return score_run(run, qrels).table["value"].mean()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--passages", type=int, default=20_000, help="passages to cut (20,000)")
    parser.add_argument("--xnli", type=Path, help="downloads/xnli: the MAP of its languages too")
    arguments = parser.parse_args()
    print(describe("cpu"))
    if arguments.xnli:
        print("| language | English premises, before | now | own premises, before | now |")
        print("|---|--:|--:|--:|--:|")
        for language in xnli.passage_languages(arguments.xnli, "test"):
            values = [
                mean_average_precision(arguments.xnli, language, passages, cut)
                for passages in (PIVOT, language)
                for cut in (letters_and_digits, search_terms)
            ]
            print(f"| {language} | {' | '.join(f'{value:.3f}' for value in values)} |", flush=True)
    texts = drawn(arguments.passages)
    before, now = (words_a_second(cut, texts) for cut in (letters_and_digits, search_terms))
    print(f"{before / 1e6:.2f} million words a second before, {now / 1e6:.2f} now")
    print(f"ratio {now / before:.2f}")
