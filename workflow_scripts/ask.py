"""Ask a finished study questions: the best passages, and which tokens made their scores."""

import json
import math
import os
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from optical.corpora.text import Place, as_text
from optical.runtime.errors import InputError
from optical.runtime.program import run_program
from optical.study import paths
from optical.study.results import Results, name_of, named, one_of, results_of

# Backgrounds of the terminal's 256 colours that black letters can be read on.
COLOURS = (117, 156, 222, 218, 183, 159, 229, 210, 150, 189)

TOGETHER = 64
"""Questions that are encoded and searched at once."""


def main(
    question: str,
    /,
    *,
    study: str,
    student: str,
    lang: str,
    method: str | None = None,
    model: Path | None = None,
    collection: str | None = None,
    seed: int | None = None,
    passages: int = 3,
    json: bool = False,
    folder: Path | None = None,
) -> None:
    """
    question: in the language; a hyphen for one on each line of standard input
    study: its name, as under results/, or its file
    student: which student encodes the question
    lang: language of the question; in that of the passages, the teacher encodes it
    method: how the student was trained (optical, or the first that has a model)
    model: folder of another query encoder, such as an exported one, in place of the student's
    collection: what to search (the study's first)
    seed: of the student (the study's first)
    passages: how many to show
    json: write a line of JSON for each question
    folder: folder that has results/ (the current one, or that of the workflow)
    """
    if passages < 1:
        raise InputError(f"--passages {passages}: expected 1 or more")
    questions = asked(question)
    study = name_of(study)
    results = results_of(study, folder)
    one_of("student", student, results.settings["students"])
    seed = results.seed(seed)
    method = method or default_method(results, student, lang)
    encoder = model or results.model(student, method, lang, seed)
    collections = named(results.settings["collections"])
    collection = one_of("collection", collection or next(iter(collections)), collections)
    about = {"study": study, "student": student, "method": method if not model else None}
    about |= {"language": lang, "collection": collection, "model": str(encoder)}
    if not json:
        print(f"{student}, {method}, {collection}, encoded by {encoder}\n")
    teacher = results.teacher(student, seed)
    for text, found in answered(results, teacher, encoder, collection, questions, passages):
        if json:
            print_json(about | {"question": text, "passages": found})
        else:
            show(text if question == "-" else "", found)


def print_json(content: dict[str, Any]) -> None:
    """Print a line of JSON, and let it go: whoever reads it may wait for it."""
    print(json.dumps(content, ensure_ascii=False), flush=True)


def asked(question: str) -> Iterator[str]:
    """The questions: the one that is given, or those of standard input. Raises InputError for none.

    One that nothing can be seen of is refused.
    """
    if question != "-":
        yield whole(question, "the question")
        return
    number = 0
    for number, line in enumerate(sys.stdin, start=1):
        yield whole(line.rstrip("\r\n"), Place("standard input", number))
    if not number:
        raise InputError("standard input: no question there, expected one on each line")


def whole(question: str, place: object) -> str:
    """A question in NFC. Raises InputError for an empty or damaged one."""
    text = as_text(question, place, "question")
    if not text:
        raise InputError(f"{place}: an empty question, expected some words")
    return text


def default_method(results: Results, student: str, lang: str) -> str:
    """The method that encodes a language where none is given."""
    first, *trained = results.methods(student)
    if lang == results.pivot or not trained:
        return first
    return "optical" if "optical" in trained else trained[0]


def answered(
    results: Results,
    teacher: str,
    encoder: Path,
    collection: str,
    questions: Iterable[str],
    depth: int,
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield (question, passages): rank, id, score, most, text and alignment of each passage.

    An alignment has, for each token of the question, the token of the passage that is most like
    it, and their similarity. `most` is the highest score there can be.
    """
    questions = iter(questions)
    first = list(islice(questions, 1))  # an empty one is refused before anything is loaded
    together = 1 if sys.stdin.isatty() else TOGETHER  # nobody who types waits for others
    names = {"teacher": teacher, "collection": collection}

    from pyarrow import parquet
    from transformers import AutoTokenizer

    from optical.models.embedding import embed, readable
    from optical.models.shared_base import load_embedder
    from optical.retrieval.alignment import aligned
    from optical.retrieval.token_index import open_index
    from optical.retrieval.token_vectors import TokenVectors

    vectors = TokenVectors(results.path(paths.PASSAGE_VECTORS, **names))
    index = open_index(results.path(paths.INDEX, **names), vectors)
    table = results.path(paths.PASSAGES, collection=collection)
    rows = parquet.read_table(table)
    vectors.check_number(len(rows), table)
    reader = load_embedder(encoder)
    vectors.check_dimension(reader.dimension, encoder)
    folder = results.path(paths.TEACHER, teacher=teacher)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    while texts := first + list(islice(questions, together - len(first))):
        first = []
        embedded = [
            (ids, query.astype("float32")) for ids, query in embed(reader, texts, task="query")
        ]
        if not all(math.isfinite(query.sum()) for _, query in embedded):
            raise InputError(f"{encoder} gives vectors that are not finite")
        best = index.search([query for _, query in embedded], depth)
        for text, (ids, query), (places, scores) in zip(texts, embedded, best, strict=True):
            tokens = readable(reader.tokenizer, ids)
            found = []
            for rank, (row, score) in enumerate(
                zip(places.tolist(), scores.tolist(), strict=True), start=1
            ):
                passage = rows.slice(row, 1).to_pylist()[0]
                of_passage = readable(tokenizer, vectors.ids(row))
                found.append(
                    {
                        "rank": rank,
                        "id": passage["passage_id"],
                        "score": score,
                        "most": len(ids),
                        "text": passage["text"],
                        "alignment": aligned(tokens, of_passage, query, vectors[row]),
                    }
                )
            yield text, found


def show(question: str, found: list[dict[str, Any]]) -> None:
    """Print the passages of a question, each with its alignment."""
    if question:
        print(f"{question}\n")
    for passage in found:
        print(
            f"{passage['rank']}. {passage['id']}  score {passage['score']:.3f} of at most "
            f"{passage['most']}"
        )
        print(f"   {passage['text']}")
        pairs = [
            coloured(
                f"{pair['token']} → {pair['nearest']} {pair['similarity']:.2f}",
                COLOURS[number % len(COLOURS)],
            )
            for number, pair in enumerate(passage["alignment"])
        ]
        print("   " + "  ".join(pairs) + "\n")


def coloured(text: str, colour: int) -> str:
    """Text on a colour, where a terminal shows it."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[30;48;5;{colour}m{text}\x1b[0m"


if __name__ == "__main__":
    run_program(main)
