"""A page of a finished study to look through: what it shows, and how it is used in a browser."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import browse_study
from conftest import embedder
from in_browser import (
    AXE,
    BROWSER,
    NARROW,
    SIZES,
    WIDE,
    axe_faults,
    faults,
    opened,
    started,
    unfold,
)
from optical.corpora.rows import write_parquet, write_rows
from optical.evaluation.trec import write_run
from optical.models.embedding import embed
from optical.report import browse
from optical.report.looks import COLOURS, outline, styles
from optical.retrieval.token_vectors import write_token_vectors
from optical.runtime.errors import InputError
from optical.study import paths

PROGRAM = Path(browse_study.__file__)
in_a_browser = pytest.mark.skipif(not BROWSER, reason="Chromium is not installed")

PASSAGES = [
    ("p1", "d1", "the dog"),
    ("p2", "d2", "the cat sat"),
    ("p3", "d2", "on the mat"),
    ("p4", "d3", "a mat </script><script>alert(1)</script>"),
]
QUERIES = {
    "en": {"q1": "the dog", "q2": "the cat", "q3": "a mat", "q4": "only here"},
    "sw": {"q1": "mbwa", "q2": "paka <b>yule</b>", "q3": "mkeka"},
}
RUNS = {
    ("none", "bm25", 0, "en"): ["d1", "d2", "d3"],
    ("none", "bm25", 0, "sw"): [],
    ("base", "zero_shot", 0, "en"): ["d1", "d2", "d3"],
    ("base", "zero_shot", 0, "sw"): ["d3", "d1", "d2"],
    ("base", "optical", 1, "sw"): ["d2", "d1"],
}
SETTINGS = {
    "study": "tiny",
    "students": {"base": {"encoder": "base", "teacher": "base", "methods": None}},
    "methods": ["bm25", "zero_shot", "optical"],
    "variants": {},
    "collections": ["made-up"],
    "seeds": [1],
    "pivot": "en",
    "languages": {"high": ["fr"], "low": ["sw"]},
    "teacher": {"seeds": [], "seed": 1},
    "tuning": {"development": 0.0},
    "training_set": {"source": "local"},
    "own": {},
}


@pytest.fixture
def study(tmp_path, model, monkeypatch):
    """The results of a study of two languages, of which the third has no query."""
    results = tmp_path / "results/tiny"
    folders = {"zero_shot": results / "teachers/base"}
    folders["optical"] = results / "students/base/optical/sw/seed-1"
    models = {method: embedder(model, folder) for method, folder in folders.items()}
    (results / "study.yaml").write_text(yaml.safe_dump(SETTINGS))
    collection = results / "data/collections/made-up"
    write_parquet(collection / "passages.parquet", ["passage_id", "judged_id", "text"], PASSAGES)
    (collection / "qrels.txt").write_text("q1 0 d1 1\nq2 0 d2 1\nq2 0 d9 1\nq3 0 d3 1\nq4 0 d1 0\n")
    (collection / "queries").mkdir()
    for language, texts in QUERIES.items():
        write_rows(collection / f"queries/{language}.tsv", texts.items())
    teacher = models["zero_shot"]
    store = results / "passages/base/made-up"
    texts = [text for _, _, text in PASSAGES]
    write_token_vectors(store, embed(teacher, texts, task="document"), teacher.dimension)
    for (student, method, seed, language), order in RUNS.items():
        names = {"study": "tiny", "student": student, "method": method, "seed": seed}
        names |= {"lang": language, "collection": "made-up"}
        run = tmp_path / paths.RUN.format(**names)
        run.parent.mkdir(parents=True)
        scores = {passage: -float(place) for place, passage in enumerate(order)}
        write_run(run, [(query, scores) for query in QUERIES[language]], tag="t")
        if student != "none":
            vectors = tmp_path / paths.QUERY_VECTORS.format(**names) / "made-up"
            embedded = embed(models[method], QUERIES[language].values(), task="query")
            write_token_vectors(vectors, embedded, models[method].dimension)
    monkeypatch.chdir(tmp_path)
    return results


def content(page):
    """The data of a page."""
    return json.loads(re.search(r'id="data">(.*?)</script>', page.read_text(), re.DOTALL)[1])


@pytest.fixture
def page(study):
    browse_study.main(study="tiny")
    return study / "browse.html"


def test_the_page_has_the_queries_of_all_languages_their_ranks_and_passages(page):
    data = content(page)
    assert data["languages"] == {"en": "pivot", "sw": "low"}
    assert data["methods"] == ["bm25", "zero_shot", "optical"]
    # q4 has no relevant passage, and is in one language alone.
    assert [query["id"] for query in data["queries"]] == ["q1", "q2", "q3"]
    first, second, third = data["queries"]
    assert second["texts"] == {"en": "the cat", "sw": "paka <b>yule</b>"}
    ranks = {method: run["rank"] for method, run in second["runs"]["sw"].items()}
    assert ranks == {"bm25": None, "zero_shot": 3, "optical": 1}
    assert third["runs"]["sw"]["optical"] == {**third["runs"]["sw"]["optical"], "rank": None}
    assert "optical" not in first["runs"]["en"]
    assert first["runs"]["sw"]["optical"]["best"] == ["d2", "d1"]
    assert data["passages"]["d2"] == "the cat sat … on the mat"
    # Judged, and not among the passages.
    assert "d9" in second["relevant"]
    assert "d9" not in data["passages"]


def test_students_that_are_not_kept_or_as_adapters_have_their_tokens_all_the_same(study, page):
    before = content(page)
    shutil.rmtree(study / "students")
    browse_study.main(study="tiny")
    assert content(page) == before


def test_tokens_are_aligned_with_the_likest_passage_of_a_document(page):
    first = content(page)["queries"][0]
    assert first["runs"]["en"]["bm25"]["pairs"] == []
    found = first["runs"]["en"]["zero_shot"]
    assert len(found["pairs"]) == 2  # of the first two passages
    for token, nearest, likeness in found["pairs"][0]:
        assert token
        assert nearest
        assert -1.01 <= likeness <= 1.01
    assert "[Q]" in [token for token, _, _ in found["pairs"][0]]
    assert "[unused" not in page.read_text()
    # The same text on both sides, but for what a query and a passage begin with.
    assert ["d", "d"] in [[token, nearest] for token, nearest, _ in found["pairs"][0]]


def test_queries_are_left_out_of_a_page_that_would_be_too_large(study, monkeypatch):
    browse_study.main(study="tiny", output=study / "whole.html")
    most = (study / "whole.html").stat().st_size - 1
    monkeypatch.setattr(browse, "MOST_BYTES", most)
    browse_study.main(study="tiny", output=study / "part.html")
    assert (study / "part.html").stat().st_size <= most
    assert [query["id"] for query in content(study / "part.html")["queries"]] == ["q1", "q3"]
    assert "Of 3 queries some are left out" in (study / "part.html").read_text()
    monkeypatch.setattr(browse, "MOST_BYTES", 100)
    with pytest.raises(InputError, match=r"a page of one query has .* bytes, more than 100;"):
        browse_study.main(study="tiny")


def test_queries_for_development_are_not_shown(study):
    settings = SETTINGS | {"tuning": {"development": 1.0}}
    (study / "study.yaml").write_text(yaml.safe_dump(settings))
    with pytest.raises(InputError, match="no query with a relevant passage"):
        browse_study.main(study="tiny")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--study", "other"], "no study other: those here are tiny"),
        (["--study", "tiny", "--student", "x"], "no student 'x': expected one of base"),
        (["--study", "tiny", "--collection", "x"], "no collection 'x': expected one of made-up"),
        (["--study", "tiny", "--seed", "4"], "no seed 4: expected one of 1"),
        (["--study", "tiny", "--queries", "0"], "--queries 0: expected 1 or more"),
        (
            ["--study", "a.yaml"],
            "a.yaml: no such file; expected that of a study, or its name",
        ),
    ],
)
def test_what_is_unknown_is_one_line(study, options, message):
    done = subprocess.run(
        [sys.executable, PROGRAM, *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(message)


def test_a_study_is_named_by_its_file_too(study):
    Path("my.yaml").write_text("study: tiny\n")
    assert browse_study.name_of("my.yaml") == "tiny"
    Path("my.yaml").write_text("study: huge\nscale: tiny\n")
    assert browse_study.name_of("my.yaml") == "huge-tiny"
    Path("my.yaml").write_text("study: tiny\n\tseeds: [1]\n")
    with pytest.raises(InputError, match=r"\Amy\.yaml:2: a tab; YAML indents with spaces\Z"):
        browse_study.name_of("my.yaml")


# --- in the browser ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    with started() as browser:
        yield browser


@in_a_browser
@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=["wide", "narrow"])
def test_the_page_is_whole_and_can_be_read_by_all(browser, page, size, colours):
    shown = opened(browser, page, size, colours)
    unfold(shown)
    assert shown.said == []
    assert shown.asked == [page.as_uri()]
    assert shown.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert faults(shown) == []
    if AXE.exists():
        assert axe_faults(shown) == []
    shown.close()


@in_a_browser
def test_methods_have_the_marks_that_they_have_in_pictures(browser, tmp_path):
    methods = ["bm25", "greedy", "optical", "optical-few"]
    run = {"rank": 1, "best": ["d1"], "pairs": []}
    query = {"id": "q1", "relevant": ["d1"], "texts": {"sw": "mbwa"}}
    query |= {"runs": {"sw": dict.fromkeys(methods, run)}}
    content = {"study": "s", "student": "base", "collection": "c", "seed": 1, "pivot": "en"}
    content |= {"constructed": True, "languages": {"sw": "low"}, "passages": {"d1": "the dog"}}
    browse.write_page(tmp_path / "page.html", content | {"queries": [query]})
    shown = opened(browser, tmp_path / "page.html", WIDE)
    found = shown.evaluate(
        "[...document.querySelectorAll('fieldset .mark path')].map("
        "e => [e.getAttribute('d'), getComputedStyle(e).fill === 'none', e.style.stroke])"
    )
    colours = {light: f"var(--{name})" for name, (light, _) in COLOURS.items()}
    assert found == [
        [outline(style.marker), style.hollow, colours[style.color]]
        for style in styles(methods).values()
    ]
    assert [hollow for _, hollow, _ in found] == [False, False, False, True]
    assert faults(shown) == []
    shown.close()


@in_a_browser
def test_the_page_is_used_by_keyboard(browser, page):
    shown = opened(browser, page, WIDE)
    current = shown.locator("[aria-current=true]")
    assert "mbwa" in current.inner_text()  # a foreign language first
    for _ in range(5):
        shown.keyboard.press("Tab")
        if shown.evaluate("document.activeElement.closest('#queries') !== null"):
            break
    shown.keyboard.press("ArrowDown")
    assert "paka <b>yule</b>" in current.inner_text()
    assert shown.evaluate("document.activeElement.getAttribute('aria-current')") == "true"
    assert shown.get_by_role("heading", name="Query q2").is_visible()
    assert shown.get_by_role("heading", name="Best passages of optical").is_visible()
    first = shown.locator("#passages li").first
    assert "1. d2, relevant" in first.inner_text()
    assert "→" in first.inner_text()
    # To the next method, by an arrow.
    shown.get_by_role("radio", name="optical").focus()
    shown.keyboard.press("ArrowUp")
    assert shown.get_by_role("heading", name="Best passages of zero_shot").is_visible()
    shown.get_by_role("radio", name="bm25").check()
    assert shown.get_by_text("No passage was found.").is_visible()
    shown.close()


@in_a_browser
def test_queries_are_found_sorted_and_read_in_another_language(browser, page):
    shown = opened(browser, page, NARROW)
    texts = shown.locator("#queries button span")
    shown.get_by_label("Find").fill("MKE")
    assert texts.all_inner_texts() == ["mkeka"]
    assert shown.locator("#count").inner_text() == "1 of 3 queries"
    shown.get_by_label("Find").fill("")
    shown.get_by_label("Order").select_option("differ")
    # Reciprocal ranks of bm25, zero_shot and optical: q2 0, 1/3, 1; q3 0, 1, 0; q1 0, 1/2, 1/2.
    assert texts.all_inner_texts() == ["paka <b>yule</b>", "mkeka", "mbwa"]
    shown.get_by_label("Language").select_option("en")
    # There the methods do not differ, and queries stand as in the collection.
    assert texts.all_inner_texts() == ["the dog", "the cat", "a mat"]
    shown.close()
