import html.parser
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import plot_gap
import plot_map
import write_report as program
from optical.gap import gap_table
from optical.report import answers, inline_svg, read_cleaning, transport_gains, versions

NOTE = "The data is constructed: <invented> languages."
CLEANING = "origin,rule,pairs\ntatoeba,read,1000\ntatoeba,duplicate,30\ntatoeba,kept,970\n"


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


def language_rows():
    values = {
        ("none", "bm25"): {"en": 0.5, "fr": 0.2, "sw": 0.1},
        ("small", "zero_shot"): {"en": 0.8, "fr": 0.5, "sw": 0.2},
        ("small", "optical"): {"fr": 0.6, "sw": 0.45},
    }
    groups = {"en": "pivot", "fr": "high", "sw": "low"}
    rows = [
        ("xnli", student, student, method, language, groups[language], "map", 1670, value, floor)
        + (0, float("nan"), float("nan"), float("nan"))
        for (student, method), of_language in values.items()
        for language, value in of_language.items()
        for floor in [values["none", "bm25"][language]]
    ]
    return pd.DataFrame(
        rows,
        columns=[
            *("collection", "student", "teacher", "method", "language"),
            *("group", "metric", "n_queries", "value", "floor"),
            *("n_exact", "index_value", "exact_value", "exact_recall"),
        ],
    )


@pytest.fixture(scope="module")
def tables_and_pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gap")
    languages = language_rows()
    languages.to_csv(folder / "language_table.csv", index=False)
    gap_table(languages, "en").to_csv(folder / "gap_table.csv", index=False)
    plot_map.main(folder / "language_table.csv", "map", [folder / "map.svg"])
    plot_gap.main(folder / "gap_table.csv", "map", [folder / "gap.svg"])
    return folder


@pytest.fixture
def arguments(tables_and_pictures, tmp_path):
    folder = tables_and_pictures
    (tmp_path / "study.yaml").write_text("epsilon: 0.05 # <b>not bold</b>\n")
    (tmp_path / "sw.cleaning.csv").write_text(CLEANING)
    (tmp_path / "stage.yaml").write_text("dependencies: [numpy]\n")
    return {
        "study": "a-study",
        "settings": tmp_path / "study.yaml",
        "language_table": folder / "language_table.csv",
        "gap_table": folder / "gap_table.csv",
        "map_picture": folder / "map.svg",
        "gap_picture": folder / "gap.svg",
        "cleaning": [tmp_path / "sw.cleaning.csv"],
        "environments": [tmp_path / "stage.yaml"],
        "note": NOTE,
        "metric": "map",
        "output": tmp_path / "report.html",
    }


def written(arguments):
    program.main(**arguments)
    return arguments["output"].read_text(encoding="utf-8")


def test_the_numbers_are_those_of_the_tables(arguments):
    rows = Page(written(arguments)).rows
    # Relative gaps 1 - .2 / .5 and 1 - .45 / .6; closed 1 - .25 / .6.
    zero_shot = ["0.800", "0.500", "0.200", "0.300", "60.0%", "0.0%"]
    optical = ["0.800", "0.600", "0.450", "0.150", "25.0%", "58.3%"]
    assert ["xnli", "small", "zero_shot", *zero_shot] in rows
    assert ["xnli", "small", "optical", *optical] in rows
    assert ["sw", "low", "1,670", "0.100", "0.200", "0.450"] in rows
    assert ["en", "pivot", "1,670", "0.500", "0.800", "–"] in rows


def test_the_answer_is_read_from_the_gap_table(arguments):
    page = written(arguments)
    gap = pd.read_csv(arguments["gap_table"], keep_default_na=False, na_values=[""])
    ((collection, (line,)),) = answers(gap, "map").items()
    assert (collection, line["before"], line["after"]) == ("xnli", "60.0%", "25.0%")
    assert line["change"] == "58.3% of it closed"
    assert (line["low_after"], line["high_before"]) == ("0.450", "0.500")
    said = " ".join(re.sub(r"<[^>]+>", "", page).split())
    assert "small, optical: relative gap 60.0% → 25.0% (58.3% of it closed)" in said


def test_a_collection_without_a_gap_has_no_line_in_the_answer():
    languages = language_rows()
    gap = gap_table(languages[languages["group"] != "low"], "en")
    assert answers(gap, "map") == {"xnli": []}


def test_a_gap_that_widens_is_not_called_closed():
    languages = language_rows()
    worse = (languages["method"] == "optical") & (languages["language"] == "sw")
    languages.loc[worse, "value"] = 0.12
    ((line,),) = answers(gap_table(languages, "en"), "map").values()
    # Relative gap 1 - .12 / .6 = .8 beside .6: wider by a third.
    assert (line["after"], line["change"]) == ("80.0%", "wider by 33.3% of it")


def test_the_page_loads_nothing(arguments):
    page = written(arguments)
    loaded = Page(page).loaded
    assert loaded, "the pictures refer to their own parts"
    assert all(address.startswith("#") for address in loaded)
    assert not re.search(r"url\((?!#)|@import|<script|<link", page)


def test_ids_of_the_pictures_do_not_meet(arguments):
    ids = Page(written(arguments)).ids
    assert len(ids) == len(set(ids))


def test_a_note_is_shown_and_none_is_not(arguments):
    assert "The data is constructed: &lt;invented&gt; languages." in written(arguments)
    assert 'role="note"' in written(arguments)
    assert 'role="note"' not in written({**arguments, "note": ""})


def test_settings_are_shown_as_text(arguments):
    assert "epsilon: 0.05 # &lt;b&gt;not bold&lt;/b&gt;" in written(arguments)


def test_the_cleaning_of_the_bitext_is_shown(arguments):
    rows = Page(written(arguments)).rows
    assert ["Language", "Origin", "read", "duplicate", "kept", "Kept share"] in rows
    assert ["sw", "tatoeba", "1,000", "30", "970", "97.0%"] in rows


def test_a_cleaning_file_of_another_shape_is_named(tmp_path):
    (tmp_path / "sw.cleaning.csv").write_text("rule,pairs\nread,1\n")
    with pytest.raises(ValueError, match=r"sw.cleaning.csv: no column origin"):
        read_cleaning([tmp_path / "sw.cleaning.csv"])


def test_a_report_without_bitext_has_no_cleaning(arguments):
    assert "Cleaning of the bitext" not in written({**arguments, "cleaning": []})


def test_the_gap_table_and_the_report_are_printed_in_the_end(arguments, capsys):
    written(arguments)
    printed = capsys.readouterr().out
    assert "| xnli       | small   | optical   | 0.800 |" in printed
    assert NOTE in printed
    assert printed.endswith(f"Report: {arguments['output']}\n")
    assert max(map(len, printed.splitlines()[:-1])) <= 100


def test_show_gap_prints_without_any_package(tmp_path):
    (tmp_path / "gap_table.md").write_text("| a |\n")
    (tmp_path / "report.html").write_text("")
    script = Path(program.__file__).with_name("show_gap.py")
    command = [sys.executable, "-S", script, "--gap-table", tmp_path / "gap_table.md"]
    command += ["--report", tmp_path / "report.html"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"| a |\n\nReport: {tmp_path / 'report.html'}\n"


def test_a_picture_that_is_no_svg_is_an_error():
    with pytest.raises(ValueError, match="not SVG"):
        inline_svg("\x89PNG", "p")


def test_versions_are_those_of_installed_packages():
    found = versions(("numpy", "no-such-package"))
    assert set(found) == {"Python", "numpy"}


# --- what the transport is worth -----------------------------------------------------------------


def with_controls():
    rows = language_rows()
    controls = []
    for method, change in (("greedy", -0.05), ("sentence", 0.1)):
        control = rows[rows["method"] == "optical"].assign(method=method)
        controls.append(control.assign(value=control["value"] + change))
    return gap_table(pd.concat([rows, *controls], ignore_index=True), "en")


def test_the_transport_is_held_against_each_control_by_group():
    (greedy, sentence) = transport_gains(with_controls(), "map")["xnli"]
    assert greedy["control"] == "greedy"
    assert greedy["low"] == "0.450 and 0.400, +0.050"
    assert sentence["high"] == "0.600 and 0.700, −0.100"


def test_without_controls_nothing_is_said_of_them():
    assert transport_gains(gap_table(language_rows(), "en"), "map") == {}


def test_the_report_says_what_the_transport_adds(arguments, tmp_path):
    assert "What the transport adds" not in written(arguments)
    with_controls().to_csv(tmp_path / "gap_table.csv", index=False)
    page = written(arguments | {"gap_table": tmp_path / "gap_table.csv"})
    assert "high 0.600 and 0.550, +0.050; low 0.450 and 0.400, +0.050" in " ".join(page.split())
