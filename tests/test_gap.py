import itertools
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from optical.evaluation.gap import COLUMNS, LANGUAGE_COLUMNS, compare, read_table
from optical.evaluation.resampling import holm
from optical.report.shown_table import to_latex, to_markdown
from optical.report.tables import gap_markdown, shown_gap_table, shown_language_rows
from optical.runtime.errors import InputError

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
            + (float("nan"), float("nan"), False)
            for language, mean in means.items()
            for query, value in (("q1", mean - 0.1), ("q2", mean + 0.1))
        ],
        columns=[
            *("study", "student", "teacher", "method", "language"),
            *("collection", "seed", "query_id", "metric", "value", "exact_value", "exact_recall"),
            "doubtful",
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
    return compare(scores, groups, "en", students, resamples=200)[:2]


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
    found = compare(study(), GROUPS, "en", ["small"], resamples=200)
    for table, columns in zip(found, COLUMNS, strict=True):
        assert list(table.columns) == list(columns)


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


def test_a_language_is_measured_without_its_doubtful_queries_too():
    scores = study()
    languages, _ = tables(scores)
    assert set(languages["n_doubtful"]) == {0}
    assert languages["clear_value"].tolist() == languages["value"].tolist()
    scores.loc[(scores["language"] == "sw") & (scores["query_id"] == "q1"), "doubtful"] = True
    languages, gap = tables(scores)
    line = row(languages, method="optical", language="sw")
    # Of two queries with .35 and .55 the first is doubtful.
    found = line[["n_queries", "n_doubtful", "value", "clear_value"]].tolist()
    assert found == pytest.approx([2, 1, 0.45, 0.55])
    assert set(languages.loc[languages["language"] != "sw", "n_doubtful"]) == {0}
    pd.testing.assert_frame_equal(gap, tables(study())[1])


def test_the_languages_of_mid_are_in_one_of_the_two_relative_gaps():
    _, gap = tables(study())
    assert gap["relative_gap_with_mid"].isna().all()
    _, gap = tables(study(), {"high": ["fr"], "mid": ["es"], "low": ["sw"]})
    line = row(gap, method="optical")
    assert line["relative_gap"] == pytest.approx(1 - 0.45 / 0.7)
    assert line["relative_gap_with_mid"] == pytest.approx(1 - 0.45 / 0.6)
    assert line["relative_gap_with_mid_from"] <= line["relative_gap_with_mid_to"]


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


def test_a_collection_with_queries_in_one_language_has_its_values_alone():
    own = [("none", "bm25", 0.2), ("small", "zero_shot", 0.3), ("small", "optical", 0.4)]
    one = [scores_of({"sw": value}, student, method, "one") for student, method, value in own]
    languages, gap = tables(study(*one))
    found = row(languages, collection="one", method="optical")
    assert (found["value"], found["floor"]) == (pytest.approx(0.4), pytest.approx(0.2))
    assert np.isnan(found["retention"])
    found = row(gap, collection="one", method="optical")
    assert found["low"] == pytest.approx(0.4)
    assert found[["pivot", "high", "relative_gap", "gap_closed"]].isna().all()
    line = next(line for line in gap_markdown(gap, "en").splitlines() if "| one " in line)
    assert line.replace(" ", "") == "|one|–|bm25|–|–|0.20|–|–|–|–|"


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


def of_queries(means, spread=0.0, queries=100, seed=0):
    """Scores of zero_shot and optical, means by method and language, around them by chance."""
    rng = np.random.default_rng(seed)
    parts = []
    for method, of_language in means.items():
        for language, mean in of_language.items():
            part = scores_of({language: mean}, "small", method).head(1)
            part = pd.concat([part] * queries, ignore_index=True)
            values = mean + spread * rng.normal(size=queries)
            names = [f"q{number:03}" for number in range(queries)]
            parts.append(part.assign(value=values, query_id=names))
    return pd.concat(parts, ignore_index=True)


def test_a_share_of_a_gap_near_0_is_not_defined_and_the_difference_stands_instead():
    after = {"fr": 0.6, "es": 0.6, "sw": 0.3}
    zero_shot = {"fr": 0.5, "es": 0.5, "sw": 0.49}
    _, gap = tables(of_queries({"zero_shot": zero_shot, "optical": after}, spread=0.2))
    before, line = row(gap, method="zero_shot"), row(gap, method="optical")
    # The gap of zero_shot is positive, and its interval includes 0: a share of it would be -1,000 %
    # or any other.
    assert before["relative_gap_from"] < 0 < before["relative_gap"] < before["relative_gap_to"]
    assert gap[["gap_closed", "gap_closed_from", "gap_closed_to"]].isna().all(axis=None)
    difference = line["relative_gap"] - before["relative_gap"]
    assert line["gap_difference"] == pytest.approx(difference)
    assert line["gap_difference_from"] < difference < line["gap_difference_to"]
    shown = shown_gap_table(gap, "en")
    closed, points = (shown.headings.index(name) for name in ("Gap closed", "Difference"))
    cells = next(cells for cells in shown.rows if "optical" in cells)
    assert cells[closed] == "–"
    assert cells[points].startswith(f"+{100 * difference:.0f} [")  # what the interval supports


def test_a_relative_gap_to_a_high_group_near_0_is_not_defined():
    scores = of_queries(
        {
            "zero_shot": {"fr": 0.5, "es": 0.5, "sw": 0.3},
            "optical": {"fr": 0.02, "es": 0.0, "sw": 0.3},
        },
        spread=0.2,
    )
    _, gap = tables(scores)
    line = row(gap, method="optical")
    assert line["high"] > 0
    assert line[["relative_gap", "relative_gap_from", "gap_closed", "gap_difference"]].isna().all()
    assert line[["absolute_gap", "absolute_gap_from"]].notna().all()
    assert row(gap, method="zero_shot")["relative_gap"] == pytest.approx(0.4, abs=0.1)


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


# --- what a change of the scores must change, and nothing else -----------------------------------


def drawn_scores(seed=0, queries=60):
    """Scores of two sizes, as they might be, in the order of a study."""
    rng = np.random.default_rng(seed)
    ease = rng.normal(size=queries)
    parts = []
    for student, shift in (("small", 0.0), ("large", 0.4)):
        for method, more in (("zero_shot", 0.0), ("optical", 0.6)):
            of_pivot = {"en": 0.5} if method == "zero_shot" else {}
            for language, own in (of_pivot | {"fr": 0.2, "es": 0.0, "sw": -0.7}).items():
                noise = rng.normal(size=queries)
                values = 1 / (1 + np.exp(-(ease + noise + shift + more + own)))
                part = scores_of({language: 0.0}, student, method).head(1)
                part = pd.concat([part] * queries, ignore_index=True)
                names = [f"q{number:02}" for number in range(queries)]
                parts.append(part.assign(value=values, query_id=names))
    return pd.concat(parts, ignore_index=True)


def compared(scores, groups=GROUPS, **settings):
    return compare(scores, groups, "en", ["small", "large"], resamples=300, **settings)


def same(one, other):
    pd.testing.assert_frame_equal(one, other, rtol=1e-9)


def test_swapping_two_languages_of_a_group_swaps_their_rows_and_nothing_else():
    scores = drawn_scores()
    swapped = scores.assign(language=scores["language"].replace({"fr": "es", "es": "fr"}))
    before, after = compared(scores), compared(swapped)
    for name in ("gap", "size", "contrast"):
        same(getattr(before, name), getattr(after, name))
    renamed = after.language.assign(
        language=after.language["language"].replace({"fr": "es", "es": "fr"})
    )
    keys = ["student", "method", "language"]
    same(
        before.language.sort_values(keys).reset_index(drop=True),
        renamed.sort_values(keys).reset_index(drop=True),
    )


def test_swapping_two_languages_of_two_groups_changes_the_gap():
    scores = drawn_scores()
    swapped = scores.assign(language=scores["language"].replace({"fr": "sw", "sw": "fr"}))
    before, after = compared(scores).gap, compared(swapped).gap
    same(before[["pivot", "pivot_from"]], after[["pivot", "pivot_from"]])
    for name in ("high", "low", "relative_gap"):
        assert (before[name] - after[name]).abs().min() > 1e-3


def test_the_order_of_the_rows_changes_nothing():
    scores = drawn_scores()
    shuffled = scores.sample(frac=1, random_state=1)
    for one, other in zip(compared(scores), compared(shuffled), strict=True):
        same(one, other)


def test_renaming_queries_changes_no_value_and_intervals_only_by_chance():
    scores = drawn_scores()
    places = np.random.default_rng(0).permutation(60)
    names = dict(zip(sorted(set(scores["query_id"])), places, strict=True))
    renamed = scores.assign(query_id=scores["query_id"].map(lambda name: f"r{names[name]:02}"))
    before, after = compared(scores), compared(renamed)
    values = ["pivot", "high", "low", "absolute_gap", "relative_gap", "gap_closed"]
    same(before.gap[values], after.gap[values])
    width = before.gap["relative_gap_to"] - before.gap["relative_gap_from"]
    assert (
        (before.gap["relative_gap_to"] - after.gap["relative_gap_to"]).abs() < 0.2 * width
    ).all()


def test_a_query_in_another_order_in_one_run_changes_its_differences():
    """Runs are paired by query: the same values under other queries are another study."""
    scores = drawn_scores()
    moved = (scores["method"] == "optical") & (scores["language"] == "sw")
    moved &= scores["student"] == "small"
    shuffled = scores.copy()
    shuffled.loc[moved, "value"] = scores.loc[moved, "value"].to_numpy()[::-1]
    before, after = compared(scores), compared(shuffled)
    same(before.gap[["high", "low", "relative_gap"]], after.gap[["high", "low", "relative_gap"]])
    assert (before.contrast["low_to"] - after.contrast["low_to"]).abs().max() > 1e-3


def test_sizes_by_hand():
    tables = compared(drawn_scores())
    gaps = tables.gap.set_index(["student", "method"])
    for method in ("zero_shot", "optical"):
        line = row(tables.size, method=method)
        assert (line["smaller"], line["larger"]) == ("small", "large")
        effect = gaps["relative_gap"]["large", method] - gaps["relative_gap"]["small", method]
        assert line["scaling_effect"] == pytest.approx(effect)
        assert line["scaling_effect_from"] < effect < line["scaling_effect_to"]
        assert pd.isna(line["slope_per_doubling"])
    closed = gaps["gap_closed"]
    difference = closed["large", "optical"] - closed["small", "optical"]
    assert row(tables.size, method="optical")["difference_in_differences"] == pytest.approx(
        difference
    )
    assert pd.isna(row(tables.size, method="zero_shot")["difference_in_differences"])


def test_three_sizes_have_a_slope_per_doubling():
    scores = drawn_scores()
    other = scores[scores["student"] == "small"]
    scores = pd.concat([scores, other.assign(student="huge", teacher="huge")], ignore_index=True)
    students = ["small", "large", "huge"]
    parameters = {"small": 100, "large": 400, "huge": 1600}
    tables = compare(scores, GROUPS, "en", students, parameters=parameters, resamples=100)
    lines = tables.size[tables.size["method"] == "zero_shot"]
    assert len(lines) == 3
    (line,) = [line for _, line in lines.iterrows() if pd.notna(line["slope_per_doubling"])]
    assert (line["smaller"], line["larger"]) == ("small", "huge")
    gaps = tables.gap[tables.gap["method"] == "zero_shot"].set_index("student")["relative_gap"]
    slope = np.polyfit([0, 2, 4], [gaps[name] for name in students], 1)[0]
    assert line["slope_per_doubling"] == pytest.approx(slope)


def test_the_larger_student_is_the_one_of_more_parameters_whatever_the_order():
    scores, parameters = drawn_scores(), {"small": 100, "large": 400}
    told = [
        compare(scores, GROUPS, "en", students, parameters=parameters, resamples=100).size
        for students in (["small", "large"], ["large", "small"])
    ]
    assert set(told[1]["smaller"]) == {"small"}
    same(told[0], told[1])


def test_a_share_of_a_gap_that_may_be_none_is_left_empty():
    """Three seeds of teachers, whose gaps of .02 to .18 say little of other teachers."""
    scores = drawn_scores()
    parts = [
        scores.assign(
            seed=seed,
            value=np.where(scores["language"] == "sw", 0.5 - gap / 2, 0.5),
        )
        for seed, gap in ((1, 0.18), (2, 0.1), (3, 0.02))
    ]
    gap = compared(pd.concat(parts)).gap
    of_method = gap[gap["method"] == "optical"]
    assert (gap.loc[gap["method"] == "zero_shot", "relative_gap_from"] < 0).all()
    assert of_method["gap_difference"].notna().all()
    assert of_method["gap_closed"].isna().all()


def test_names_of_digits_alone_stay_text(tmp_path):
    file = tmp_path / "table.csv"
    file.write_text("collection,student,method,value\n2003,007,optical,0.5\n")
    table = read_table(file, ["student"])
    assert table.iloc[0].tolist() == ["2003", "007", "optical", 0.5]


def test_few_queries_are_never_significant():
    scores = drawn_scores()
    few = scores[scores["query_id"].isin(sorted(scores["query_id"].unique())[:4])]
    p = compared(few).contrast["low_p"].dropna()
    assert len(p) > 0
    assert (p >= 1 / 8).all()


def test_sizes_say_how_many_seeds_the_teachers_have():
    scores = drawn_scores()
    assert set(compared(scores).size["teacher_seeds"]) == {1}
    # Seeds of students are none of teachers.
    students = scores[scores["method"] == "optical"].assign(seed=1)
    assert set(compared(pd.concat([scores, students])).size["teacher_seeds"]) == {1}
    teachers = scores[scores["method"] == "zero_shot"].assign(seed=1)
    assert set(compared(pd.concat([scores, teachers])).size["teacher_seeds"]) == {2}


def test_seeds_that_differ_widen_the_intervals_of_what_was_trained_and_of_nothing_else():
    scores = drawn_scores()
    optical = scores["method"] == "optical"
    others = [
        scores[optical].assign(seed=seed, value=scores["value"][optical] + by)
        for seed, by in ((1, 0.05), (2, -0.05))
    ]
    one, three = compared(scores).gap, compared(pd.concat([scores, *others])).gap
    same(one[["high", "low"]], three[["high", "low"]])
    width = {
        name: (table["high_to"] - table["high_from"]).groupby(table["method"]).mean()
        for name, table in (("one", one), ("three", three))
    }
    assert width["three"]["optical"] > 1.5 * width["one"]["optical"]
    assert width["three"]["zero_shot"] == pytest.approx(width["one"]["zero_shot"], rel=0.01)


def test_p_values_are_corrected_over_the_rows_of_a_table():
    tables = compared(with_variants())
    for table, names in (
        (tables.gap, ("gap_difference", "high_difference")),
        (tables.size, ("scaling_effect", "difference_in_differences")),
        (tables.contrast, ("high", "low", "relative_gap")),
        (tables.language_contrast, ("value",)),
    ):
        for name in names:
            known = table[table[f"{name}_p"].notna()]
            assert len(known) > 1
            assert known[f"{name}_p_holm"].tolist() == holm(known[f"{name}_p"].to_numpy()).tolist()
            assert (known[f"{name}_p_holm"] >= known[f"{name}_p"]).all()
            # A p-value below .05 is an interval without 0.
            outside = (known[f"{name}_from"] > 0) | (known[f"{name}_to"] < 0)
            clear = (known[f"{name}_p"] - 0.05).abs() > 0.01
            assert ((known[f"{name}_p"] < 0.05) == outside)[clear].all()
    zero_shot = tables.gap[tables.gap["method"] == "zero_shot"]
    assert zero_shot[["gap_difference_p", "gap_difference_p_holm"]].isna().all(axis=None)


def with_variants():
    """Scores that have a variant of optical and of greedy too, the last at one size alone."""
    scores = drawn_scores()
    optical = scores[scores["method"] == "optical"]
    rng = np.random.default_rng(1)

    def other(method, rows):
        noise = 0.05 * rng.normal(size=len(rows)) - 0.02
        return rows.assign(method=method, value=rows["value"] + noise)

    small = optical[optical["student"] == "small"]
    parts = [other("optical-balanced", optical), other("greedy-ranking", small)]
    return pd.concat([scores, *parts], ignore_index=True)


def pairs_of(tables):
    return list(
        tables.contrast[["student", "method", "against"]].itertuples(index=False, name=None)
    )


def test_contrasts_of_languages_are_those_of_the_groups_taken_apart():
    scores = with_variants()
    tables = compared(scores)
    keys = ["student", "method", "against"]
    languages = tables.language.set_index(["student", "method", "language"])["value"]
    table = tables.language_contrast
    assert set(table["language"]) == {"fr", "es", "sw"}
    for _, line in table.iterrows():
        own, other = (
            languages[line["student"], line[name], line["language"]]
            for name in ("method", "against")
        )
        assert line["value"] == pytest.approx(own - other)
    of_groups = table.groupby([*keys, "group"], sort=False)["value"].mean().unstack()
    for _, line in tables.contrast.iterrows():
        for group in ("high", "low"):
            assert line[group] == pytest.approx(of_groups.loc[tuple(line[keys]), group])
    # The low group has one language: its contrast is that of the group, interval and all.
    low = table[table["group"] == "low"].reset_index(drop=True)
    for end in ("", "_from", "_to", "_p"):
        assert low[f"value{end}"].tolist() == tables.contrast[f"low{end}"].tolist()


def test_contrasts_are_those_that_the_study_chooses():
    scores = with_variants()
    assert pairs_of(compared(scores)) == [
        ("small", "optical", "zero_shot"),
        ("small", "optical", "optical-balanced"),
        ("small", "optical", "greedy-ranking"),
        ("large", "optical", "zero_shot"),
        ("large", "optical", "optical-balanced"),
    ]
    chosen = [("greedy-ranking", "optical-balanced"), ("optical-balanced", "zero_shot")]
    tables = compared(scores, contrasts=chosen)
    assert pairs_of(tables) == [
        ("small", "greedy-ranking", "optical-balanced"),
        ("small", "optical-balanced", "zero_shot"),
        ("large", "optical-balanced", "zero_shot"),
    ]
    gap = tables.gap.set_index(["student", "method"])
    for _, line in tables.contrast.iterrows():
        own, other = (gap.loc[(line["student"], line[name])] for name in ("method", "against"))
        for name in ("high", "low", "relative_gap"):
            assert line[name] == pytest.approx(own[name] - other[name])
    empty = compared(scores, contrasts=[])
    assert empty.contrast.empty
    assert empty.language_contrast.empty


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (("optical", "greedy"), "contrast optical:greedy: no scores of method greedy, expected on"),
        (("optical", "optical"), "contrast optical:optical: a method against itself"),
        (("optical", "bm25"), "contrast optical:bm25: no student has both"),
    ],
)
def test_a_contrast_that_no_student_has_is_an_error(pair, message):
    with pytest.raises(InputError, match=message):
        compare(study(), GROUPS, "en", ["small"], contrasts=[pair], resamples=10)


def test_a_student_of_another_size_than_its_teacher_is_no_size():
    scores = drawn_scores()
    other = scores[scores["student"] == "small"].assign(student="small-from-large", teacher="large")
    scores = pd.concat([scores, other], ignore_index=True)
    students = ["small", "large", "small-from-large"]
    tables = compare(scores, GROUPS, "en", students, resamples=100)
    assert set(tables.size["larger"]) == {"large"}
    assert set(tables.size["smaller"]) == {"small"}


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
    with pytest.raises(InputError, match=message):
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
    with pytest.raises(InputError, match=message):
        tables(study(), groups)


def test_latex_escapes_names_and_minus_signs():
    _, gap = tables(study())
    latex = to_latex(shown_gap_table(gap, "en"))
    assert r"zero\_shot" in latex
    assert r"& 60\% [" in latex
    assert "–" not in latex


def latex_tables():
    found = compared(drawn_scores())
    return {
        "gap": (found.gap, to_latex(shown_gap_table(found.gap, "en"))),
        "language": (found.language, to_latex(shown_language_rows(found.language))),
    }


def test_the_latex_tables_have_the_numbers_of_the_csv():
    tables = latex_tables()
    for name, column, place in (("gap", "high", 4), ("language", "value", 6)):
        table, latex = tables[name]
        rows = [line.split(" & ") for line in latex.splitlines()[4:-2]]
        assert len(rows) == len(table)
        shown = [float(row[place].split(" [")[0]) for row in rows]
        assert shown == pytest.approx(table[column].tolist(), abs=0.005)
        columns = re.fullmatch(r"\\begin\{tabular\}\{([lr]+)\}", latex.splitlines()[0])[1]
        assert {len(row) for row in rows} == {len(columns)}


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no TeX is installed")
def test_the_latex_tables_compile(tmp_path):
    body = "\n\n".join(latex for _, latex in latex_tables().values())
    (tmp_path / "paper.tex").write_text(
        "\\documentclass{article}\\usepackage{booktabs}\\usepackage[utf8]{inputenc}"
        f"\\begin{{document}}\\tiny\n{body}\n\\end{{document}}\n"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "paper.pdf").exists()


def run_compare_gap(tmp_path, scores, *arguments):
    paths = []
    for number, (_, part) in enumerate(scores.groupby(["method", "language"])):
        paths.append(tmp_path / f"{number}.parquet")
        part.to_parquet(paths[-1], index=False)
    (tmp_path / "arguments").write_text("\n".join(["--scores", *map(str, paths)]))
    command = [sys.executable, PROGRAM, f"@{tmp_path / 'arguments'}", "--pivot", "en"]
    weights = {"embeddings.word": np.zeros((9, 4)), "layer.weight": np.zeros((4, 4))}
    (tmp_path / "encoder").mkdir()
    save_file(weights, tmp_path / "encoder" / "model.safetensors")
    command += ["--students", "small", "--encoders", tmp_path / "encoder"]
    command += ["--output-folder", tmp_path / "gap", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_compare_gap_writes_the_tables(tmp_path):
    done = run_compare_gap(tmp_path, study(), "--groups", "high=fr,es", "low=sw")
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "gap").iterdir()}
    assert names == {
        *("size_table.csv", "contrast_table.csv", "language_contrast_table.csv"),
        *(
            f"{name}_table.{s}"
            for name in ("gap", "language")
            for s in ("csv", "md", "tex", "html")
        ),
    }
    gap = read_table(tmp_path / "gap" / "gap_table.csv", COLUMNS.gap)
    assert row(gap, method="optical")["relative_gap"] == pytest.approx(0.25)
    assert row(gap, method="bm25")["student"] == "none"
    for name in ("gap_table.md", "gap_table.html", "gap_table.tex"):
        assert "58.3" in (tmp_path / "gap" / name).read_text()


def test_compare_gap_writes_the_contrasts_that_it_is_told(tmp_path):
    other = scores_of(OPTICAL, "small", "optical-balanced")
    options = ["--groups", "high=fr,es", "low=sw", "--contrasts", "optical-balanced:zero_shot"]
    done = run_compare_gap(tmp_path, study(other), *options, "optical:optical-balanced")
    assert done.returncode == 0, done.stderr
    table = read_table(tmp_path / "gap" / "contrast_table.csv", COLUMNS.contrast)
    assert list(table["method"]) == ["optical-balanced", "optical"]
    assert list(table["against"]) == ["zero_shot", "optical-balanced"]


def test_compare_gap_says_what_a_contrast_looks_like(tmp_path):
    options = ["--groups", "high=fr,es", "low=sw", "--contrasts", "optical=zero_shot"]
    done = run_compare_gap(tmp_path, study(), *options)
    assert done.returncode == 1
    expected = "--contrasts optical=zero_shot: expected two methods, as optical:greedy"
    assert done.stderr == f"compare_gap: {expected}\n"


def test_compare_gap_says_a_users_mistake_in_one_line(tmp_path):
    done = run_compare_gap(tmp_path, study(), "--groups", "high=fr", "low=sw")
    assert done.returncode == 1
    assert done.stderr == "compare_gap: in no group: language es\n"


def test_a_language_called_nan_is_read_back(tmp_path):
    languages, _ = tables(study().replace({"language": {"sw": "nan"}}), {**GROUPS, "low": ["nan"]})
    languages.to_csv(tmp_path / "t.csv", index=False)
    assert "nan" in set(read_table(tmp_path / "t.csv", LANGUAGE_COLUMNS)["language"])
