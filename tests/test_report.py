import hashlib
import html
import html.parser
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import plot_gap
import plot_map
import plot_training
import record_provenance
import write_report as program
from optical.corpora import removed
from optical.corpora.collection_files import COUNT_COLUMNS
from optical.evaluation.gap import compare
from optical.evaluation.scores import SCORE_COLUMNS
from optical.report import collections, summary, translations, verdict
from optical.report.cleaning import (
    REMOVED_COLUMNS,
    bias_warnings,
    read_cleaning,
    read_removed,
    removed_shares,
)
from optical.report.collections import read_collections
from optical.report.costs import COST_COLUMNS, read_costs
from optical.report.numbers import between, decimal, percent, points, rounded, signed
from optical.report.page import inline_svg
from optical.report.tables import metric_name, read_counts
from optical.report.translations import read_translation_scores
from optical.runtime.errors import InputError

NOTE = "The data is constructed: <invented> languages."
DATASETS = Path(__file__).parents[1] / "resources" / "datasets.yaml"
CLEANING = "origin,rule,pairs\ntatoeba,read,1000\ntatoeba,duplicate,30\ntatoeba,kept,970\n"
TRAINING = "what,number\nqueries,87598\nleft out: queries that a test collection has,1\n"
COSTS = (
    "stage,of,jobs,seconds,longest_seconds,cpu_seconds,memory_mib,examples,joules\n"
    "distill_student,small,2,90.00,50.00,160.00,700.00,9600,7200\n"
    "describe_study,,1,0.20,0.20,,,,\n"
)


COLLECTION = """collection,language,what,grade,number
xnli,,passages,,5000
xnli,,judgements,0,600
xnli,,judgements,1,500
xnli,,judgements of absent passages,1,7
xnli,,queries,1,400
"""


class Page(html.parser.HTMLParser):
    """What a test looks at: rows of the tables, addresses that are loaded, ids."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.loaded, self.ids, self.cell = [], [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("src", "href", "xlink:href", "data", "srcset"):
                self.loaded.append(value)
            if name == "id":
                self.ids.append(value)
        if tag == "tr":
            self.rows.append([])
        self.cell = "" if tag in ("td", "th") else self.cell

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.rows[-1].append(self.cell)
            self.cell = None


VALUES = {
    ("none", "bm25"): {"en": 0.5, "fr": 0.2, "sw": 0.1},
    ("small", "zero_shot"): {"en": 0.8, "fr": 0.5, "sw": 0.2},
    ("small", "optical"): {"fr": 0.6, "sw": 0.45},
}
CONTROLS = {
    ("small", "greedy"): {"fr": 0.55, "sw": 0.4},
    ("small", "sentence"): {"fr": 0.7, "sw": 0.55},
}
LARGE = {("large", "zero_shot"): {"en": 0.9, "fr": 0.6, "sw": 0.5}}


def compared(values=VALUES, queries=400, students=("small", "large")):
    """The tables of scores that are around these means by the same for every run."""
    around = np.tile([-0.05, 0.05], queries // 2)
    rows = [
        ("s", student, student, method, language, "xnli", 0, f"q{number:03}", "map", mean + by)
        for (student, method), of_language in values.items()
        for language, mean in of_language.items()
        for number, by in enumerate(around)
    ]
    scores = pd.DataFrame(rows, columns=list(SCORE_COLUMNS[:-3]))
    scores = scores.assign(exact_value=float("nan"), exact_recall=float("nan"), doubtful=False)
    languages = set(scores["language"])
    groups = {"high": ["fr"], "low": [name for name in ("sw",) if name in languages]}
    students = [name for name in students if name in set(scores["student"])]
    return compare(scores, groups, "en", students, resamples=300)


def saved(tables, folder):
    for name, table in tables._asdict().items():
        table.to_csv(folder / f"{name}_table.csv", index=False)
    return folder


def draw(folder):
    """The pictures of the tables in a folder."""
    pictures = [folder / "map_by_language.svg"]
    plot_map.main(language_table=folder / "language_table.csv", output=pictures)
    plot_gap.main(gap_table=folder / "gap_table.csv", output=[folder / "gap_by_size.svg"])


@pytest.fixture(scope="module")
def tables_and_pictures(tmp_path_factory):
    folder = saved(compared(), tmp_path_factory.mktemp("gap"))
    (folder / "cost_table.csv").write_text(COSTS)
    draw(folder)
    return folder


@pytest.fixture
def arguments(tables_and_pictures, tmp_path):
    folder = tables_and_pictures
    (tmp_path / "study.yaml").write_text("epsilon: 0.05 # <b>not bold</b>\n")
    (tmp_path / "sw.cleaning.csv").write_text(CLEANING)
    (tmp_path / "sw.chrf.csv").write_text(
        "collection,source,target,chrf,queries\nxnli,sw,en,43.21,1670\n"
    )
    (tmp_path / "training_set.csv").write_text(TRAINING)
    (tmp_path / "stage.yaml").write_text("dependencies: [numpy]\n")
    return {
        "study": "a-study",
        "settings": tmp_path / "study.yaml",
        "tables": folder,
        "costs": folder / "cost_table.csv",
        "pictures": [folder / "gap_by_size.svg", folder / "map_by_language.svg"],
        "cleaning": [tmp_path / "sw.cleaning.csv"],
        "translations": [tmp_path / "sw.chrf.csv"],
        "training": tmp_path / "training_set.csv",
        "datasets": DATASETS,
        "sources": ["tatoeba"],
        "environments": [tmp_path / "stage.yaml"],
        "provenance": provenance_file(tmp_path),
        "note": NOTE,
        "metric": "map",
        "output": tmp_path / "report.html",
    }


def provenance_file(folder):
    """A record of one environment and of data of a kind each: a file, and a folder."""
    (folder / "env.yaml").write_text("  - pip:\n      - numpy==0.1\n      - no-such-package==2.0\n")
    (folder / "sw.parquet").write_text("text")
    (folder / "training_set").mkdir()
    (folder / "training_set/queries.tsv").write_text("text")
    data = [folder / "sw.parquet", folder / "training_set"]
    (folder / "settings.yaml").write_text("seeds: [1, 2]\n")
    record_provenance.main(
        settings=folder / "settings.yaml",
        environments=[folder / "env.yaml"],
        data=data,
        output=folder / "provenance.json",
    )
    return folder / "provenance.json"


def written(arguments):
    program.main(**arguments)
    return arguments["output"].read_text(encoding="utf-8")


def test_the_numbers_are_those_of_the_tables(arguments):
    rows = Page(written(arguments)).rows
    # Relative gaps 1 - .2 / .5 and 1 - .45 / .6; closed 1 - .25 / .6.
    shown = [[cell.split(" [")[0] for cell in row] for row in rows]
    zero_shot = ["0.800", "0.500", "0.200", "0.300", "60.0%", "0.0%", "+0.0"]
    optical = ["0.800", "0.600", "0.450", "0.150", "25.0%", "58.3%", "−35.0"]
    assert ["xnli", "small", "zero_shot", *zero_shot] in shown
    assert ["xnli", "small", "optical", *optical] in shown
    assert ["sw", "low", "400", "0.100", "0.200", "0.450"] in rows
    assert ["en", "pivot", "400", "0.500", "0.800", "–"] in rows
    run = next(row for row in shown if row[:5] == ["xnli", "small", "optical", "sw", "low"])
    assert (run[5:7], run[-1]) == (["400", "0.450"], "<0.001")


def test_the_answer_is_read_from_the_gap_table(arguments):
    page = written(arguments)
    tables = compared()
    ((collection, ((subject, sentence),)),) = verdict.answers(tables.gap, "map").items()
    assert (collection, subject) == ("xnli", "small, optical")
    row = tables.gap[tables.gap["method"] == "optical"].iloc[0]
    ends = f"[{100 * row['gap_closed_from']:.1f}, {100 * row['gap_closed_to']:.1f}]"
    assert f"58.3% {ends} of it closed; high 0.500 → 0.600, low 0.200 → 0.450." in sentence
    assert f"small, optical: {sentence}" in said(page)


def said(page):
    """The words of a page, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", page)).split())


def test_the_first_words_are_one_sentence_of_the_answer_and_a_small_table(arguments):
    page = written(arguments)
    row = compared().gap.query("method == 'optical'").iloc[0]
    words = said(page.partition('<p class="headline">')[2].partition("</p>")[0])
    assert words == (
        "Distillation by optimal transport significantly narrows the relative gap between high- "
        "and low-resource languages on the collection xnli, with student small: from 60.0% to "
        f"25.0%, by {between(row, 'gap_difference', points)} points, while MAP rises from 0.500 to "
        "0.600 in high-resource languages and from 0.200 to 0.450 in low-resource ones."
    )
    first = page.partition('<div class="first">')[2].partition("</div>\n</div>")[0]
    assert first.count("<svg") == 1
    heading, row = Page(page).rows[:2]
    assert heading == ["Student", "Gap before", "Gap after", "Closed", "Significant"]
    assert [cell.split(" [")[0] for cell in row] == ["small", "60.0%", "25.0%", "58.3%", "narrower"]


def headline_after(low, high=0.6, before=VALUES["small", "zero_shot"]):
    values = VALUES | {
        ("small", "zero_shot"): before,
        ("small", "optical"): {"fr": high, "sw": low},
    }
    return summary.headline(compared(values).gap, "map")


def test_a_gap_that_widens_while_both_groups_rise_says_so():
    none = {"en": 0.8, "fr": 0.2, "sw": 0.2}
    sentence = headline_after(low=0.3, high=0.6, before=none)
    assert "significantly widens the relative gap" in sentence
    assert "from 0.0% (not significantly above 0) to 50.0%, by" in sentence
    assert sentence.endswith(
        "while MAP rises from 0.200 to 0.600 in high-resource languages and from 0.200 to 0.300 in "
        "low-resource ones."
    )
    assert "while MAP goes from 0.500 to 0.600 in" in headline_after(low=0.1)
    assert "while MAP falls from 0.500 to 0.400 in" in headline_after(low=0.1, high=0.4)


def test_a_gap_that_may_be_the_same_is_told_with_the_interval_of_its_difference():
    gap = compared().gap
    gap["gap_difference_p_holm"] = 0.2
    row = gap[gap["method"] == "optical"].iloc[0]
    assert (
        "does not significantly change the relative gap between high- and low-resource languages "
        "on the collection xnli, with student small: it is 60.0% before and 25.0% after, and the "
        f"difference of {between(row, 'gap_difference', points)} points may be chance, while MAP "
    ) in summary.headline(gap, "map")


def test_high_and_low_have_the_same_number_of_decimals(arguments, tmp_path):
    tables = compared()
    of_optical = tables.gap["method"] == "optical"
    tables.gap.loc[of_optical, ["high_from", "high_to"]] = 0.4, 0.8
    sentence = summary.headline(tables.gap, "map")
    assert "from 0.50 to 0.60 in high-resource languages and from 0.20 to 0.45 in" in sentence
    (((_, answer),),) = verdict.answers(tables.gap, "map").values()
    assert answer.endswith("high 0.50 → 0.60, low 0.20 → 0.45.")
    of_sw = (tables.language["method"] == "optical") & (tables.language["language"] == "sw")
    tables.language.loc[of_sw, ["value_from", "value_to"]] = 0.25, 0.65
    rows = Page(written(arguments | {"tables": saved(tables, tmp_path)})).rows
    optical = next(row for row in rows if row[:3] == ["xnli", "small", "optical"])
    assert optical[3:7] == ["0.80", "0.60", "0.45", "0.15"]
    assert ["sw", "low", "400", "0.10", "0.20", "0.45"] in rows


def gap_of(changes):
    """A gap table of a student in collections, by the name of the collection: (share of the gap
    closed, corrected p-value of the difference, change of the high group, its p-value).
    """
    gap = compared().gap.query("student == 'small'")
    parts = []
    for collection, (share, p, high, high_p) in changes.items():
        part = gap.assign(collection=collection)
        optical = part["method"] == "optical"
        part.loc[optical, ["gap_closed", "gap_closed_from", "gap_closed_to"]] = share
        part.loc[optical, "gap_difference"] = -0.6 * share
        part.loc[optical, "gap_difference_p_holm"] = p
        part.loc[optical, ["high_difference", "high_difference_p_holm"]] = high, high_p
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def test_several_comparisons_are_counted_by_what_is_significant():
    fine = {"a": (0.25, 0.01, 0.1, 0.01), "b": (0.5, 0.01, 0.1, 0.9)}
    start = "Distillation by optimal transport significantly narrows the relative gap between high-"
    sentence = summary.headline(gap_of(fine), "map")
    assert sentence.startswith(start)
    assert sentence.endswith(
        "2 of 2 comparisons; where it narrows, between 25.0% and 50.0% of the gap is closed."
    )
    mixed = fine | {"c": (-0.2, 0.01, 0.1, 0.9), "d": (0.9, 0.2, 0.0, 0.9)}
    mixed["b"] = (0.5, 0.01, -0.2, 0.01)
    assert summary.headline(gap_of(mixed), "map").endswith(
        " in 2 of 4 comparisons, widens it in 1 and makes no significant difference in 1; where it "
        "narrows, between 25.0% and 50.0% of the gap is closed, but high-resource languages score "
        "significantly lower in 1 of these; where it widens, MAP rises in both groups in 1 of 1."
    )
    nothing = dict.fromkeys("ab", (0.5, 0.5, 0.0, 0.9))
    gap = gap_of(nothing)
    same = (
        "Distillation by optimal transport makes no significant difference to the relative gap "
        "between high- and low-resource languages in 2 comparisons"
    )
    assert summary.headline(gap, "map") == f"{same}; MAP rises in both groups in 2 of these."
    gap.loc[gap["method"] == "optical", "low"] = 0.0
    assert summary.headline(gap, "map") == f"{same}."


def test_a_gap_that_narrows_because_all_languages_fall_is_no_gain():
    gap = gap_of(dict.fromkeys("ab", (0.5, 0.01, -0.2, 0.01)))
    falls = gap["method"] == "optical"
    gap.loc[falls, ["high", "low"]] = 0.01
    assert summary.headline(gap, "map") == (
        "Distillation by optimal transport lowers MAP in both groups in all 2 comparisons, so that "
        "a narrower relative gap between high- and low-resource languages is no gain."
    )
    gap.loc[falls & (gap["collection"] == "a"), ["high", "low"]] = 0.9
    assert summary.headline(gap, "map").endswith(", but MAP falls in both groups in 1 of these.")
    wider = gap_of(dict.fromkeys("ab", (-0.5, 0.01, -0.2, 0.01)))
    wider.loc[wider["method"] == "optical", ["high", "low"]] = 0.01
    assert "no gain" not in summary.headline(wider, "map")


def test_many_comparisons_are_folded_behind_the_first():
    gap = gap_of({f"c{number}": (0.5, 0.01, 0.1, 0.9) for number in range(8)})
    first, others = summary.shown_summary_tables(gap, "map")
    assert first.headings == others.headings
    assert first.headings[:2] == ["Collection", "Student"]
    assert [row[0] for row in first.rows + others.rows] == [f"c{number}" for number in range(8)]
    assert len(first.rows) == summary.FIRST_ROWS


def test_a_study_that_trained_nothing_or_has_no_gap_says_so_first():
    gap = compared().gap
    assert summary.headline(gap[gap["method"] != "optical"], "map") == (
        "Without any distillation, the relative gap between high- and low-resource languages is "
        "60.0%."
    )
    assert summary.headline(gap.assign(relative_gap=float("nan")), "map").startswith("There is no ")


@pytest.mark.parametrize(
    ("value", "half", "shown"),
    [
        (0.60123, 0.0, "60.1%"),
        (0.60123, 0.004, "60.1%"),
        (0.60123, 0.019, "60.1%"),
        (0.60123, 0.021, "60%"),
        (0.60123, 0.3, "60%"),
        (0.60123, float("nan"), "60.1%"),
        (0.60123, float("inf"), "60.1%"),
    ],
)
def test_a_number_has_the_digits_that_its_interval_supports(value, half, shown):
    row = {"x": value, "x_from": value - half, "x_to": value + half}
    assert rounded(row, "x", percent) == shown


def test_both_ends_of_an_interval_have_the_digits_of_the_number():
    row = {"x": 0.3125, "x_from": 0.2961, "x_to": 0.3389}
    assert between(row, "x", decimal) == "0.31 [0.30, 0.34]"
    assert between({"x": -0.0001, "x_from": -0.0004, "x_to": 0.0002}, "x", signed) == (
        "+0.000 [+0.000, +0.000]"
    )
    wide = {"x": 0.3125, "x_from": -0.4, "x_to": 0.9}
    assert between(wide, "x", decimal) == "0.31 [−0.40, 0.90]"  # never fewer than two


def answers_of(page, question):
    """The sentences below a question of a reviewer."""
    below = page.partition(f"<h3>{question}</h3>")[2].partition("</ul>")[0]
    return [said(item) for item in re.findall(r"<li>(.*?)</li>", below, re.DOTALL)]


def test_questions_of_a_reviewer_are_answered(arguments):
    arguments["settings"].write_text(
        "seeds: [1, 2]\nteacher: {seeds: [4, 5]}\nmetrics: [map, judged_10]\n"
        "tuning: {development: 0.25, learning_rates: [0.001, 0.0003]}\n"
    )
    page = written(arguments)
    chosen = answers_of(page, "Which settings were chosen, and on what?")
    assert chosen[0].startswith("25.0% of the queries of each collection are development queries")
    assert chosen[1] == (
        "`make tune` compares the learning rates 0.001, 0.0003 on the development queries."
    )
    assert answers_of(page, "How many seeds?") == [
        "Students: 2 seeds (1, 2).",
        "Teachers: 2 seeds.",
        "Intervals cover the training of students and of teachers.",
    ]
    assert answers_of(page, "How many queries and languages?")[0] == (
        "xnli: 400 queries in each language; languages: 1 pivot, 1 high, 1 low."
    )
    tested = answers_of(page, "Which comparisons were corrected?")
    assert "Comparisons of methods against zero_shot: 2 tests, 2 significant at 0.05." in tested
    removed_texts = answers_of(page, "What was removed from training, and why?")
    assert removed_texts[0] == (
        "Training set of the teachers: 1 queries that a test collection has."
    )
    assert removed_texts[1].startswith("Bitext: 30 of 1,000 sentence pairs (3.0%).")
    assert answers_of(page, "What did the index lose?")[0].startswith("Nothing is known to be lost")
    assert len(answers_of(page, "What was not checked?")) == 1


def test_a_study_without_development_queries_or_second_seeds_says_so(arguments):
    page = written(arguments)
    assert answers_of(page, "Which settings were chosen, and on what?")[0].startswith(
        "This study chose none"
    )
    assert "With one seed, intervals do not cover training variance." in answers_of(
        page, "How many seeds?"
    )
    assert "judged_10 is not among the metrics" in answers_of(page, "What was not checked?")[1]


def test_what_the_index_loses_is_told_with_its_worst_case(arguments, tmp_path):
    tables = compared()
    of_sw = (tables.language["method"] == "optical") & (tables.language["language"] == "sw")
    checked = ["n_exact", "index_value", "exact_value", "exact_recall"]
    tables.language.loc[of_sw, checked] = [50, 0.40, 0.42, 0.9]
    page = written(arguments | {"tables": saved(tables, tmp_path)})
    assert "too many" not in page
    assert "This study finds passages by an approximate index" in page
    (sentence,) = answers_of(page, "What did the index lose?")
    assert sentence == (
        "On average 0.020 MAP, and 0.020 at most (small, optical, sw), over 50 queries that were "
        "searched exactly too. It finds 90.0% of the exact best passages."
    )


def test_a_collection_without_a_gap_has_no_line_in_the_answer():
    values = {
        run: {language: value for language, value in of.items() if language != "sw"}
        for run, of in VALUES.items()
    }
    assert verdict.answers(compared(values).gap, "map") == {"xnli": []}


def sentence_after(low, high=0.6, before=VALUES["small", "zero_shot"]):
    optical = {"fr": high, "sw": low}
    values = VALUES | {("small", "zero_shot"): before, ("small", "optical"): optical}
    (((_, sentence),),) = verdict.answers(compared(values).gap, "map").values()
    return sentence


def test_a_gap_that_widens_is_not_called_closed():
    # Relative gap 1 - .12 / .6 = .8 beside .6: wider by a third.
    assert "wider: −33.3% [" in sentence_after(low=0.12)


def test_a_gap_that_turns_around_is_said_to():
    assert "more than closed, it turned around: 127.8% [" in sentence_after(low=0.7)


def test_a_gap_that_may_as_well_be_the_same_is_not_called_closed():
    # The same gap of .6, but for what the resampling shows to be chance.
    assert "no evidence that any of it is closed (0.0% [" in sentence_after(low=0.24)


def test_a_gap_that_narrows_because_the_high_group_falls_is_closed_at_a_lower_level():
    # Relative gap 1 - .25 / .3.
    sentence = sentence_after(low=0.25, high=0.3)
    assert "of it closed, at a lower level (high −0.200 [−0.200, −0.200]); high 0.500" in sentence
    assert "lower level" not in sentence_after(low=0.45)


def test_where_zero_shot_has_no_gap_the_difference_is_said_and_no_share():
    none, negative = ({"en": 0.8, "fr": 0.5, "sw": low} for low in (0.5, 0.6))
    sentence = sentence_after(low=0.45, before=none)
    start = (
        'the gap of zero_shot is not significantly above 0, so "gap closed" is not defined: '
        "the relative gap changes by "
    )
    assert f"{start}+25.0 [" in sentence
    assert "points, it rises; high" in sentence
    assert "the gap of zero_shot is negative, so" in sentence_after(low=0.45, before=negative)


def test_a_difference_is_judged_by_its_corrected_p_value_and_not_by_its_interval():
    row = {"low": 0.1, "low_from": 0.01, "low_to": 0.19, "low_p": 0.03, "low_p_holm": 0.09}
    assert verdict.judged(row, "low", "better", "worse") == verdict.NO_EVIDENCE
    assert verdict.judged(row | {"low_p_holm": 0.04}, "low", "better", "worse") == "better"
    less = row | {"low": -0.1, "low_p_holm": 0.04}
    assert verdict.judged(less, "low", "better", "worse") == "worse"
    nothing = row | {"low_p_holm": float("nan")}
    assert verdict.judged(nothing, "low", "better", "worse") == verdict.NO_EVIDENCE


def test_sizes_are_compared_with_their_interval():
    lines = verdict.sizes(compared(VALUES | LARGE).size, "map")["xnli"]
    (subject, sentence), *_ = lines
    # Relative gaps .6 and 1 - .5 / .6.
    assert subject == "zero_shot, small → large"
    assert sentence.startswith("the relative gap changes by −43.3 [")
    assert sentence.endswith(f"points: it is narrower; {verdict.ONE_TEACHER_SEED}.")


def test_of_many_sizes_and_methods_the_answer_is_about_the_ends_and_the_method_itself():
    values = {
        (student, method): {"fr": 0.5 + step + better, "sw": 0.2 + 2 * step + better}
        for step, student in zip((0.0, 0.05, 0.1), ("small", "medium", "large"), strict=True)
        for method, better in (("zero_shot", 0.0), ("optical", 0.1), ("optical-idf", 0.2))
    }
    students = ("small", "medium", "large")
    size = compared(values, students=students).size
    assert len(size[size["metric"] == "map"]) == 9
    lines = verdict.sizes(size, "map")["xnli"]
    assert [subject for subject, _ in lines] == [
        "zero_shot, small → large",
        "optical, small → large",
    ]
    others = size[size["method"] != "optical"]
    lines = verdict.sizes(others, "map")["xnli"]
    assert [subject for subject, _ in lines][1] == "optical-idf, small → large"


def test_sizes_without_a_gap_at_their_ends_have_their_table(arguments, tmp_path):
    tables = compared(VALUES | LARGE)
    without = tables.size.assign(scaling_effect=float("nan"))
    others = [without.assign(method="optical"), tables.size.assign(method="greedy")]
    size = pd.concat([without, *others], ignore_index=True)
    page = written(arguments | {"tables": saved(tables._replace(size=size), tmp_path)})
    assert verdict.sizes(size, "map") == {}
    assert 'id="sizes"' in page
    page = written(arguments | {"tables": saved(tables._replace(size=without), tmp_path)})
    assert 'id="sizes"' not in page


def test_teachers_of_one_seed_are_said_to_be_beside_every_two_sizes(arguments, tmp_path):
    tables = compared(VALUES | LARGE)
    page = written(arguments | {"tables": saved(tables, tmp_path)})
    heading = next(row for row in Page(page).rows if "Teacher seeds" in row)
    (line,) = [row for row in Page(page).rows if row[:2] == ["xnli", "zero_shot"]]
    assert line[heading.index("Teacher seeds")] == "1"
    assert "not the variance of training teachers and encoders" in page
    several = tables.size.assign(teacher_seeds=3)
    page = written(arguments | {"tables": saved(tables._replace(size=several), tmp_path)})
    assert "teachers and encoders" not in page


def test_a_single_seed_is_warned_of():
    (one,) = verdict.warnings(compared().language, seeds=[3])
    assert one == "With one seed, intervals do not cover training variance. Use several seeds."
    assert verdict.warnings(compared().language, seeds=[1, 2]) == []


def test_few_queries_a_high_floor_and_a_costly_index_are_warned_of():
    assert verdict.warnings(compared().language) == []
    (few,) = verdict.warnings(compared(queries=100).language)
    assert few.startswith("xnli has 100 queries")
    languages = compared().language
    other = languages[languages["language"] != "sw"].assign(collection="xquad")
    (absent,) = verdict.warnings(pd.concat([languages, other], ignore_index=True))
    assert absent == "xquad has no sw: its groups are without."
    high = VALUES | {("none", "bm25"): {"en": 0.5, "fr": 0.2, "sw": 0.46}}
    (floor,) = verdict.warnings(compared(high).language)
    assert floor.startswith("sw of xnli: bm25 with the untranslated query, 0.460, is as good")
    languages = compared().language
    of_sw = (languages["method"] == "optical") & (languages["language"] == "sw")
    languages.loc[of_sw, ["n_exact", "index_value", "exact_value"]] = [50, 0.40, 0.42]
    (index,) = verdict.warnings(languages)
    assert index.startswith("The index costs small, optical, sw of xnli some MAP: 0.420 exactly")
    languages = compared().language
    of_sw = (languages["method"] == "optical") & (languages["language"] == "sw")
    languages.loc[of_sw, ["n_doubtful", "clear_value"]] = [20, 0.51]
    (noisy,) = verdict.warnings(languages)
    assert noisy.startswith("20 of 400 queries of xnli in sw do not look like sw: the best MAP is")
    assert noisy.endswith("with them and 0.510 without.")
    of_one = languages.assign(n_doubtful=(languages["n_doubtful"] > 0).astype(int), n_queries=60)
    one = "1 of 60 queries of xnli in sw does not look"
    assert any(text.startswith(one) for text in verdict.warnings(of_one))


def test_the_page_loads_nothing(arguments):
    page = written(arguments)
    loaded = Page(page).loaded
    assert loaded, "the pictures refer to their own parts"
    assert all(address.startswith("#") for address in loaded)
    assert not re.search(r"url\((?!#)|@import|<script[^>]|<link|fetch|XMLHttp", page)


def test_a_picture_that_is_left_out_is_a_line(arguments, tmp_path):
    picture = tmp_path / "training.svg"
    plot_training.main(logs=[], output=[picture])
    page = written(arguments | {"pictures": [*arguments["pictures"], picture]})
    assert "<p>Left out: no training wrote down a loss</p>" in page
    assert page.count("<svg") == 2


def test_a_wide_first_picture_stands_above_the_table(arguments):
    assert 'class="first"' in written(arguments)
    first = arguments["pictures"][0]
    svg = first.read_text()
    (width,) = re.findall(r'<svg[^>]*? width="(.*?)"', svg)
    wide = first.parent / "wide/gap_by_size.svg"
    wide.parent.mkdir()
    wide.write_text(svg.replace(f'width="{width}"', 'width="660pt"'))
    assert 'class="first stacked"' in written(arguments | {"pictures": [wide]})


def test_ids_of_the_pictures_do_not_meet(arguments):
    ids = Page(written(arguments)).ids
    assert len(ids) == len(set(ids))


def test_a_note_is_shown_and_none_is_not(arguments):
    assert "The data is constructed: &lt;invented&gt; languages." in written(arguments)
    assert 'role="note"' in written(arguments)
    assert 'role="note"' not in written({**arguments, "note": ""})


def test_settings_are_shown_as_text(arguments):
    assert "epsilon: 0.05 # &lt;b&gt;not bold&lt;/b&gt;" in written(arguments)


def test_the_judgements_of_a_collection_are_shown_and_doubts_are_warnings(arguments, tmp_path):
    (tmp_path / "counts.csv").write_text(COLLECTION)
    (tmp_path / "sw.counts.csv").write_text(
        "collection,language,what,grade,number\nxnli,sw,queries,,398\nxnli,sw,not there,,2\n"
    )
    counts = [tmp_path / "counts.csv", tmp_path / "sw.counts.csv"]
    page = " ".join(written({**arguments, "collections": counts}).split())
    facts = "5,000 passages; 1,100 judgements, 500 of them relevant; 400 judged queries, 400"
    assert f"<strong>xnli</strong>: {facts}" in page
    _, _, box = page.partition("Before you compare")
    warnings, _, _ = box.partition("</div>")
    assert "xnli: Judgements of passages that are not there: 7, 7 of them relevant." in warnings
    assert "xnli: Judged queries are not there or have no text: 2 in sw. Scores " in warnings
    assert "over queries that every language has: 400." in warnings
    levels = {"collections": counts, "levels": {"xnli": 2}}
    page = " ".join(written({**arguments, **levels}).split())
    assert "1,100 judgements, 0 of them relevant" in page
    assert "Grades are 1, 0; 2 and more is relevant" in page


def test_the_report_reads_the_columns_that_the_steps_write():
    assert ([*COUNT_COLUMNS], removed.COLUMNS) == (collections.COLUMNS, REMOVED_COLUMNS)


def test_counts_of_another_shape_are_named(tmp_path):
    (tmp_path / "counts.csv").write_text("what,number\npassages,1\n")
    with pytest.raises(InputError, match=r"counts.csv: expected the columns collection, language"):
        read_collections([tmp_path / "counts.csv"])


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        *(("map", "MAP"), ("ndcg", "nDCG"), ("bpref", "bpref"), ("Rprec", "Rprec")),
        *(("ndcg_cut_10", "nDCG@10"), ("judged_10", "Judged@10"), ("P_10", "P@10")),
    ],
)
def test_metrics_have_the_names_that_people_read(metric, name):
    assert metric_name(metric) == name


def test_the_cleaning_of_the_bitext_is_shown(arguments):
    rows = Page(written(arguments)).rows
    assert ["Language", "Origin", "read", "duplicate", "kept", "Kept share"] in rows
    assert ["sw", "tatoeba", "1,000", "30", "970", "97.0%"] in rows


def test_what_was_kept_out_of_the_training_set_is_shown(arguments):
    page = written(arguments)
    assert "<li>87,598 queries</li>" in page
    assert "<li>1 left out: queries that a test collection has</li>" in page
    arguments["training"].write_text("queries,7\n")
    with pytest.raises(InputError, match=r"training_set.csv: columns queries, 7; expected what"):
        written(arguments)


def test_negatives_that_bm25_mines_are_not_counted_as_none(arguments):
    arguments["training"].write_text("what,number\nqueries,2000\nnegatives,0\n")
    assert "<li>0 negatives</li>" in written(arguments)
    settings = "training_set: {negatives: bm25}\nteacher: {negatives: 2}\n"
    arguments["settings"].write_text(settings)
    page = written(arguments)
    assert "<li>0 negatives</li>" not in page
    assert "<li>negatives: mined by BM25, of which a teacher reads 2 for each query</li>" in page


def test_the_title_speaks_of_growing_encoders_only_where_there_are_several(arguments, tmp_path):
    grows = "changes as the encoder grows"
    assert grows not in written(arguments)
    tables = saved(compared(VALUES | LARGE), tmp_path)
    assert grows in written(arguments | {"tables": tables})


def test_a_study_without_queries_in_the_pivot_is_reported(arguments, tmp_path):
    values = {key: {"sw": means["sw"]} for key, means in VALUES.items()}
    (tmp_path / "one").mkdir()
    folder = saved(compared(values), tmp_path / "one")
    draw(folder)
    pictures = [folder / path.name for path in arguments["pictures"]]
    page = written({**arguments, "tables": folder, "pictures": pictures})
    assert ">None" not in page
    assert ">nan" not in page


def test_what_wikiclir_is_trained_on_is_shown(arguments):
    assert "Training pairs of wikiclir" not in written(arguments)
    page = written({**arguments, "pairs": "judged in clirmatrix: sw"})
    assert "<p>Training pairs of wikiclir, judged in clirmatrix: sw.</p>" in page


def test_who_translated_the_training_queries_is_shown(arguments):
    assert "Training queries of translate_train" not in written(arguments)
    page = written({**arguments, "queries": "translated here: sw"})
    assert "<p>Training queries of translate_train, translated here: sw.</p>" in page


def test_what_it_took_is_shown_with_its_sum(arguments):
    rows = Page(written(arguments)).rows
    took = ["2", "1 min 30 s", "50.0 s", "2 min 40 s", "700", "9,600", "2.0"]
    assert ["distill_student", "small", *took] in rows
    assert ["describe_study", "–", "1", "0.2 s", "0.2 s", "–", "–", "–", "–"] in rows
    assert ["all", "–", "3", "1 min 30 s", "50.0 s", "2 min 40 s", "700", "–", "2.0"] in rows


def test_the_data_is_named_with_its_licence_and_whom_to_cite(arguments):
    (row,) = [row for row in Page(written(arguments)).rows if row[:1] == ["tatoeba"]]
    assert row[2] == "CC-BY-2.0-FR"
    assert row[3].startswith("Tiedemann (2020)")
    assert "<h2>Data</h2>" not in written({**arguments, "sources": []})


TABLE_READERS = {
    "costs": (read_costs, "stage", "of", *COST_COLUMNS[2:]),
    "cleaning": (lambda path: read_cleaning([path]), "origin", "rule", "pairs"),
    "collections": (lambda path: read_collections([path]), *COUNT_COLUMNS),
    "translations": (lambda path: read_translation_scores([path]), *translations.COLUMNS),
    "counts": (lambda path: pd.DataFrame(read_counts(path).items()), "what", "number"),
}


@pytest.mark.parametrize("name", ["007", "null", ""])
@pytest.mark.parametrize("table", TABLE_READERS)
def test_a_name_of_digits_or_null_stays_text(tmp_path, table, name):
    read, *columns = TABLE_READERS[table]
    numbers = {"jobs", "pairs", "grade", "number", "chrf", "queries", *COST_COLUMNS[2:]}
    path = tmp_path / f"{table}.csv"
    cells = ["2" if column in numbers else name for column in columns]
    path.write_text(f"{','.join(columns)}\n{','.join(cells)}\n")
    row = read(path).iloc[0].tolist()
    assert [cell for cell in row if isinstance(cell, str) and cell != table] == [
        name for column in columns if column not in numbers
    ]


def test_encoders_and_collections_of_digits_alone_are_in_the_report(arguments, tmp_path):
    costs, counts = tmp_path / "costs.csv", tmp_path / "counts.csv"
    costs.write_text(COSTS.replace(",small,", ",278,"))
    counts.write_text(COLLECTION.replace("xnli,", "2003,"))
    of_digits = {"costs": costs, "collections": [counts], "levels": {"2003": 2}}
    page = written({**arguments, **of_digits})
    assert ["distill_student", "278"] in [row[:2] for row in Page(page).rows]
    assert "1,100 judgements, 0 of them relevant" in " ".join(page.split())


def test_a_cleaning_file_of_another_shape_is_named(tmp_path):
    (tmp_path / "sw.cleaning.csv").write_text("rule,pairs\nread,1\n")
    with pytest.raises(InputError, match=r"sw.cleaning.csv: no column origin"):
        read_cleaning([tmp_path / "sw.cleaning.csv"])


REMOVED = pd.DataFrame(
    [
        ("numbers", "tatoeba", f"tatoeba-sw-{i}", f"watu {i}{' wengi' * 60}", f"<b>people</b> {i}0")
        for i in (11, 12, 13)
    ],
    columns=["rule", "origin", "id", "source", "target"],
)


def test_examples_of_what_was_removed_are_folded_into_the_report(arguments, tmp_path):
    REMOVED.to_parquet(tmp_path / "sw.removed.parquet")
    page = written({**arguments, "removed": [tmp_path / "sw.removed.parquet"]})
    assert "<summary>Some pairs that numbers removed</summary>" in page
    rows = [row for row in Page(page).rows if row[1:2] and row[1].startswith("tatoeba-sw-")]
    # Two of a rule and an origin; long texts are cut; no markup of a text is one of the page.
    assert [row[1] for row in rows] == ["tatoeba-sw-11", "tatoeba-sw-12"]
    assert rows[0][2].startswith("watu 11 wengi")
    assert rows[0][2].endswith("…")
    assert rows[0][3] == "<b>people</b> 110"
    assert "Some pairs that" not in written(arguments)


def test_a_file_of_removed_pairs_of_another_shape_is_named(tmp_path):
    REMOVED.drop(columns="id").to_parquet(tmp_path / "sw.removed.parquet")
    with pytest.raises(InputError, match=r"sw.removed.parquet: columns rule, .*; expected rule, o"):
        read_removed([tmp_path / "sw.removed.parquet"])


def cleaning_of(**languages):
    """Counts of languages: {rule: pairs} of 1,000 pairs of each of two sources."""
    rows = [
        (language, origin, rule, pairs)
        for language, rules in languages.items()
        for origin in ("a", "b")
        for rule, pairs in {"read": 1000, **rules, "kept": 1000 - sum(rules.values())}.items()
    ]
    return pd.DataFrame(rows, columns=["language", "origin", "rule", "pairs"])


GROUPS = {"fr": "high", "de": "high", "sw": "low", "so": "low"}


def test_a_group_loses_the_mean_share_of_its_languages():
    cleaning = cleaning_of(
        fr={"numbers": 0, "repaired:moved": 9},
        de={"numbers": 20},
        sw={"numbers": 40, "copy": 10},
        so={"numbers": 60, "copy": 10, "empty": 0},
        tl={"numbers": 999},
    )
    shares = removed_shares(cleaning, GROUPS)
    assert list(shares.index) == ["numbers", "copy"]
    assert shares.loc["numbers"].to_dict() == pytest.approx({"high": 0.01, "low": 0.05})
    assert shares.loc["copy"].to_dict() == pytest.approx({"high": 0.0, "low": 0.01})


@pytest.mark.parametrize(
    ("high", "low", "more"),
    [(10, 30, "low"), (30, 10, "high"), (10, 20, None), (0, 6, "low"), (0, 4, None), (1, 4, None)],
)
def test_a_rule_that_takes_more_than_twice_as_much_from_a_group_is_warned_of(high, low, more):
    cleaning = cleaning_of(fr={"wrong_script": high}, sw={"wrong_script": low})
    found = bias_warnings(removed_shares(cleaning, GROUPS))
    assert len(found) == bool(more)
    for sentence in found:
        share = {"high": high, "low": low}[more] / 10
        start = f"The cleaning rule wrong script removes {share:.1f}% of the pairs of {more} and "
        assert sentence.startswith(start)


def test_what_a_source_leaves_out_is_no_loss_of_cleaning():
    left_out = {"read": 4000, "left_out:without_language": 3000, "wrong_script": 10}
    shares = removed_shares(cleaning_of(fr=left_out, sw={"wrong_script": 10}), GROUPS)
    assert shares.loc["wrong_script"].to_dict() == pytest.approx({"high": 0.01, "low": 0.01})
    assert list(shares.index) == ["wrong_script"]


def test_no_group_is_favoured_where_there_is_one_or_no_bitext():
    assert bias_warnings(removed_shares(cleaning_of(fr={"copy": 100}), GROUPS)) == []
    assert bias_warnings(removed_shares(read_cleaning([]), GROUPS)) == []
    assert bias_warnings(removed_shares(cleaning_of(tl={"copy": 100}), GROUPS)) == []


def test_the_report_warns_of_a_rule_that_favours_a_group_and_shows_its_shares(arguments, tmp_path):
    (tmp_path / "fr.cleaning.csv").write_text(CLEANING.replace("duplicate,30", "duplicate,1"))
    both = [tmp_path / "fr.cleaning.csv", tmp_path / "sw.cleaning.csv"]
    page = written({**arguments, "cleaning": both})
    assert "The cleaning rule duplicate removes 3.0% of the pairs of low and 0.1% of those" in page
    assert ["duplicate", "0.1%", "3.0%"] in Page(page).rows
    assert "The cleaning rule" not in written(arguments)


def test_how_good_translations_are_stands_in_the_report(arguments):
    assert ["xnli", "sw", "en", "1,670", "43.2"] in Page(written(arguments)).rows
    assert "chrF" not in written({**arguments, "translations": []})


def test_a_report_without_bitext_has_no_cleaning(arguments):
    assert "Cleaning of the bitext" not in written({**arguments, "cleaning": []})


def test_the_gap_table_and_the_report_are_printed_in_the_end(arguments, capsys):
    written(arguments)
    printed = capsys.readouterr().out
    assert "| xnli       | small   | optical   | 0.800 |" in printed
    assert NOTE in printed
    assert printed.endswith(f"Report: {arguments['output']}\n")
    assert max(map(len, printed.splitlines()[:-1])) <= 135


def test_show_gap_prints_without_any_package():
    code = "from optical.report.terminal import show_gap; show_gap('| a |\\n', 'report.html')"
    command = [sys.executable, "-S", "-c", code]
    folder = Path(program.__file__).parent
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout == "| a |\n\nReport: report.html\n"


def test_the_record_says_what_the_results_came_from(arguments, tmp_path):
    page = html.unescape(written(arguments))
    record = json.loads(arguments["provenance"].read_text())
    assert record["seeds"] == [1, 2]
    assert record["packages"] == {
        "no-such-package": {"asked": "2.0"},
        "numpy": {"asked": "0.1", "here": importlib.metadata.version("numpy")},
    }
    assert f"numpy 0.1, here {importlib.metadata.version('numpy')}" in page
    assert record["machine"]["cores"] == os.cpu_count()
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    assert record["version"] == project["version"]
    assert f"Version {project['version']} of the workflow, commit {record['commit']}." in page
    assert record["machine"]["processor"] in page
    checksum = hashlib.sha256(b"text").hexdigest()
    assert f"{checksum}  {tmp_path}/sw.parquet\n" in page
    assert f"{checksum}  {tmp_path}/training_set/queries.tsv\n" in page
    # The same on another day, so that it may be compared.
    before = arguments["provenance"].read_bytes()
    shutil.rmtree(tmp_path / "training_set")
    assert provenance_file(tmp_path).read_bytes() == before


def test_a_picture_that_is_no_svg_is_an_error():
    with pytest.raises(InputError, match="not SVG"):
        inline_svg("\x89PNG", "p", "a picture")


# --- what the transport is worth -----------------------------------------------------------------


def test_the_transport_is_held_against_each_control_by_group():
    contrast = compared(VALUES | CONTROLS).contrast
    of_xnli = verdict.gains(contrast, "map", verdict.CONTROLS)["xnli"]
    (greedy, of_greedy), (sentence, of_sentence) = of_xnli
    assert greedy == "small against greedy (tokens paired off greedily)"
    # Every query differs by the same, so that every resample does.
    start = (
        "high +0.050 [+0.050, +0.050], better; low +0.050 [+0.050, +0.050], better; relative gap "
    )
    assert of_greedy.startswith(start)
    assert of_greedy.endswith("points, narrower.")
    assert sentence.startswith("small against sentence")
    assert of_sentence.startswith("high −0.100 [−0.100, −0.100], worse")


def test_contrasts_of_variants_are_told_too(arguments, tmp_path):
    values = VALUES | CONTROLS | {("small", "optical-balanced"): {"fr": 0.65, "sw": 0.5}}
    tables = compared(values)
    page = written(arguments | {"tables": saved(tables, tmp_path)})
    assert "<h2>Ablation</h2>" in page
    (ablated,) = [row for row in Page(page).rows if row[:2] == ["optical", "optical-balanced"]]
    assert ablated[2] == "−0.050 [−0.050, −0.050]"
    rows = [row for row in Page(page).rows if row[:3] == ["xnli", "small", "optical"]]
    shown, *of_languages = [row for row in rows if row[3] == "optical-balanced"]
    assert shown[4] == "−0.050 [−0.050, −0.050]"
    # Of 300 resamples none lies on the other side: 2 / 301, times the four rows.
    assert shown[5] == "0.027"
    assert [row[4:7] for row in of_languages] == [
        [language, group, "−0.050 [−0.050, −0.050]"]
        for language, group in (("fr", "high"), ("sw", "low"))
    ]
    assert "<h2>Ablation</h2>" not in written(arguments)


def test_without_controls_nothing_is_said_of_them():
    assert verdict.gains(compared().contrast, "map", verdict.CONTROLS) == {}


def test_the_report_says_what_the_transport_adds(arguments, tmp_path):
    assert "What the transport adds" not in written(arguments)
    page = written(arguments | {"tables": saved(compared(VALUES | CONTROLS), tmp_path)})
    assert "small against greedy" in page
