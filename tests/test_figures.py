import itertools
import re
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.text import Text

from optical.evaluation.gap import compare
from optical.report.figures import gap_figure
from optical.report.language_figures import map_figure
from optical.report.looks import (
    COLOURS,
    METHODS,
    NEUTRAL,
    VARIANTS,
    outline,
    styles,
    themed,
    variables,
)
from optical.report.pictures import save_figure
from optical.report.plan_figures import plans_figure
from optical.report.training_figures import (
    amounts_figure,
    curves_figure,
    pairs_figure,
)
from optical.runtime.errors import InputError
from optical.settings.methods import Method

HIGH = ["bg", "el", "es", "fr", "de", "ru", "vi", "th", "zh"]
LOW = ["sw", "ur", "so", "tl", "mr", "my"]


def made_up(students, methods, languages, collections):
    """Tables of a study: values fall from language to language and rise with size and method."""
    rows = []
    for collection, language in itertools.product(collections, ["en", *languages]):
        fall = 0.03 * languages.index(language) if language != "en" else -0.2
        rows.append(("none", "bm25", language, collection, 0.1))
        for size, student in enumerate(students):
            for rank, method in enumerate(methods if language != "en" else methods[:1]):
                value = 0.5 - fall + 0.05 * size + 0.1 * rank
                rows.append((student, method, language, collection, value))
    scores = pd.DataFrame(rows, columns=["student", "method", "language", "collection", "value"])
    scores = scores.assign(study="s", teacher=scores["student"], seed=0, query_id="q", metric="map")
    scores = scores.assign(exact_value=float("nan"), exact_recall=float("nan"), doubtful=False)
    groups = {"high": [name for name in languages if name in HIGH]}
    groups["low"] = [name for name in languages if name in LOW]
    return compare(scores, groups, "en", students, resamples=200)[:2]


STUDIES = {
    "small": (["tiny", "small"], ["zero_shot", "optical"], ["fr", "es", "sw", "so"], ["c"]),
    "wide": (
        ["xlm-roberta-base", "xlm-roberta-large", "an-encoder-with-a-long-name"],
        ["zero_shot", "optical", "greedy", "sentence"],
        [*HIGH, *LOW],
        ["xnli-premise", "xnli-hypothesis", "a-collection-with-a-very-long-name-indeed"],
    ),
    "one": (["tiny"], ["zero_shot"], ["fr"], ["c"]),
    "variants": (
        ["tiny"],
        ["zero_shot", "optical", "greedy-ranking", "optical-ranking", "optical-balanced-ranking"],
        ["fr", "sw"],
        ["c"],
    ),
    "controls": (["tiny"], ["zero_shot", "sentence", "greedy", "optical"], ["fr", "sw"], ["c"]),
    "eight methods": (
        ["small", "medium", "large"],
        [
            *("zero_shot", "optical", "greedy", "sentence", "translate_query", "translate_train"),
            *("wikiclir", "optical-balanced"),
        ],
        ["fr", "es", "sw", "so"],
        ["c", "d"],
    ),
}


@pytest.fixture(params=STUDIES)
def tables(request):
    return made_up(*STUDIES[request.param])


def shown_texts(figure):
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]


def assert_readable(figure):
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    drawn, canvas = figure.get_tightbbox(renderer), figure.bbox_inches
    assert drawn.x0 >= 0, "cut off on the left"
    assert drawn.y0 >= 0, "cut off below"
    assert drawn.x1 <= canvas.x1, "cut off on the right"
    assert drawn.y1 <= canvas.y1, "cut off above"

    legends = [legend.get_window_extent(renderer) for legend in figure.legends]
    for axes in figure.axes if legends else ():
        assert not any(axes.get_window_extent(renderer).overlaps(box) for box in legends)
    texts = [text for text in shown_texts(figure) if text.get_text() in titles_of(figure)]
    for axes in figure.axes:
        low, high = axes.get_xlim()
        texts += [text for text in axes.get_xticklabels() if low <= text.get_position()[0] <= high]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts]
    for (one, box), (other, other_box) in itertools.combinations(boxes, 2):
        assert not box.overlaps(other_box), f"{one!r} lies on {other!r}"


def titles_of(figure):
    return {axes.get_title(loc="left") for axes in figure.axes}


def test_no_text_of_the_map_picture_is_cut_off(tables):
    assert_readable(map_figure(tables[0]))


def test_no_text_of_the_gap_picture_is_cut_off(tables):
    assert_readable(gap_figure(tables[1]))


def test_a_picture_that_is_cut_off_is_noticed(tables):
    figure = gap_figure(tables[1])
    figure.text(0.99, 0.5, "far too long to stand here")
    with pytest.raises(AssertionError, match="cut off on the right"):
        assert_readable(figure)


def test_each_collection_and_student_has_a_panel_with_all_languages():
    students, methods, languages, collections = STUDIES["wide"]
    figure = map_figure(made_up(students, methods, languages, collections)[0])
    assert len(figure.axes) == len(students) * len(collections)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["high", *HIGH, "low", *LOW]


def test_points_stand_at_the_values_of_the_table():
    languages, gap = made_up(*STUDIES["small"])
    (axes,) = gap_figure(gap).axes
    lines = {tuple(np.round(line.get_ydata(), 9)) for line in axes.lines}
    for method in ("zero_shot", "optical"):
        expected = gap.loc[gap["method"] == method, "relative_gap"]
        assert tuple(expected.round(9)) in lines
    axes = map_figure(languages).axes[0]
    drawn = {round(float(x), 9) for points in axes.collections for x, _ in points.get_offsets()}
    expected = languages.query("student == 'tiny' and group != 'pivot'")["value"]
    assert {round(value, 9) for value in expected} <= drawn


@pytest.mark.parametrize("number", [3, 8, 16])
def test_however_many_methods_stand_beside_each_other_and_within_the_axes(number):
    methods = ["zero_shot", *(f"variant-{at}" for at in range(1, number))]
    _, gap = made_up(["small", "large"], methods, ["fr", "sw"], ["c"])
    figure = gap_figure(gap)
    (axes,) = figure.axes
    places = np.sort(
        np.concatenate([line.get_xdata() for line in axes.lines if line.get_marker() != "None"])
    )
    assert len(places) == 2 * number
    low, high = axes.get_xlim()
    assert low < places[0]
    assert places[-1] < high
    apart = np.diff(axes.transData.transform([(place, 0) for place in places])[:, 0])
    assert apart.min() > 6 * figure.dpi / 72  # points, as large as a mark


def test_a_line_goes_through_sizes_and_not_to_a_student_of_another_size_than_its_teacher():
    _, gap = made_up(["small", "large", "small-from-large"], ["zero_shot"], ["fr", "sw"], ["c"])
    gap.loc[gap["student"] == "small-from-large", "teacher"] = "large"
    (axes,) = gap_figure(gap).axes
    joined, alone, _zero = axes.lines
    assert (list(joined.get_xdata()), list(alone.get_xdata())) == ([0, 1], [2])
    assert (joined.get_linestyle(), alone.get_linestyle()) == ("-", "None")


def test_a_collection_without_a_gap_says_so():
    _, gap = made_up(*STUDIES["one"])
    assert any("no language" in text.get_text() for text in shown_texts(gap_figure(gap)))


def test_a_share_that_is_not_defined_is_a_dash():
    _, gap = made_up(*STUDIES["controls"])
    undefined = gap["method"] == "greedy"
    gap.loc[undefined, ["gap_closed", "gap_closed_from", "gap_closed_to"]] = float("nan")
    figure = gap_figure(gap, measure="gap_closed")
    assert_readable(figure)
    assert [text.get_text() for text in figure.axes[0].texts] == ["–"]
    drawn = [line.get_ydata() for line in figure.axes[0].lines]
    assert sum(np.isnan(values).any() for values in drawn) == 1


def test_no_interval_of_a_language_lies_on_that_of_another_method(tables):
    figure = map_figure(tables[0])
    figure.draw(FigureCanvasAgg(figure).get_renderer())
    for axes in figure.axes:
        lines = [
            line
            for drawn in axes.collections
            if isinstance(drawn, LineCollection)
            for line in drawn.get_segments()
        ]
        heights = [y for (_, y), (_, other) in lines if y == other]
        assert len(set(np.round(heights, 6))) == len(heights) > 0
        apart = np.diff(np.sort(axes.transData.transform([(0, y) for y in heights])[:, 1]))
        assert apart.size == 0 or apart.min() > 3 * figure.dpi / 72


def test_rows_of_languages_are_no_higher_than_a_word_with_one_or_two_methods():
    low, high = (
        map_figure(made_up(["tiny"], ["zero_shot", *more], ["fr", "sw"], ["c"])[0])
        for more in ([], ["optical"])
    )
    labels = [figure.axes[0].get_yticks() for figure in (low, high)]
    assert list(labels[0]) == list(labels[1]) == pytest.approx([0.1, 0.3, 0.5, 0.7])


def test_an_interval_that_is_cut_has_an_arrow_and_no_other():
    _, gap = made_up(*STUDIES["controls"])

    def arrows(gap):
        return [text.xy for text in gap_figure(gap).axes[0].texts if text.arrow_patch]

    assert arrows(gap) == []
    greedy = gap["method"] == "greedy"
    gap.loc[greedy, ["relative_gap_from", "relative_gap_to"]] = -40.0, 50.0
    axes = gap_figure(gap).axes[0]
    (below, above) = arrows(gap)
    assert (below[1], above[1]) == axes.get_ylim()


def test_a_ratio_far_from_all_others_stands_at_the_edge_with_an_arrow():
    _, gap = made_up(*STUDIES["controls"])
    own = gap_figure(gap).axes[0].get_ylim()
    greedy = gap["method"] == "greedy"
    gap.loc[greedy, ["relative_gap", "relative_gap_from", "relative_gap_to"]] = -9.3, -12.0, -7.0
    axes = gap_figure(gap).axes[0]
    bottom, top = axes.get_ylim()
    assert -1.2 < bottom < -1 < 0 < top < own[1] + 0.2
    arrows = [text.xy[1] for text in axes.texts if text.arrow_patch]
    assert arrows
    assert set(arrows) == {bottom}
    lowest = min(min(line.get_ydata(), default=0) for line in axes.lines)
    assert lowest == bottom


def test_a_picture_of_shares_that_are_nowhere_defined_is_left_out():
    _, gap = made_up(*STUDIES["controls"])
    with pytest.raises(InputError, match="zero_shot has no significant gap to close"):
        gap_figure(gap.assign(gap_closed=float("nan")), measure="gap_closed")


def test_an_unknown_metric_is_an_error(tables):
    with pytest.raises(InputError, match="no student has the metric mapp, the table has map"):
        map_figure(tables[0], "mapp")


def test_equal_tables_give_equal_files(tmp_path):
    for name, suffix in itertools.product("ab", ("svg", "png")):
        languages, _ = made_up(*STUDIES["small"])
        save_figure(map_figure(languages), tmp_path / f"{name}.{suffix}")
    for suffix in ("svg", "png"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()
    with pytest.raises(InputError, match="svg or .png"):
        save_figure(map_figure(languages), tmp_path / "a.bmp")


# --- pictures of learning ------------------------------------------------------------------------


def log(start, end, steps=5):
    loss = np.linspace(start, end, steps)
    return pd.DataFrame({"examples": 32 * np.arange(1, steps + 1), "loss": loss})


def test_a_curve_is_the_mean_of_its_trainings_as_a_share_of_the_first_loss():
    curves = {"students: small": {"optical": [log(2.0, 1.0), log(4.0, 1.0)], "greedy": [log(1, 1)]}}
    figure = curves_figure(curves)
    assert_readable(figure)
    optical, greedy = figure.axes[0].lines
    assert optical.get_ydata()[[0, -1]] == pytest.approx([1.0, (0.5 + 0.25) / 2])
    assert greedy.get_ydata() == pytest.approx(np.ones(5))


def test_languages_stand_over_their_amounts_of_text():
    languages, _ = made_up(*STUDIES["small"])
    amounts = {
        "pairs": {"fr": 1000.0, "es": 500.0, "sw": 20.0, "so": 10.0},
        "texts": {"fr": 7.0, "es": 7.0, "sw": 2.0},
        "chapters": {"fr": 9.0, "es": 9.0, "sw": 9.0, "so": 9.0, "de": 1.0},
    }
    figure = amounts_figure(languages, amounts)
    assert_readable(figure)
    pairs, texts = figure.axes  # and no panel over which all languages would be in one place
    optical = languages[(languages["method"] == "optical") & (languages["student"] == "tiny")]
    expected = {
        (amounts["pairs"][row["language"]], round(row["value"], 9)) for _, row in optical.iterrows()
    }
    points = {(x, round(y, 9)) for drawn in pairs.collections for x, y in drawn.get_offsets()}
    assert expected <= points
    assert {label.get_text() for label in texts.texts} == {"fr, es", "sw"}
    with pytest.raises(InputError, match="as much text of each language as of the others"):
        amounts_figure(languages, {"chapters": amounts["chapters"]})


def test_a_plan_is_drawn_as_shares_of_a_whole_tokens_mass_with_all_tokens():
    # The second token has a counterpart in part, the third has none.
    plan = np.array([[0.4, 0.1], [0.0, 0.25], [0.0, 0.0]])
    pair = {
        "language": "sw",
        "sentences": ["a b c", "x y"],
        "source": ["a", "b", "c"],
        "target": ["x", "y"],
        "masses": [[1.0, 1.0, 1.0], [1.0, 1.0]],
        "plans": {"before": plan, "after": plan},
    }
    figure = plans_figure([pair, pair])
    assert_readable(figure)
    first = figure.axes[0]
    np.testing.assert_allclose(first.images[0].get_array(), [[0.8, 0.2], [0, 0.5], [0, 0]])
    assert [label.get_text() for label in first.get_yticklabels()] == ["a", "b", "c"]
    assert [label.get_text() for label in first.get_xticklabels()] == ["x", "y"]
    assert figure.axes[1].get_title(loc="left") == "after"


def test_a_plan_says_its_language_its_sentences_and_the_masses_of_its_tokens():
    pair = {
        "language": "sw",
        "sentences": ["paka ana $5 na " + "kiti " * 60, "the cat has $5"],
        "source": ["[Q]", "paka"],
        "target": ["cat", "has"],
        "masses": [[0.0, 2.0], [3.0, 1.0]],
        "plans": {"before": np.eye(2), "after": np.eye(2)},
    }
    figure = plans_figure([pair])
    assert_readable(figure)
    title = figure.axes[0].get_title(loc="left")
    words = " ".join(title.split())  # whatever the lines
    assert words.startswith("sw: paka ana $5 na kiti")
    assert words.endswith("→ the cat has $5 (behind a token: its share of the mass) before")
    assert figure.axes[1].get_title(loc="left") == "after"
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
        "[Q] 0%",
        "paka 100%",
    ]
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == [
        "cat 75%",
        "has 25%",
    ]
    alike = plans_figure([pair | {"masses": [[1.0, 1.0], [1.0, 1.0]]}])
    assert "(tokens weigh the same)" in alike.axes[0].get_title(loc="left")


# --- looks ---------------------------------------------------------------------------------------


def test_a_method_looks_the_same_whatever_other_methods_there_are():
    assert set(METHODS) == set(get_args(Method))
    variants = ["optical-balanced", "optical-idf", "greedy-ranking"]
    every = styles([*METHODS, *variants])
    for name in every:
        assert styles([name]) == {name: every[name]}
    assert list(every) == [*METHODS, *variants]


def test_no_two_of_many_methods_look_alike():
    names = [*METHODS, *(f"variant-{number}" for number in range(120))]
    assert len(set(styles(names).values())) == len(names)
    # One more has to look like another, and stops nothing.
    assert len(styles([*names, "more"])) == len(names) + 1


def test_no_variant_has_both_the_colour_and_the_mark_of_a_method():
    taken = {(style.color, style.marker) for style in METHODS.values()}
    assert not taken & {(style.color, style.marker) for style in VARIANTS}
    assert len(VARIANTS) >= 120


def test_every_mark_has_an_outline_of_its_own_within_the_space_of_a_page():
    markers = {style.marker for style in [*METHODS.values(), *VARIANTS]}
    outlines = {marker: outline(marker) for marker in markers}
    assert len(set(outlines.values())) == len(markers)
    assert outline("s") == "M-10.0 10.0L10.0 10.0L10.0 -10.0L-10.0 -10.0Z"
    for path in outlines.values():
        assert all(abs(float(number)) <= 15 for number in re.findall(r"-?\d+\.\d", path))


def test_a_method_has_its_colour_and_mark_in_every_picture():
    languages, gap = made_up(["tiny", "small"], ["zero_shot", "optical"], ["fr", "sw"], ["c"])
    looks = METHODS["optical"]
    figures = [
        map_figure(languages),
        gap_figure(gap),
        gap_figure(gap, measure="gap_closed"),  # of which zero_shot is no part
        curves_figure({"students: tiny": {"optical": [log(2.0, 1.0)]}}),
    ]
    for figure in figures:
        (legend,) = figure.legends
        handles = zip(legend.get_texts(), legend.legend_handles, strict=True)
        colours = [handle.get_color() for text, handle in handles if text.get_text() == "optical"]
        assert colours == [looks.color]


def luminance(colour):
    """Relative luminance of a colour, #RRGGBB, as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_colours_stand_out_from_their_paper(dark):
    paper = luminance(NEUTRAL["picture-paper"][dark])
    for name, both in COLOURS.items():
        one, other = sorted([luminance(both[dark]), paper])
        assert (other + 0.05) / (one + 0.05) >= 3, name


def test_colours_of_a_picture_within_a_page_are_those_of_the_page(tmp_path):
    languages, _ = made_up(["tiny"], ["zero_shot", "optical", "a-variant"], ["fr", "sw"], ["c"])
    save_figure(map_figure(languages), tmp_path / "a.svg")
    svg = themed((tmp_path / "a.svg").read_text())
    assert re.findall(r"(?:fill|stroke): #[0-9a-fA-F]{3,6}", svg) == []
    used = set(re.findall(r"var\((--[\w-]+)\)", svg))
    assert {"--blue", "--amber", "--picture-ink", "--picture-paper"} <= used
    for dark in (False, True):
        assert used <= set(re.findall(r"(--[\w-]+):", variables(dark)))


def test_a_learning_curve_has_a_point_for_each_number_of_pairs():
    languages, _ = made_up(["tiny"], ["zero_shot", "few", "many"], ["fr", "sw"], ["c", "d"])
    kept = {"fr": 5000, "sw": 300}
    figure = pairs_figure(languages, {"few": 100, "many": None}, kept)
    assert_readable(figure)
    panels = [axes for axes in figure.axes if axes.get_lines()]
    assert [axes.get_title(loc="left") for axes in panels] == ["c", "d"]
    points = {line.get_label(): list(line.get_xdata()) for line in panels[0].get_lines()}
    assert points == {"fr": [100, 5000], "sw": [100, 300]}
    names = {text.get_text(): text.xy for text in panels[0].texts}
    assert {language: x for language, (x, _) in names.items()} == {"fr": 5000, "sw": 300}
    with pytest.raises(InputError, match="distilled from as many pairs as each other"):
        pairs_figure(languages, {"few": 100}, kept)


def ticks_of(axes):
    return sorted(
        (tick.get_loc(), tick.label1.get_text())
        for tick in [*axes.xaxis.get_major_ticks(), *axes.xaxis.get_minor_ticks()]
    )


def test_amounts_are_labelled_as_plain_numbers_that_do_not_meet():
    names = ["fr", "es", "de", "sw", "so"]
    languages, _ = made_up(["tiny"], ["zero_shot", "few", "many"], names, ["c", "d"])
    kept = {"fr": 1_500_000, "es": 1_400_000, "de": 20_000, "sw": 19_000, "so": 300}
    figure = pairs_figure(languages, {"few": 500, "many": None}, kept)
    assert_readable(figure)
    for axes in figure.axes:
        assert ticks_of(axes) == [(300, "300"), (19_000, "19,000"), (1_500_000, "1,500,000")]
    figure = amounts_figure(languages, {"pairs": kept, "hours": {"fr": 8.5, "es": 2.5, "so": 2.4}})
    assert_readable(figure)
    pairs, hours = figure.axes
    assert [text for _, text in ticks_of(pairs)][::2] == ["300", "1,500,000"]
    assert [text for _, text in ticks_of(hours)] == ["2.4", "8.5"]


def test_a_student_without_a_method_leaves_its_place_empty():
    languages, _ = made_up(["tiny", "small"], ["zero_shot", "optical"], ["fr", "sw"], ["c"])
    absent = (languages["student"] == "tiny") & (languages["method"] == "optical")
    figure = map_figure(languages[~absent].astype({"language": "str"}))
    assert_readable(figure)


def test_names_of_languages_that_end_in_one_place_do_not_meet():
    names = ["fr", "es", "de", "sw", "so", "ur"]
    languages, _ = made_up(["tiny"], ["zero_shot", "few", "many"], names, ["c"])
    languages["value"] = 0.3
    figure = pairs_figure(languages, {"few": 100, "many": None}, dict.fromkeys(names, 5000))
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
    assert len(boxes) == 6
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
