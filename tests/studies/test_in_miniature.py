"""The studies of the hub run here, rehearsed and prefetched, from the first file to the report.

The data is made here, in the true layout of each source, and lies in a mirror folder, or where
ir_datasets keeps its files. As it is not the upstream data, the checksums are taken out of the
copy's resources/datasets.yaml. Each study has a translator of another kind.
"""

import gzip
import json
import shutil
import subprocess
import sys
import zipfile

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from judged_files import publish
from optical.corpora.lines import read_queries
from optical.runtime.downloads import mirrored
from optical.study.files import is_exported, judged_sources, needed_files
from optical.study.loading import load_study
from trees import copy_tree, snakemake, succeeds

# What a study has in place of its own: a translator of another kind, and the user's WikiCLIR.
CHANGES = {
    "xnli": {},
    "belebele": {"translation": {"hub": "facebook/nllb-200-distilled-600M"}},
    "optical": {
        "translation": {"hub": "google/madlad400-3b-mt"},
        "judged_pairs": {"sources": ["wikiclir", "clirmatrix"]},
    },
}
TRANSLATORS = {"xnli": "M2M100", "belebele": "M2M100", "optical": "T5"}
"""What the classes of the models begin with."""

TOKENIZERS = {"xnli": "M2M100", "belebele": "Nllb", "optical": "T5"}
ORIGINS = {
    "xnli": "judged in clirmatrix: ru, ur",
    "belebele": "judged in clirmatrix: ru, ur",
    "optical": "judged in wikiclir: de; pairs of the bitext: so",
}
"""Of the pairs that wikiclir is trained on, in the words of the report."""

LETTERS = {
    "en": "abdegiklmnoprstu",
    "de": "abdefghiklnorstuw",
    "so": "abcdeghiklmnoqrsux",
    "ru": "абвгдежзиклмнопрст",
    "ur": "ابتجدرسشعفقکلمنوہی",
}
PAIRS = 160
"""Sentences of a bitext; those of the tests are others."""
TITLES, FIRST_TITLE = 60, 3000
"""Judged queries, and the number of their first sentence."""


def sentence(language, number):
    """Five words that are the same, in their order, in the sentence of another language."""
    # Of the languages of a pool only the texts are read, in whatever letters.
    letters = LETTERS.get(language, LETTERS["en"])
    words = [] if language in LETTERS else [language]
    for place in range(5):
        word = (number * 7 + place * 31 + number // 16 * place) % 97
        spread = (word * step % len(letters) for step in (1, 3, 5, 11))
        words.append("".join(letters[at] for at in spread) + letters[place])
    return " ".join(words)


def write_parquet(path, columns):
    pq.write_table(pa.table(columns), path)


def opus100(path, language):
    rows = [{"en": sentence("en", n), language: sentence(language, n)} for n in range(PAIRS)]
    write_parquet(path, {"translation": rows})


def ccmatrix(path, language):
    sides = {"english": "en", "non_english": language}
    write_parquet(
        path, {name: [sentence(of, n) for n in range(PAIRS)] for name, of in sides.items()}
    )


def tico19(path, language):
    units = "".join(
        f'<tu tuid="{n}"><tuv xml:lang="en"><seg>{sentence("en", n)}</seg></tuv>'
        f'<tuv xml:lang="{language}"><seg>{sentence(language, n)}</seg></tuv></tu>'
        for n in range(3071)
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("all.tmx", f'<tmx version="1.4"><header/><body>{units}</body></tmx>')


def tatoeba(path, language):
    side = "en" if path.suffix == ".eng" else language
    path.write_text("".join(f"{sentence(side, n)}\n" for n in range(PAIRS)))


def mmarco(path, language):
    queries = range(60)
    if path.name == "negatives.jsonl.gz" or "hard-negatives" in path.name:
        with gzip.open(path, "wt") as file:
            for query in queries:
                found = {"bm25": [(query + 1) % 60, (query + 2) % 60]}
                file.write(json.dumps({"qid": query, "pos": [query], "neg": found}) + "\n")
    elif "collection" in path.name:
        path.write_text(
            "".join(f"{n}\t{sentence('en', 9000 + n)} {sentence('en', n)}\n" for n in queries)
        )
    elif "qrels" in path.name:
        path.write_text("".join(f"{n}\t0\t{n}\t1\n" for n in queries))
    else:
        path.write_text("".join(f"{n}\t{sentence(language, 9000 + n)}\n" for n in queries))


def monot5(path, language):
    """Six passages a query; a fourth of them has one called relevant, one lacks the relevant."""
    with gzip.open(path, "wt") as file:
        for query in range(60):
            others = [[(query + n) % 60, -4.0 - n] for n in range(1, 6)]
            if query % 4 == 0:
                others[0][1] = -0.01
            own = [[query, -0.02]] if query != 7 else []
            file.write(json.dumps([query, *others, *own]) + "\n")


def xnli(path, language):
    rows = range(36)
    label = ["neutral", "entailment", "contradiction"]
    texts = {n: (sentence(language, 5000 + n // 3), sentence(language, 6000 + n)) for n in rows}
    if language == "my":
        lines = ["genre\tlabel\te1\te2\tpremise\thypothesis"]
        lines += ["\t".join(["g", label[n % 3], "e", "e", *texts[n]]) for n in rows]
    elif "genre" in path.name:  # the labels, from the Swahili file of myXNLI
        lines = ["genre\tlabel\tsentence1_sw\tsentence2_sw"]
        lines += [f"g\t{label[n % 3]}\tp\th" for n in rows]
    elif path.name.startswith("dev"):
        lines = ["\t".join([*texts[n], label[n % 3]]) for n in rows]
    else:
        lines = ["\t".join(texts[n]) for n in rows]
    path.write_text("\n".join(lines) + "\n")


def xquad(path, language):
    paragraphs = [
        {
            "context": sentence(language, 7000 + n),
            "qas": [{"id": f"q{n}", "question": sentence(language, 7500 + n)}],
        }
        for n in range(12)
    ]
    path.write_text(json.dumps({"data": [{"title": "x", "paragraphs": paragraphs}]}))


def belebele(path, language):
    rows = [
        {
            "link": f"https://example.org/{n // 2}",
            "question_number": 1 + n % 2,
            "flores_passage": sentence(language, 8000 + n // 2),
            "question": sentence(language, 8500 + n),
        }
        for n in range(24)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def clef(path, language):
    if path.name == "documents":
        path.mkdir()
        documents = (
            f"<DOC><DOCNO>GH{n}</DOCNO><TEXT>{' '.join(sentence('en', 40 * n) for _ in range(40))}"
            f"{sentence('en', 7000 + n)}</TEXT></DOC>\n"
            for n in range(12)
        )
        (path / "gh95").write_text("".join(documents))
    elif path.name == "qrels.txt":  # in two years, as the campaign has them
        for name, topics in {"2000rels/biling_qrels": range(6), "qrels_EN": range(6, 12)}.items():
            (path.parent / name).parent.mkdir(exist_ok=True)
            (path.parent / name).write_text("".join(f"{n} 0 GH{n} 1\n" for n in topics))
    elif language == "so":
        topics = (
            f"query_id: C{n:03}\ntitle: {sentence(language, 7000 + n)}\ndescription: Raadi.\n\n"
            for n in range(12)
        )
        path.with_name("clef-en-2000-2003_SOMALI.txt").write_text("".join(topics))
    else:
        topics = (
            f"<top><num>C{n:03}</num>\n<{language}-title>{sentence(language, 7000 + n)}\n"
            f"<{language}-desc>Brücke</{language}-desc></top>\n"
            for n in range(12)
        )
        text = "".join(topics).encode("iso-8859-1")
        path.with_name(f"Top-{language}03.txt").write_bytes(text)


def wikiclir(path, language):
    """As the University of Heidelberg has it: tab-separated, without a heading."""
    numbers = range(TITLES)
    rows: dict[str, list[tuple]] = {
        "queries": [(n, sentence(language, FIRST_TITLE + n)) for n in numbers],
        "docs": [(n, sentence("en", FIRST_TITLE + n)) for n in numbers],
        "qrels": [(n, n, 3) for n in numbers] + [(n, (n + 1) % TITLES, 2) for n in numbers],
    }
    lines = ("\t".join(map(str, row)) for row in rows[path.suffix.removeprefix(".")])
    path.write_text("".join(f"{line}\n" for line in lines))


def clirmatrix(language):
    """Rows as the Johns Hopkins University has them; of the last title no document is there."""
    found = [
        [[f"{n}", 6], [f"{(n + 1) % TITLES}", 3], [f"{(n + 2) % TITLES}", 0]] for n in range(TITLES)
    ]
    return [
        {"src_id": f"{n}", "src_query": sentence(language, FIRST_TITLE + n), "tgt_results": results}
        for n, results in enumerate([*found, [["absent", 6]]])
    ]


WRITERS = {
    function.__name__: function
    for function in (
        *(opus100, ccmatrix, tico19, tatoeba, mmarco, monot5, xnli, xquad, belebele, clef),
        wikiclir,
    )
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_study_runs_in_miniature_to_its_report(tmp_path, monkeypatch, name):
    tree = copy_tree(tmp_path / "tree")
    mirror, local, home = (tmp_path / folder for folder in ("mirror", "local", "ir_datasets"))
    monkeypatch.setenv("IR_DATASETS_HOME", str(home))
    datasets = yaml.safe_load((tree / "resources/datasets.yaml").read_text())
    for entry in datasets.values():
        for file in entry["files"].values():
            for key in ("sha256", "md5", "bytes", "rows"):
                file.pop(key, None)
    (tree / "resources/datasets.yaml").write_text(yaml.safe_dump(datasets, sort_keys=False))
    settings = yaml.safe_load((tree / f"studies/{name}.yaml").read_text()) | CHANGES[name]
    if name != "optical":  # all three have the same square of variants
        settings["variants"] = {"greedy-ranking": settings["variants"]["greedy-ranking"]}
    for file, scale in {f"{name}.yaml": {}, "rehearsed.yaml": {"scale": "tiny"}}.items():
        text = yaml.safe_dump(settings | scale, sort_keys=False)
        (tree / "studies" / file).write_text(text)
    machine = {"mirror": [str(mirror)], "local": str(local), "scale": "tiny"}
    study = load_study(settings | machine, datasets)
    for source, files in needed_files(study).items():
        for file in files if not is_exported(source, study) else ():
            about = study.datasets[source]["files"][file.rpartition("/")[2]]
            path = (
                mirrored(about["url"], mirror)
                if "url" in about
                else local / datasets[source]["folder"] / file.rpartition("/")[2]
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            WRITERS[source](path, about.get("language", "en"))

    # Now the user's files are there, under names of their own.
    study = load_study(settings | machine, datasets)
    judged = judged_sources(study)
    publish(
        home,
        {lang: clirmatrix(lang) for lang, source in judged.items() if source == "clirmatrix"},
        "".join(f"{n}\t{sentence('en', FIRST_TITLE + n)}\n" for n in range(TITLES)),
    )
    # By its program: ir_datasets asks once in a process where it keeps its files.
    rehearsal = ("--study", "studies/rehearsed.yaml", "--mirrors", mirror, "--local", local)
    rehearsed = succeeds(
        subprocess.run(
            [sys.executable, "workflow_scripts/rehearse_study.py", *rehearsal],
            cwd=tree,
            capture_output=True,
            text=True,
        )
    ).stdout
    assert ("ir_datasets has it and downloads it" in rehearsed) == ("clirmatrix" in judged.values())
    assert "translator" not in rehearsed  # it is made here
    run = ("--cores", 2, "--configfile", f"studies/{name}.yaml", "--show-failed-logs")
    config = ("--config", "scale=tiny", f"local={local}")
    succeeds(snakemake(tree, "prefetch", *run, *config, f"mirror={mirror}"))
    # From here on nothing can be fetched: the study is to have all that it needs.
    shutil.rmtree(mirror)
    shutil.rmtree(home)
    succeeds(snakemake(tree, "--dry-run", *run, *config))
    succeeds(snakemake(tree, *run, *config))
    results = tree / f"results/{name}-tiny"
    assert (results / "report.html").stat().st_size > 10_000
    gap = pd.read_csv(results / "gap/gap_table.csv")
    assert set(gap["method"]) == set(study.methods)
    assert set(gap["collection"]) == set(study["collections"])
    counts = dict(pd.read_csv(results / "data/training_set.csv").to_numpy())
    assert counts["left out: hard negatives that the scores call relevant"] == 15
    assert counts["left out: queries whose relevant passages have no score"] == 1
    assert counts["scores"] == counts["judgements"] + counts["negatives"]
    report = (results / "report.html").read_text()
    assert "15 left out: hard negatives that the scores call relevant" in report
    if name == "xnli":
        origin = "published with mmarco: ru; translated here: ur"
        assert f"Training queries of translate_train, {origin}." in report
    assert f"Training pairs of wikiclir, {ORIGINS[name]}." in report
    for language, source in judged.items():
        counts = pd.read_csv(results / f"data/pairs/wikiclir/{language}.csv")
        absent = {"left out: pairs whose document has no text": 1} if source != "wikiclir" else {}
        assert dict(counts.to_numpy()) == {"pairs": TITLES} | absent
    # The translator was loaded as one of the hub, from files like the hub's.
    translator = results / "translators/random"
    (model,) = json.loads((translator / "config.json").read_text())["architectures"]
    assert model == f"{TRANSLATORS[name]}ForConditionalGeneration"
    tokenizer = json.loads((translator / "tokenizer_config.json").read_text())
    assert tokenizer["tokenizer_class"] == f"{TOKENIZERS[name]}Tokenizer"
    for collection in study["collections"]:
        for language in study.tested_languages(collection):
            folder = results / "data/collections" / collection
            asked, translated = (
                read_queries(folder / kind / f"{language}.tsv")
                for kind in ("queries", "translated")
            )
            assert translated.keys() == asked.keys()
            # What a translator has no words for stays as it is.
            assert len([text for query, text in translated.items() if text != asked[query]]) > 5
    # Everything came from the mirror, and its checksums are known from now on.
    assert (tree / "downloads/lock.tsv").exists()
