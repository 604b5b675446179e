"""The example of a service: one base in memory, and a question switches it to its language."""

import json
import subprocess
import sys
import threading
from importlib import import_module
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import numpy as np
import pytest

from conftest import embedder
from optical.corpora.rows import write_parquet
from optical.models.embedding import embed
from optical.models.shared_base import load_embedder
from optical.retrieval.token_index import build_index, open_index
from optical.retrieval.token_vectors import TokenVectors, write_token_vectors
from optical.runtime.errors import InputError
from optical.settings.adaptation import Adaptation
from test_adapters import trained

EXAMPLES = Path(__file__).parents[1] / "examples"
PASSAGES = [("p1", "d", "the dog"), ("p2", "d", "the cat sat on the mat"), ("p3", "d", "a mat")]


@pytest.fixture
def serve(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    return import_module("serve")


@pytest.fixture
def results(tmp_path, model):
    """Passages, their vectors and index, and the students of two languages."""
    teacher = embedder(model, tmp_path / "teachers" / "base")
    columns = ["passage_id", "judged_id", "text"]
    write_parquet(tmp_path / "passages.parquet", columns, PASSAGES)
    texts = [text for _, _, text in PASSAGES]
    write_token_vectors(tmp_path / "vectors", embed(teacher, texts, task="document"), 8)
    build_index(TokenVectors(tmp_path / "vectors"), tmp_path / "index")
    for seed, lang in enumerate(("sw", "fr")):
        settings = Adaptation(lora_rank=2 if lang == "sw" else None)
        trained(tmp_path / "teachers" / "base", tmp_path / lang, settings, seed=seed, size=0.3)
    return tmp_path


def arguments(results):
    return [results / name for name in ("passages.parquet", "vectors", "index")]


def expected(results, lang, question):
    """The scores of the best passages by the student of a language alone."""
    index = open_index(results / "index", TokenVectors(results / "vectors"))
    ((_, query),) = embed(load_embedder(results / lang), [question], task="query")
    ((rows, scores),) = index.search([query.astype("float32")], 3)
    return [PASSAGES[row][0] for row in rows], scores


def test_a_question_is_answered_by_the_student_of_its_language(serve, results):
    search = serve.Search(*arguments(results), {lang: results / lang for lang in ("sw", "fr")})
    answers = set()
    with serve.server_of(search, 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://localhost:{server.server_port}/?"
        try:
            for lang in ("sw", "fr", "sw"):
                with urlopen(url + urlencode({"lang": lang, "q": "the cat"})) as answer:
                    found = json.load(answer)
                ids, scores = expected(results, lang, "the cat")
                assert [row["passage_id"] for row in found] == ids
                np.testing.assert_allclose([row["score"] for row in found], scores, atol=1e-3)
                assert found[0]["text"] == {one[0]: one[2] for one in PASSAGES}[ids[0]]
                answers.add(found[0]["score"])
            for asked, message in (
                ({"lang": "de", "q": "the cat"}, "lang: 'de'; expected one of sw, fr"),
                ({"lang": "sw", "q": " "}, "q: no question"),
                ({"lang": "sw", "q": "\u200b"}, "q: no question"),
            ):
                with pytest.raises(HTTPError) as error:
                    urlopen(url + urlencode(asked))
                assert error.value.code == 400
                assert json.load(error.value)["error"].startswith(message)
        finally:
            server.shutdown()
            thread.join()
    assert len(answers) == 2  # the languages have students of their own


def other_passages(results):
    columns = ["passage_id", "judged_id", "text"]
    write_parquet(results / "passages.parquet", columns, PASSAGES[:2])


def other_dimension(results):
    rows = ((np.zeros(2), np.eye(2, 16)) for _ in PASSAGES)
    write_token_vectors(results / "vectors", rows, 16)
    build_index(TokenVectors(results / "vectors"), results / "index")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (other_passages, "vectors is of 3 texts, .*passages.parquet of 2"),
        (other_dimension, "sw: vectors of 8 dimensions, those of the passages have 16"),
    ],
)
def test_files_that_do_not_fit_each_other_are_refused_at_the_start(serve, results, spoil, message):
    spoil(results)
    with pytest.raises(InputError, match=message):
        serve.Search(*arguments(results), {"sw": results / "sw"})


def test_a_student_that_is_no_adapter_is_one_line(serve, results):
    done = subprocess.run(
        [sys.executable, EXAMPLES / "serve.py", *arguments(results), f"sw={results}/teachers/base"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("serve: ")
    assert "no adapter" in done.stderr
    with pytest.raises(InputError, match="no adapter"):
        serve.Search(*arguments(results), {"sw": results / "teachers/base"})
