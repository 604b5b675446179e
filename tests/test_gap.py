import itertools
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from optical.gap import GAP_COLUMNS, LANGUAGE_COLUMNS, gap_table, language_table, read_table
from optical.tables import gap_markdown, shown_gap_table, to_latex, to_markdown

PROGRAM = Path(__file__).parents[1] / "workflow_scripts" / "compare_gap.py"
GROUPS = {"high": ["fr", "es"], "low": ["sw"]}
# Mean of each language over two queries, m - .1 and m + .1.
ZERO_SHOT = {"en": 0.8, "fr": 0.6, "es": 0.4, "sw": 0.2}
OPTICAL = {"fr": 0.7, "es": 0.5, "sw": 0.45}
BM25 = {"en": 0.5, "fr": 0.2, "es": 0.1, "sw": 0.15}


def scores_of(means, student, method, collection="c", seed=0, metric="map"):
    return pd.DataFrame(
        [
            ("s", student, student, method, language, collection, seed, query, metric, value)
            + (float("nan"), float("nan"))
            for language, mean in means.items()
            for query, value in (("q1", mean - 0.1), ("q2", mean + 0.1))
        ],
        columns=[
            *("study", "student", "teacher", "method", "language"),
            *("collection", "seed", "query_id", "metric", "value", "exact_value", "exact_recall"),
        ],
    )


def study(*extra, collection="c"):
    return pd.concat(
        [
            scores_of(BM25, "none", "bm25", collection),
            scores_of(ZERO_SHOT, "small", "zero_shot", collection),
            scores_of(OPTICAL, "small", "optical", collection),
            *extra,
        ],
        ignore_index=True,
    )


def tables(scores, groups=GROUPS, students=("small",)):
    languages = language_table(scores, groups, "en", students)
    return languages, gap_table(languages, "en")


def row(table, **labels):
    for name, label in labels.items():
        table = table[table[name] == label]
    assert len(table) == 1
    return table.iloc[0]


def test_gaps_by_hand():
    _, gap = tables(study())
    zero_shot = row(gap, method="zero_shot")
    # High (.6 + .4) / 2 = .5, low .2: absolute .3, relative 1 - .2 / .5 = .6.
    assert zero_shot["high"] == pytest.approx(0.5)
    assert zero_shot["low"] == pytest.approx(0.2)
    assert zero_shot["absolute_gap"] == pytest.approx(0.3)
    assert zero_shot["relative_gap"] == pytest.approx(0.6)
    assert zero_shot["gap_closed"] == pytest.approx(0.0)
    # High .6, low .45: relative .25, of .6 there are .25 / .6 left.
    optical = row(gap, method="optical")
    assert optical["absolute_gap"] == pytest.approx(0.15)
    assert optical["relative_gap"] == pytest.approx(0.25)
    assert optical["gap_closed"] == pytest.approx(1 - 0.25 / 0.6)


def test_the_tables_have_the_agreed_columns():
    languages, gap = tables(study())
    assert list(languages.columns) == list(LANGUAGE_COLUMNS)
    assert list(gap.columns) == list(GAP_COLUMNS)


def test_the_pivot_is_the_teachers_own_value_also_for_a_trained_method():
    _, gap = tables(study())
    assert row(gap, method="zero_shot")["pivot"] == pytest.approx(0.8)
    assert row(gap, method="optical")["pivot"] == pytest.approx(0.8)
    assert row(gap, method="bm25")["pivot"] == pytest.approx(0.5)


def test_the_index_is_held_against_exact_search_over_the_queries_that_both_have():
    scores = study()
    languages, _ = tables(scores)
    assert set(languages["n_exact"]) == {0}
    assert languages[["index_value", "exact_value", "exact_recall"]].isna().all(axis=None)
    of_sw = (scores["method"] == "optical") & (scores["language"] == "sw")
    first = of_sw & (scores["query_id"] == "q1")
    scores.loc[first, ["exact_value", "exact_recall"]] = [0.5, 0.9]
    languages, _ = tables(scores)
    line = row(languages, method="optical", language="sw")
    assert line["n_exact"] == 1
    # Of two queries with .35 and .55 the first was measured.
    found = line[["value", "index_value", "exact_value", "exact_recall"]].tolist()
    assert found == pytest.approx([0.45, 0.35, 0.5, 0.9])
    assert languages["n_exact"].sum() == 1


def test_bm25_is_the_floor_of_every_row_and_has_rows_of_its_own():
    languages, gap = tables(study())
    assert row(languages, method="optical", language="sw")["floor"] == pytest.approx(0.15)
    assert row(languages, method="bm25", language="sw")["value"] == pytest.approx(0.15)
    for _, line in gap.iterrows():
        assert line["floor_pivot"] == pytest.approx(0.5)
        assert line["floor_high"] == pytest.approx(0.15)
        assert line["floor_low"] == pytest.approx(0.15)
    assert pd.isna(row(gap, method="bm25")["gap_closed"])


def test_without_bm25_there_is_no_floor():
    scores = study()
    languages, gap = tables(scores[scores["method"] != "bm25"])
    assert languages["floor"].isna().all()
    assert gap["floor_low"].isna().all()


def test_a_language_is_the_mean_of_its_seeds_means():
    other = {language: mean + 0.2 for language, mean in OPTICAL.items()}
    languages, _ = tables(study(scores_of(other, "small", "optical", seed=1)))
    line = row(languages, method="optical", language="sw")
    assert line["value"] == pytest.approx((0.45 + 0.65) / 2)
    assert line["n_queries"] == 2


def test_the_mid_group_enters_neither_mean():
    groups = {"high": ["fr"], "mid": ["es"], "low": ["sw"]}
    languages, gap = tables(study(), groups)
    assert row(gap, method="zero_shot")["high"] == pytest.approx(0.6)
    assert row(gap, method="zero_shot")["low"] == pytest.approx(0.2)
    assert row(languages, method="zero_shot", language="es")["group"] == "mid"


def test_a_collection_without_a_low_language_has_no_gap_but_its_means():
    scores = study(study(collection="d").query("language != 'sw'"))
    _, gap = tables(scores)
    line = row(gap, collection="d", method="optical")
    assert line["high"] == pytest.approx(0.6)
    assert line[["low", "absolute_gap", "relative_gap", "gap_closed"]].isna().all()
    assert "–" in to_markdown(shown_gap_table(gap, "en"))
    assert "nan" not in gap_markdown(gap, "en").lower()
    assert row(gap, collection="c", method="optical")["low"] == pytest.approx(0.45)


def test_no_share_is_closed_where_zero_shot_has_no_gap():
    scores = pd.concat(
        [
            scores_of({"fr": 0.3, "es": 0.3, "sw": 0.4}, "small", "zero_shot"),
            scores_of({"fr": 0.6, "es": 0.6, "sw": 0.5}, "small", "optical"),
        ]
    )
    _, gap = tables(scores)
    assert row(gap, method="zero_shot")["relative_gap"] < 0
    assert pd.isna(row(gap, method="optical")["gap_closed"])


def test_a_high_group_at_zero_has_no_relative_gap():
    zeros = study().assign(value=0.0)
    _, gap = tables(zeros)
    assert gap["relative_gap"].isna().all()


def test_rows_stand_in_the_order_of_the_study():
    scores = study(
        scores_of(ZERO_SHOT, "large", "zero_shot"), scores_of(OPTICAL, "large", "optical")
    )
    shuffled = scores.sample(frac=1, random_state=0)
    languages, gap = tables(shuffled, students=("small", "large"))
    assert list(zip(gap["student"], gap["method"], strict=True)) == [
        ("none", "bm25"),
        *itertools.product(("small", "large"), ("zero_shot", "optical")),
    ]
    of_method = languages.query("student == 'large' and method == 'zero_shot'")
    assert of_method["language"].tolist() == ["en", "fr", "es", "sw"]


def test_another_metric_has_its_own_rows():
    scores = study()
    both = pd.concat([scores, scores.assign(metric="recip_rank", value=scores["value"] / 2)])
    _, gap = tables(both)
    assert row(gap, method="optical", metric="recip_rank")["low"] == pytest.approx(0.225)
    assert "Metric" in shown_gap_table(gap, "en").headings


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.query("not (method == 'optical' and language == 'sw')"), "language sw"),
        (
            lambda s: s.query("not (method == 'optical' and query_id == 'q2')"),
            "query q2 is in only one of",
        ),
        (lambda s: pd.concat([s, s.head(1)]), "query q1 is scored twice"),
        (lambda s: s.assign(language=s["language"].replace("sw", "so")), "in no group: .*so"),
        (lambda s: s.assign(student=s["student"].replace("small", "tiny")), "tiny.*small"),
        (
            lambda s: pd.concat([s, scores_of({"sw": 0.4}, "small", "optical", seed=1)]),
            "seed 1 is in only one of",
        ),
    ],
)
def test_what_cannot_be_compared_is_an_error(change, message):
    with pytest.raises(ValueError, match=message):
        tables(change(study()))


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({"high": ["fr", "es"], "low": ["sw", "es"]}, "language es is in group low and already"),
        ({"high": ["fr", "en", "es"], "low": ["sw"]}, "language en is in group high and already"),
        ({"high": ["fr", "es"], "lowest": ["sw"]}, "'lowest'"),
    ],
)
def test_a_language_has_one_group(groups, message):
    with pytest.raises(ValueError, match=message):
        tables(study(), groups)


def test_latex_escapes_names_and_minus_signs():
    _, gap = tables(study())
    latex = to_latex(shown_gap_table(gap, "en"))
    assert r"zero\_shot" in latex
    assert r"60.0\%" in latex
    assert "–" not in latex


def run_compare_gap(tmp_path, scores, *arguments):
    paths = []
    for number, (_, part) in enumerate(scores.groupby(["method", "language"])):
        paths.append(tmp_path / f"{number}.parquet")
        part.to_parquet(paths[-1], index=False)
    (tmp_path / "arguments").write_text("\n".join(["--scores", *map(str, paths)]))
    command = [sys.executable, PROGRAM, f"@{tmp_path / 'arguments'}", "--pivot", "en"]
    command += ["--students", "small", "--output-folder", tmp_path / "gap", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_compare_gap_writes_the_tables(tmp_path):
    done = run_compare_gap(tmp_path, study(), "--groups", "high=fr,es", "low=sw")
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "gap").iterdir()}
    assert names == {
        "language_table.csv",
        *(f"gap_table.{s}" for s in ("csv", "md", "tex", "html")),
    }
    gap = read_table(tmp_path / "gap" / "gap_table.csv", GAP_COLUMNS)
    assert row(gap, method="optical")["relative_gap"] == pytest.approx(0.25)
    assert row(gap, method="bm25")["student"] == "none"
    for name in ("gap_table.md", "gap_table.html", "gap_table.tex"):
        assert "58.3" in (tmp_path / "gap" / name).read_text()


def test_compare_gap_says_a_users_mistake_in_one_line(tmp_path):
    done = run_compare_gap(tmp_path, study(), "--groups", "high=fr", "low=sw")
    assert done.returncode == 1
    assert done.stderr == "compare_gap: in no group: language es\n"


def test_a_language_called_nan_is_read_back(tmp_path):
    languages, _ = tables(study().replace({"language": {"sw": "nan"}}), {**GROUPS, "low": ["nan"]})
    languages.to_csv(tmp_path / "t.csv", index=False)
    assert "nan" in set(read_table(tmp_path / "t.csv", LANGUAGE_COLUMNS)["language"])
