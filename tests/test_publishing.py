import pandas as pd

from optical.report.publishing import (
    bitext_section,
    judged_section,
    publish,
    scores_section,
    study_section,
)

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
    publish(model, tmp_path / "out", section, settings=tmp_path / "settings")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "README.md",
        "model.safetensors",
        "study.yaml",
    }
    assert (tmp_path / "out/model.safetensors").stat().st_ino == (
        model / "model.safetensors"
    ).stat().st_ino
    assert (tmp_path / "out/README.md").read_text() == f"# A model\n\n{section}"
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


def test_judged_pairs_are_shown_with_the_licence_of_their_source():
    section = judged_section(
        {"pairs": 9000, "left out: pairs whose query has no text": 2},
        {"clirmatrix": "CC-BY-4.0 https://github.com/ssun32/CLIRMatrix"},
    )
    assert section.startswith("## Judged pairs\n")
    assert "| clirmatrix | CC-BY-4.0 https://github.com/ssun32/CLIRMatrix | 9,000 |" in section
