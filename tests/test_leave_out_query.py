"""Collections whose queries are passages themselves, as in ArguAna and Quora."""

import numpy as np
import pandas as pd
import pytest
import yaml

import search_lexical
import search_passages
from judged_sets import collection, prepared, scored
from optical.evaluation.trec import iterate_run, without_query
from optical.retrieval.token_index import build_index
from optical.retrieval.token_vectors import TokenVectors, write_token_vectors
from optical.settings.search import Search
from trees import ROOT, read_study, snakemake, succeeds

ARGUMENTS = {
    "a1": "dams should be removed",
    "a2": "dams should stay",
    "a3": "rivers should be free",
    "a4": "dams are good",
}


def test_a_passage_that_is_the_query_is_left_out_and_the_depth_holds():
    results = {"q": 9.0, "a": 8.0, "b": 7.0}
    assert without_query("q", results, 2) == {"a": 8.0, "b": 7.0}
    assert without_query("other", results, 2) == {"q": 9.0, "a": 8.0}
    assert without_query("q", {}, 2) == {}


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_lexical_search_leaves_the_query_out(tmp_path, capsys, depth):
    queries = {name: ARGUMENTS[name] for name in ("a1", "a4")}
    judgements = [("a1", "a2", 1), ("a4", "a1", 1)]
    made = prepared(collection(tmp_path, judgements, texts=ARGUMENTS, queries=queries))
    found = {}
    for leave_out in (False, True):
        search_lexical.main(
            passages=made / "passages.parquet",
            queries=made / "sw.tsv",
            depth=depth,
            output=made / "x.run.gz",
            leave_out_query=leave_out,
        )
        found[leave_out] = {name: list(of) for name, of in iterate_run(made / "x.run.gz")}
    for name in queries:
        assert found[False][name][0] == name
        assert name not in found[True][name]
        assert len(found[True][name]) == min(depth, 3 if name == "a1" else 2)
        # What is left is in the same order.
        assert found[False][name][1:] == found[True][name][: depth - 1]
    scored(made, found[False], ["map"])
    assert "queries that find the passage of their own id first: 2" in capsys.readouterr().err
    values = scored(made, found[True], ["map"])["map"]
    assert values["a1"] == (1.0 if found[True]["a1"][0] == "a2" else 0.5 if depth > 1 else 0.0)
    assert "own id" not in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["exact", "approximate"])
@pytest.mark.parametrize("words", [None, 2])
def test_late_interaction_leaves_the_query_out(tmp_path, kind, words):
    """Also where the query's passage is cut into windows."""
    queries = {name: ARGUMENTS[name] for name in ("a1", "a3")}
    judgements = [("a1", "a2", 1), ("a3", "a1", 1)]
    made = prepared(collection(tmp_path, judgements, texts=ARGUMENTS, queries=queries), words=words)
    vocabulary = sorted({word for text in ARGUMENTS.values() for word in text.split()})

    rng = np.random.default_rng(0)
    known = np.eye(len(vocabulary)) + rng.normal(0, 0.05, (len(vocabulary),) * 2)  # without ties

    def embed(folder, texts):
        rows = [[vocabulary.index(word) for word in text.split()] for text in texts]
        vectors = ((np.array(row), known[row] / np.linalg.norm(known[row])) for row in rows)
        write_token_vectors(folder, vectors, len(vocabulary))

    embed(made / "vectors", pd.read_parquet(made / "passages.parquet")["text"])
    embed(made / "queries", queries.values())
    settings = {"centroids": 4} if kind == "approximate" else {}
    build_index(TokenVectors(made / "vectors"), made / "index", kind=kind, **settings)

    def searched(depth, leave_out):
        search_passages.main(
            **{"index": made / "index", "vectors": made / "vectors"},
            **{"passages": made / "passages.parquet", "queries": made / "sw.tsv"},
            query_vectors=made / "queries",
            settings=Search(depth=depth, probes=4, candidates=10, exact_queries=2),
            output=made / "x.run.gz",
            exact=made / "x.exact.run.gz",
            leave_out_query=leave_out,
        )
        runs = ["x.run.gz"] + ["x.exact.run.gz"] * (kind == "approximate")
        return [{name: list(of) for name, of in iterate_run(made / run)} for run in runs]

    for all_of_them, left in zip(searched(4, False), searched(2, True), strict=True):
        for name in queries:
            assert name in all_of_them[name]
            assert left[name] == [other for other in all_of_them[name] if other != name][:2]


def test_a_collection_of_the_study_has_its_settings_in_the_commands(tmp_path):
    """And another collection has the defaults."""
    judgements = [("a1", "a2", 2)]
    own = collection(tmp_path / "arguments", judgements, texts=ARGUMENTS, queries=ARGUMENTS)
    for language in ("en", "fr"):
        (own / f"queries.{language}.jsonl").write_text((own / "queries.sw.jsonl").read_text())
    settings = read_study(ROOT / "studies/xnli.yaml") | {
        "local": str(tmp_path),
        "languages": {"high": ["fr"], "low": ["sw"]},
        "collections": ["xquad", "xnli-premise", "arguments"],
        "own": {
            "arguments": {
                **{"folder": "arguments", "layout": "beir", "languages": ["fr", "sw"]},
                **{"relevance_level": 2, "leave_out_query": True},
            }
        },
    }
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(settings))
    runs = [
        f"results/xnli/runs/{row}/{name}.scores.parquet"
        for row in ("none/bm25/fr/seed-0", "base/zero_shot/fr/seed-0")
        for name in ("xnli-premise", "arguments")
    ]
    options = ("--dry-run", "--printshellcmds", "--configfile", tmp_path / "study.yaml")
    printed = succeeds(snakemake(ROOT, *runs, *options)).stdout
    commands = [line.strip() for line in printed.splitlines() if "python workflow_scripts/" in line]
    for command in commands:
        program = command.split("/")[1].split(".")[0]
        if program in ("search_passages", "search_lexical"):
            assert ("--leave-out-query" in command) == ("arguments" in command)
        if program == "score_run":
            assert f"--relevance-level {2 if 'arguments' in command else 1} " in command
            assert "--queries results/xnli/data/collections/" in command
    programs = [command.split("/")[1].split(".")[0] for command in commands]
    # Of either collection bm25 and zero_shot, each in fr and in the pivot.
    assert programs.count("search_lexical") == programs.count("search_passages") == 4
    assert programs.count("score_run") == 4
