"""Pages as a reader meets them: Chromium, and what is checked of every page."""

import shutil
from contextlib import contextmanager

from playwright.sync_api import sync_playwright

from trees import ROOT

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
SIZES = [WIDE, NARROW]
QUIET = [
    *("--disable-quic", "--disable-background-networking", "--disable-component-update"),
    "--disable-sync",
]
AXE = ROOT / ".venv-axe/node_modules/axe-core/axe.min.js"
"""Made by `make axe`."""

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


@contextmanager
def started():
    """A browser that asks nobody for anything."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=BROWSER, chromium_sandbox=False, args=QUIET
        )
        yield browser
        browser.close()


def opened(browser, file, size=WIDE, colours="light"):
    """A page of a file; its lists `said` and `asked` have what it said and what it loaded."""
    page = browser.new_page(viewport=size, color_scheme=colours)
    page.said, page.asked = [], []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(file.as_uri())
    return settled(page)


def settled(page):
    """The page, three frames later: a browser calls observers of sizes as it draws one."""
    page.evaluate(
        "async () => {"
        " for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame); }"
    )
    return page


def unfold(page):
    """Open everything that is folded."""
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    settled(page)


FAULTS = (ROOT / "tests/page_faults.js").read_text()


def faults(page):
    """Contrast that is too low, controls and pictures without a name, headings out of order."""
    return page.evaluate(FAULTS)


def axe_faults(page):
    """The violations that axe finds: the rule, and the element."""
    page.evaluate(AXE.read_text())
    result = page.evaluate("(tags) => axe.run(document, { runOnly: tags })", RULES)
    return [
        f"{rule['id']}: {node['html'][:80]}"
        for rule in result["violations"]
        for node in rule["nodes"]
    ]


CUT = r"""
() => [...document.querySelectorAll(".scrolled")].flatMap((e) => {
  if (!e.checkVisibility()) return [];
  const over = e.scrollWidth > e.clientWidth + 1;
  const told = e.nextElementSibling.checkVisibility();
  return over === told ? [] : [`${e.getAttribute("aria-label")}: scrolls ${over}, says so ${told}`];
})
"""


def unannounced(page):
    """The parts that scroll without a sign, or have a sign and do not scroll."""
    return page.evaluate(CUT)
