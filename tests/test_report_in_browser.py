"""The report as a reader meets it: wide and narrow, light and dark, by mouse and by keyboard."""

import shutil

import pytest
from playwright.sync_api import sync_playwright

import write_report
from test_report import (
    CLEANING,
    CONTROLS,
    COSTS,
    DATASETS,
    LARGE,
    NOTE,
    TRAINING,
    VALUES,
    compared,
    draw,
    provenance_file,
    saved,
)

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(not BROWSER, reason="Chromium is not installed")
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
QUIET = [
    *("--disable-quic", "--disable-background-networking", "--disable-component-update"),
    "--disable-sync",
]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = saved(compared(VALUES | CONTROLS | LARGE), tmp_path_factory.mktemp("report"))
    draw(folder)
    for name, text in (
        ("study.yaml", "epsilon: 0.05\n"),
        ("sw.cleaning.csv", CLEANING),
        ("cost_table.csv", COSTS),
        ("training_set.csv", TRAINING),
        ("stage.yaml", "dependencies: [numpy]\n"),
    ):
        (folder / name).write_text(text)
    write_report.main(
        study="a-study",
        settings=folder / "study.yaml",
        tables=folder,
        costs=folder / "cost_table.csv",
        pictures=[folder / "gap_by_size.svg", folder / "map_by_language.svg"],
        cleaning=[folder / "sw.cleaning.csv"],
        training=folder / "training_set.csv",
        datasets=DATASETS,
        sources=["tatoeba"],
        environments=[folder / "stage.yaml"],
        provenance=provenance_file(folder),
        note=NOTE,
        metric="map",
        output=folder / "report.html",
    )
    return folder / "report.html"


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=BROWSER, chromium_sandbox=False, args=QUIET
        )
        yield started
        started.close()


@pytest.fixture
def opened(browser, report):
    """A function that opens the report, and what it said and asked for meanwhile."""
    pages = []

    def open_page(size=WIDE, colours="light"):
        page = browser.new_page(viewport=size, color_scheme=colours)
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(report.as_uri())
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_page_is_whole_says_nothing_and_asks_for_nothing(opened, report, size, colours):
    page = opened(size, colours)
    assert page.said == []
    assert page.asked == [report.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    ink, paper = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    shade = [sum(map(int, text[4:-1].split(","))) / 3 for text in (ink, paper)]
    assert (shade[0] < 60 < 200 < shade[1]) == (colours == "light")
    assert (shade[1] < 60 < 200 < shade[0]) == (colours == "dark")


def test_the_report_is_small(report):
    assert report.stat().st_size < 5_000_000


def column(page, heading):
    """The cells of a column of the gap table, from the top."""
    table = page.locator('[aria-label="Gap table"] table')
    place = [text.split(" ▲")[0] for text in table.locator("th").all_inner_texts()].index(heading)
    return table.locator(f"tbody td:nth-child({place + 1})").all_inner_texts()


def test_a_click_on_a_heading_sorts_by_value_and_another_one_turns_it(opened):
    page = opened()
    button = page.locator('[aria-label="Gap table"] th', has_text="High").locator("button")
    before = column(page, "High")
    button.click()
    assert column(page, "High") == sorted(before, key=float)
    assert before != sorted(before, key=float)
    button.click()
    assert column(page, "High") == sorted(before, key=float, reverse=True)


def test_a_table_is_sorted_by_keyboard_and_says_so(opened):
    page = opened()
    heading = page.locator('[aria-label="Gap table"] th', has_text="Relative gap")
    heading.locator("button").focus()
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "ascending"
    values = [float(text.split("%")[0]) for text in column(page, "Relative gap")]
    assert values == sorted(values)


def test_every_part_that_scrolls_or_opens_is_reached_by_the_tab_key(opened):
    page = opened(NARROW)
    reached = set()
    for _ in range(300):
        page.keyboard.press("Tab")
        name = page.evaluate(
            "(e => e.getAttribute('aria-label') || e.textContent)(document.activeElement)"
        )
        reached.add(name.strip())
    wanted = page.evaluate(
        "[...document.querySelectorAll('.scrolled, summary')].filter(e => e.checkVisibility())"
        ".map(e => (e.getAttribute('aria-label') || e.textContent).trim())"
    )
    assert set(wanted) <= reached
