from pathlib import Path

import pandas as pd
import pytest
from huggingface_hub import ModelCard

from optical.models.export import model_card
from optical.report.cards import TERMS, limits_section, metadata, terms, with_metadata
from optical.report.publishing import (
    bitext_section,
    judged_section,
    publish,
    scores_section,
    study_section,
    translated_section,
)
from optical.report.terminal import show_models
from trees import ROOT

COLUMNS = ["collection", "student", "method", "language", "metric", "n_queries", "value", "floor"]
LANGUAGES = pd.DataFrame(
    [
        ("xnli", "none", "bm25", "sw", "map", 1500, 0.2, 0.2),
        ("xnli", "base", "zero_shot", "sw", "map", 1500, 0.1, 0.2),
        ("xnli", "base", "optical", "sw", "map", 1500, 0.3, 0.2),
        ("ntrex", "base", "zero_shot", "sw", "map", 900, 0.4, 0.25),
        ("ntrex", "base", "optical", "sw", "map", 900, 0.5, 0.25),
        ("xnli", "base", "optical", "fr", "map", 1500, 0.6, 0.2),
        ("xnli", "large", "optical", "sw", "map", 1500, 0.7, 0.2),
        ("xnli", "base", "optical", "sw", "recip_rank", 1500, 0.8, 0.2),
    ],
    columns=COLUMNS,
)


SETTINGS = {
    "study": "mine",
    "metric": "map",
    "seeds": [1],
    "pivot": "en",
    "model": {"query_length": 32, "passage_length": 180},
    "training_set": {"source": "mmarco"},
    "encoders": {"xlmr": {"hub": "FacebookAI/xlm-roberta-base", "revision": "0" * 40}},
    "teachers": {},
    "students": {"base": {"encoder": "xlmr", "teacher": "xlmr", "methods": None}},
    "variants": {"balanced": {"method": "optical"}},
}


def read_by_the_hub(about):
    """The metadata of a card, as the hub's library reads it."""
    card = model_card("queries in sw", "distillation by optical", "xlmr")
    return ModelCard(with_metadata(card, about)).data


def test_the_hub_reads_language_base_model_data_tags_and_results_of_a_card():
    data = read_by_the_hub(metadata(SETTINGS, LANGUAGES, "base", "optical", "sw", ["tico19"]))
    assert (data.language, data.base_model) == (["sw", "en"], "FacebookAI/xlm-roberta-base")
    assert (data.license, data.datasets) == ("other", ["tico19"])
    assert data.library_name == "sentence-transformers"
    assert {"ColBERT", "multi-vector", "late-interaction", "optimal-transport"} <= set(data.tags)
    assert data.model_name == "mine.base.optical.sw"
    results = [
        (one.dataset_type, one.dataset_config, one.metric_type, one.metric_name, one.metric_value)
        for one in data.eval_results
    ]
    assert results == [("xnli", "sw", "map", "MAP", 0.3), ("ntrex", "sw", "map", "MAP", 0.5)]


def test_a_teachers_card_has_the_scores_of_all_languages_and_a_variants_its_method():
    data = read_by_the_hub(metadata(SETTINGS, LANGUAGES, "base", "zero_shot", None, ["mmarco"]))
    assert data.language == ["en"]
    assert [one.metric_value for one in data.eval_results] == [0.1, 0.4]
    assert "knowledge-distillation" not in data.tags
    variant = metadata(SETTINGS, LANGUAGES, "base", "balanced", "zh-Hans", [])
    assert variant["language"] == ["zh", "en"]
    assert "optimal-transport" in variant["tags"]
    assert "model-index" not in variant  # it was not scored


def test_a_card_of_constructed_languages_names_none_and_warns():
    made = SETTINGS | {
        "training_set": {"source": "constructed"},
        "encoders": {"xlmr": {"layers": 2}},
    }
    about = metadata(made, LANGUAGES, "base", "optical", "sw", ["constructed"])
    assert not {"language", "datasets", "base_model"} & about.keys()
    assert "of no use for any natural language" in limits_section(
        made, LANGUAGES, "base", "optical", "sw"
    )


@pytest.mark.parametrize(
    ("method", "language", "first"),
    [
        ("optical", "sw", "- It encodes queries in sw only, and no passages."),
        ("zero_shot", None, "- It was tested on xnli, ntrex alone. Other domains may give other"),
    ],
)
def test_a_card_says_the_limits_of_its_model(method, language, first):
    section = limits_section(SETTINGS, LANGUAGES, "base", method, language)
    assert section.splitlines()[2].startswith(first)
    assert "Queries are cut at 32 tokens, passages at 180." in section
    assert "over 1 training seed: another training may give others." in section
    several = limits_section(SETTINGS | {"seeds": [1, 2]}, LANGUAGES, "base", method, language)
    assert "over 2 training seeds.\n" in several


def test_metadata_of_a_card_is_kept_and_a_card_without_any_stays_as_it_is():
    card = "---\ntags: [a, b]\nlibrary_name: x\n---\n# Model\n---\nnot metadata\n---\n"
    assert with_metadata(card, {"tags": ["b", "c"], "language": ["no"]}) == (
        "---\ntags:\n- a\n- b\n- c\nlibrary_name: x\nlanguage:\n- 'no'\n---\n"
        "# Model\n---\nnot metadata\n---\n"
    )
    assert with_metadata("# Model\n", {}) == "# Model\n"


def test_the_terms_of_a_model_are_those_of_all_it_was_made_from():
    about = metadata(SETTINGS, LANGUAGES, "base", "optical", "sw", ["tico19"])
    text = terms(about["base_model"], "xlmr", {"tico19": "CC0-1.0 https://tico-19.github.io"})
    assert about["license_link"] == TERMS == "LICENSE.md"
    assert text.splitlines()[4:] == [
        "- The base model [FacebookAI/xlm-roberta-base]"
        "(https://huggingface.co/FacebookAI/xlm-roberta-base).",
        "- The model `xlmr` of the same study.",
        "- The data set tico19: CC0-1.0 https://tico-19.github.io.",
    ]
    assert terms(None, None, {}).endswith("hold:\n\n")


def test_a_run_for_models_ends_by_saying_where_they_are_and_what_is_next(tmp_path, capsys):
    for name in ("base", "base.optical.sw.seed-1", ".unfinished"):
        (tmp_path / name).mkdir()
    show_models("mine", tmp_path)
    where, score, prepare = capsys.readouterr().out.splitlines()
    assert where.startswith(f"Models: 2 in {tmp_path}/, ")
    assert Path(ROOT, score.rpartition(" ")[2]).exists()
    assert prepare.endswith("make publish STUDY=mine")


def cells(section):
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def test_the_scores_are_those_of_the_student_its_method_and_its_language():
    assert cells(scores_section(LANGUAGES, "base", "optical", "sw")) == [
        ["xnli", "sw", "1,500", "0.300", "0.100", "0.200"],
        ["ntrex", "sw", "900", "0.500", "0.400", "0.250"],
    ]


def test_a_teacher_has_its_scores_in_all_languages():
    assert cells(scores_section(LANGUAGES, "base", "zero_shot")) == [
        ["xnli", "sw", "1,500", "0.100", "0.200"],
        ["ntrex", "sw", "900", "0.400", "0.250"],
    ]


def test_each_source_of_bitext_has_its_licence_and_its_pairs():
    cleaning = pd.DataFrame(
        [("tico19", "read", 3071), ("tico19", "kept", 2901)], columns=["origin", "rule", "pairs"]
    )
    section = bitext_section(cleaning, {"tico19": "CC0-1.0", "lafand": "CC-BY-NC-4.0"})
    assert cells(section) == [["tico19", "CC0-1.0", "2,901"], ["lafand", "CC-BY-NC-4.0", "–"]]


def test_a_published_model_is_the_model_with_more_in_its_card(tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    (model / "README.md").write_text("# A model\n")
    (model / "model.safetensors").write_bytes(b"1" * 1000)
    (model / ".snakemake_timestamp").touch()
    (tmp_path / "settings").write_text("study: mine\n")
    section = study_section("mine", "student `base`, method optical")
    (tmp_path / "map_by_language.png").write_bytes(b"png")
    publish(
        model,
        tmp_path / "out",
        section,
        settings=tmp_path / "settings",
        about={"license": "other"},
        terms="# Terms\n",
        picture=tmp_path / "map_by_language.png",
    )
    assert (tmp_path / "out" / TERMS).read_text() == "# Terms\n"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "LICENSE.md",
        "README.md",
        "model.safetensors",
        "scores.png",
        "study.yaml",
    }
    assert (tmp_path / "out/model.safetensors").stat().st_ino == (
        model / "model.safetensors"
    ).stat().st_ino
    assert (tmp_path / "out/README.md").read_text() == (
        f"---\nlicense: other\n---\n# A model\n\n{section}"
    )
    assert (model / "README.md").read_text() == "# A model\n"


def test_where_files_cannot_be_linked_they_are_copied(tmp_path, monkeypatch):
    def refuse(source, target):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("os.link", refuse)
    model = tmp_path / "model"
    model.mkdir()
    (model / "README.md").write_text("card")
    (model / "model.safetensors").write_bytes(b"1")
    (tmp_path / "settings").touch()
    publish(model, tmp_path / "out", settings=tmp_path / "settings")
    assert (tmp_path / "out/model.safetensors").read_bytes() == b"1"


def test_translated_queries_are_shown_with_their_translator_and_what_they_come_from():
    licences = {"mmarco": "non-commercial", "opus100": "unknown"}
    section = translated_section("translated here by facebook/m2m100_418M", licences)
    assert "queries of the training set, translated here by facebook/m2m100_418M." in section
    assert cells(section) == [["mmarco", "non-commercial"], ["opus100", "unknown"]]


def test_judged_pairs_are_shown_with_the_licence_of_their_source():
    section = judged_section(
        {"pairs": 9000, "left out: pairs whose query has no text": 2},
        {"clirmatrix": "CC-BY-4.0 https://github.com/ssun32/CLIRMatrix"},
    )
    assert section.startswith("## Judged pairs\n")
    assert "| clirmatrix | CC-BY-4.0 https://github.com/ssun32/CLIRMatrix | 9,000 |" in section
