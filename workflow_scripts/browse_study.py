"""Write one page of a finished study to look at: queries, ranks by method, passages, alignments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from pyarrow import parquet
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from optical.corpora.lines import read_queries
from optical.evaluation.rankings import choose, ranked, relevant_passages
from optical.evaluation.trec import read_qrels
from optical.models.embedding import readable
from optical.report.browse import write_page
from optical.retrieval.alignment import Pair, aligned
from optical.retrieval.token_vectors import TokenVectors
from optical.runtime.errors import InputError
from optical.runtime.program import run_program
from optical.settings.methods import LEXICAL
from optical.study import paths
from optical.study.results import Results, name_of, named, one_of, results_of
from optical.study.study import Study

LONGEST = 1500
"""Characters of a text that are shown."""

WINDOWS = 8
"""Passages of a document that are compared with a query."""


def main(
    *,
    study: str = "config.yaml",
    student: str | None = None,
    collection: str | None = None,
    seed: int | None = None,
    queries: int = 20,
    passages: int = 5,
    alignments: int = 2,
    folder: Path | None = None,
    output: Path | None = None,
) -> None:
    """
    study: its name, as under results/, or its file
    student: whose runs to show (the first)
    collection: which test collection (the first)
    seed: of the students (the first)
    queries: how many, at even distances among those that all languages have
    passages: how many of each ranking
    alignments: of how many of these the tokens are shown
    folder: folder that has results/ (the current one, or that of the workflow)
    output: page to write (results/STUDY/browse.html)
    """
    for name, number, least in (
        ("queries", queries, 1),
        ("passages", passages, 1),
        ("alignments", alignments, 0),
    ):
        if number < least:
            raise InputError(f"--{name} {number}: expected {least} or more")
    results = results_of(name_of(study), folder)
    about = Study(results.settings, {})
    students, collections = named(about["students"]), named(about["collections"])
    student = one_of("student", student or next(iter(students)), students)
    collection = one_of("collection", collection or next(iter(collections)), collections)
    view = View(results, about, student, collection, results.seed(seed))
    output = output or results.path(paths.BROWSE)
    size, shown = write_page(output, view.content(queries, passages, alignments))
    print(f"{output}: {size / 1e6:.1f} MB, {shown} queries")


@dataclass(frozen=True)
class View:
    """The part of a study that is shown: a student, a collection and a seed."""

    results: Results
    about: Study
    student: str
    collection: str
    seed: int

    def content(self, number: int, depth: int, alignments: int) -> dict[str, Any]:
        """What the page shows, see `optical.report.browse.write_page`."""
        runs = {
            language: found for language in self.results.languages if (found := self.runs(language))
        }
        if not runs:
            raise InputError(
                f"no run of {self.student} on {self.collection} with seed {self.seed}: run the "
                "study first"
            )
        texts = {
            language: read_queries(self.path(paths.QUERIES, lang=language)) for language in runs
        }
        level = self.about.of_collection(self.collection, "relevance_level")
        relevant = relevant_passages(read_qrels(self.path(paths.QRELS)), level)
        chosen = choose(texts, relevant, self.about["tuning"]["development"], number)
        rankings = {
            (language, method): ranked(run, chosen, relevant, depth)
            for language, of_language in runs.items()
            for method, run in of_language.items()
        }
        wanted = {passage for query in chosen for passage in relevant[query][:depth]}
        for ranking in rankings.values():
            wanted.update(passage for _, best in ranking.values() for passage in best)
        rows = rows_of(self.path(paths.PASSAGES), wanted)
        pairs = {
            (language, method): self.pairs(
                language,
                method,
                list(texts[language]),
                rows,
                {query: best[:alignments] for query, (_, best) in ranking.items()},
            )
            for (language, method), ranking in rankings.items()
        }
        groups = {language: group for group, language in self.about.grouped_languages()}
        return {
            "study": self.results.study,
            "student": self.student,
            "collection": self.collection,
            "seed": self.seed,
            "pivot": self.about.pivot,
            "constructed": self.about.is_constructed,
            "languages": {language: groups.get(language, "pivot") for language in runs},
            "passages": {
                passage: shortened(" … ".join(text for _, text in of_passage))
                for passage, of_passage in rows.items()
            },
            "queries": [
                {
                    "id": query,
                    "relevant": relevant[query][:depth],
                    "texts": {language: shortened(texts[language][query]) for language in runs},
                    "runs": {
                        language: {
                            method: {
                                "rank": rankings[language, method][query][0],
                                "best": rankings[language, method][query][1],
                                "pairs": pairs[language, method].get(query, []),
                            }
                            for method in of_language
                        }
                        for language, of_language in runs.items()
                    },
                }
                for query in chosen
            ],
        }

    def path(self, template: str, **names: object) -> Path:
        """A file of the study; the collection is known."""
        return self.results.path(template, collection=self.collection, **names)

    def place(self, method: str) -> dict[str, object]:
        """The student and the seed under which the runs of a method lie.

        Runs without a student are of none. Those of a teacher alone lie under its first student.
        """
        if method in LEXICAL:
            return {"student": "none", "method": method, "seed": 0}
        if self.about.trains(method):
            return {"student": self.student, "method": method, "seed": self.seed}
        students = self.about["students"]
        teacher = students[self.student]["teacher"]
        first = next(name for name, one in students.items() if one["teacher"] == teacher)
        return {"student": first, "method": method, "seed": self.about.untrained_seed(self.seed)}

    def runs(self, language: str) -> dict[str, Path]:
        """The run of each method in a language, in the order of the study; of those there are."""
        runs = {
            method: self.path(paths.RUN, lang=language, **self.place(method))
            for method in self.about.methods
        }
        return {method: run for method, run in runs.items() if run.exists()}

    def pairs(
        self,
        language: str,
        method: str,
        names: list[str],
        rows: Mapping[str, list[tuple[int, str]]],
        best: Mapping[str, list[str]],
    ) -> dict[str, list[list[Pair]]]:
        """The token pairs of queries with their best passages; none for a method without vectors.

        names: the ids of all queries, in the order of their vectors. rows: of each passage. best:
        passages by query.
        """
        place = self.place(method)
        folder = self.path(paths.QUERY_VECTORS, lang=language, **place)
        if method in LEXICAL or not (folder / self.collection).is_dir():
            return {}
        teacher = self.results.teacher(self.student, self.seed)
        of_teacher = tokenizer_of(self.path(paths.TEACHER, teacher=teacher))
        # A student may be kept as an adapter or not at all: its tokenizer is what it started with.
        start = self.about.teacher_name(self.about["students"][self.student]["encoder"], self.seed)
        trained = self.about.trains(method)
        of_query = tokenizer_of(self.path(paths.TEACHER, teacher=start if trained else teacher))
        queries = TokenVectors(folder / self.collection)
        passages = TokenVectors(self.path(paths.PASSAGE_VECTORS, teacher=teacher))
        queries.check_number(len(names), self.path(paths.QUERIES, lang=language))
        places = {name: place for place, name in enumerate(names)}
        found = {}
        for query, of_passages in best.items():
            vectors = queries[places[query]].astype(np.float32)
            tokens = readable(of_query, queries.ids(places[query]))
            found[query] = [
                aligned(tokens, readable(of_teacher, passages.ids(row)), vectors, passages[row])
                for passage in of_passages
                for row in [likest(vectors, passages, [row for row, _ in rows[passage]])]
            ]
        return found


def likest(query: np.ndarray, passages: TokenVectors, rows: Sequence[int]) -> int:
    """The row of the passage with the highest MaxSim, of those of one document."""
    scores = [(query @ passages[row].astype(np.float32).T).max(axis=1).sum() for row in rows]
    return rows[int(np.argmax(scores))]


@cache
def tokenizer_of(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer of a model's folder."""
    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


def shortened(text: str) -> str:
    """A text without what is behind its first `LONGEST` characters."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def rows_of(passages: Path, wanted: set[str]) -> dict[str, list[tuple[int, str]]]:
    """(row, text) of the first passages of each document that is wanted, at most `WINDOWS`."""
    found: dict[str, list[tuple[int, str]]] = {}
    row = 0
    for batch in parquet.ParquetFile(passages).iter_batches(columns=["judged_id", "text"]):
        for name, text in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if name in wanted and len(found.setdefault(name, [])) < WINDOWS:
                found[name].append((row, text))
            row += 1
    return found


if __name__ == "__main__":
    run_program(main)
