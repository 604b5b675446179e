"""Search in several languages with one model in memory: a small web service.

Students that were kept as adapters (keep: adapters) share the model that they started as. It is
loaded once, and a question switches it to the student of its language. For the demo, after
`snakemake --cores all --config keep=adapters`:

    R=results/demo
    python examples/serve.py $R/data/collections/constructed/passages.parquet \\
        $R/passages/small/constructed $R/indexes/small/constructed \\
        bero=$R/students/small/optical/bero/seed-1 ekti=$R/students/small/optical/ekti/seed-1
    curl -G localhost:8000 -d lang=ekti --data-urlencode 'q=A QUESTION'

The answer is JSON: the best passages with their ids and scores.
"""

import argparse
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from pyarrow import parquet

from optical.corpora.text import as_text
from optical.models.embedding import embed
from optical.models.shared_base import SharedBase
from optical.retrieval.token_index import open_index
from optical.retrieval.token_vectors import TokenVectors
from optical.runtime.errors import InputError

BEST = 3
"""Passages of an answer."""


class Search:
    """An index of passages, and the students that read questions for it, by language.

    Raises InputError where a student is no adapter, or not of the same base as the first, and where
    passages, their vectors, their index and the students do not fit each other.
    """

    def __init__(self, passages: Path, vectors: Path, index: Path, students: dict[str, Path]):
        self.passages = parquet.read_table(passages, memory_map=True)
        store = TokenVectors(vectors)
        store.check_number(len(self.passages), passages)
        self.index = open_index(index, store)
        self.students = students
        self.base = SharedBase(next(iter(students.values())))
        for student in students.values():
            store.check_dimension(self.base.switch(student).dimension, student)

    def answer(self, language: str, question: str) -> list[dict]:
        """The best passages. Raises InputError for no text, and a language without a student."""
        if language not in self.students:
            raise InputError(f"lang: {language!r}; expected one of {', '.join(self.students)}")
        text = as_text(question, "q")
        if not text:
            raise InputError("q: no question; expected a text")
        reader = self.base.switch(self.students[language])
        ((_, query),) = embed(reader, [text], task="query")
        ((rows, scores),) = self.index.search([query.astype("float32")], BEST)
        found = self.passages.take(rows).to_pylist()
        return [row | {"score": float(score)} for row, score in zip(found, scores, strict=True)]


def server_of(search: Search, port: int) -> HTTPServer:
    """A server on this machine. It answers one question at a time: there is one model to switch."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802
            asked = dict(parse_qs(urlsplit(self.path).query))
            try:
                language, question = (asked.get(name, [""])[0] for name in ("lang", "q"))
                status, content = 200, search.answer(language, question)
            except InputError as error:
                status, content = 400, {"error": str(error)}
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.end_headers()
            self.wfile.write(json.dumps(content, ensure_ascii=False).encode())

    return HTTPServer(("localhost", port), Handler)


def student_option(text: str) -> tuple[str, Path]:
    """LANGUAGE=FOLDER."""
    language, _, folder = text.partition("=")
    if not folder:
        raise argparse.ArgumentTypeError(f"{text!r} is not LANGUAGE=STUDENT")
    return language, Path(folder)


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, words in (
        ("passages", "passages.parquet of a collection"),
        ("vectors", "folder of their token vectors"),
        ("index", "folder of their index"),
    ):
        parser.add_argument(name, type=Path, help=words)
    parser.add_argument("students", nargs="+", type=student_option, metavar="LANGUAGE=STUDENT")
    parser.add_argument("--port", type=int, default=8000)
    given = parser.parse_args()
    try:
        search = Search(given.passages, given.vectors, given.index, dict(given.students))
    except InputError as error:
        sys.exit(f"serve: {error}")
    with server_of(search, given.port) as server:
        print(f"http://localhost:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
