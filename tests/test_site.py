"""The documentation as a site, and its pages that are made from the code."""

import json
import os
import re
import runpy
import subprocess
import sys
from types import SimpleNamespace

import pytest

from optical.settings.schema import SPARSE_COMMENT
from optical.study.loading import schema
from optical.study.settings_page import escaped, page
from trees import ROOT, succeeds

DOCS = ROOT / "docs"
SETTINGS = DOCS / "reference/settings.md"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built with every warning an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    # The order in which a shell lists files, and colours, are those of no machine.
    environment = os.environ | {"NO_COLOR": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    succeeds(done)
    return folder


def test_every_page_is_on_the_site(site):
    for file in DOCS.rglob("*.md"):
        name = file.relative_to(DOCS).with_suffix("")
        html = site / ("index.html" if name.name == "index" else f"{name}/index.html")
        assert "</html>" in html.read_text(encoding="utf-8")
    assert not list(site.rglob("*.py"))


def test_the_library_is_described_from_its_docstrings(site):
    text = (site / "reference/api/index.html").read_text(encoding="utf-8")
    for name in (
        *("transport.losses.OptimalTransportLoss", "transport.solvers.transport_plan"),
        *("retrieval.token_index.open_index", "evaluation.gap.compare"),
    ):
        assert f'id="optical.{name}"' in text
    assert "Frobenius product of the plan and the cost" in " ".join(text.split())


def test_a_page_needs_nothing_from_elsewhere(site):
    text = (site / "index.html").read_text(encoding="utf-8")
    assert not re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="https?://', text)


def test_links_out_of_the_pages_become_names(site):
    text = (site / "reference/code/index.html").read_text(encoding="utf-8")
    assert "<code>CONTRIBUTING.md</code>" in text
    assert 'href="../../../CONTRIBUTING.md"' not in text


def named(markdown, uri="how-to/a.md"):
    hook = runpy.run_path(str(DOCS / "outside_links.py"))["on_page_markdown"]
    page = SimpleNamespace(file=SimpleNamespace(src_uri=uri))
    return hook(markdown, page=page, config={"docs_dir": str(DOCS)}, files=None)


def test_a_link_out_of_the_pages_keeps_its_text():
    assert named("see [the image](../../Containerfile).") == "see the image (`Containerfile`)."
    assert named("[b](../results.md), [c](https://example.org)") == (
        "[b](../results.md), [c](https://example.org)"
    )
    with pytest.raises(FileNotFoundError, match=r"how-to/a\.md: no \.\./\.\./nothing"):
        named("[x](../../nothing)")


def test_the_page_of_settings_is_that_of_today():
    assert SETTINGS.read_text(encoding="utf-8") == page(schema()), (
        "write it again: make settings-page"
    )


def settings_of(about, section=""):
    """(section, name, entry) of every setting of a schema."""
    for name, entry in about["properties"].items():
        items = entry.get("additionalProperties")
        inner = entry if "properties" in entry else items if isinstance(items, dict) else {}
        if inner.get("$comment") == SPARSE_COMMENT:
            continue
        if "properties" in inner:
            yield from settings_of(inner, name)
        else:
            yield section or "Study", name, entry


def test_every_setting_is_on_its_page_with_its_default():
    text = SETTINGS.read_text(encoding="utf-8")
    parts = dict(
        zip(*[iter(re.split(r"^## (\w+)\n", text, flags=re.MULTILINE)[1:])] * 2, strict=True)
    )
    settings = list(settings_of(schema()))
    assert len(settings) > 120
    for section, name, entry in settings:
        (row,) = re.findall(rf"^\| `{name}` \|.*$", parts[section], flags=re.MULTILINE)
        assert escaped(entry["description"]) in row
        if "default" in entry:
            assert json.loads(row.split(" | ")[2].strip("`")) == entry["default"]


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md"])
def test_a_page_beside_the_site_links_to_files_that_are_there(page):
    targets = re.findall(r"\]\(([^)#\s]+)", (DOCS.parent / page).read_text())
    inside = [target for target in targets if "://" not in target]
    assert inside
    assert not [target for target in inside if not (DOCS.parent / target).exists()]
