"""What each cleaning rule removes of real bitext, by language and source, as a share of the pairs.

The files are those of downloads/, or of a mirror. Nothing is kept away from tests here, so the
rule `leak` removes nothing. The last two columns are about the rule `numbers` alone: pairs that it
keeps are given the numbers of another pair in place of their own, in the pivot language, and the
last column says what share of them it then finds. Run it in two checkouts to compare them.
"""

import argparse
import re
import tempfile
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from optical.corpora import registry
from optical.corpora.cleaning import RULES, Cleaner
from optical.corpora.records import Pair

PIVOT = "en"
SOURCES = ["tico19", "tatoeba", "lafand", "ntrex"]
DOWNLOADS = Path(__file__).parents[1] / "downloads"
DATASETS = DOWNLOADS.parent / "resources" / "datasets.yaml"
PLAIN = re.compile(r"(?<![\w-])\d[\d.,]*\d(?![\w-])")
"""A number of two digits and more as English writes it, and not in a name such as COVID-19."""


def linked(source: str, mirror: Path | None, folder: Path) -> list[str]:
    """Give the files of a source their names in a folder; returns the languages that are there."""
    languages = set()
    for name, entry in yaml.safe_load(DATASETS.read_text("utf-8"))[source]["files"].items():
        address = urlsplit(entry["url"])
        of_mirror = mirror and mirror / address.netloc / address.path.lstrip("/")
        file = of_mirror or DOWNLOADS / source / name
        if file.exists():
            (folder / name).symlink_to(file.resolve())
            languages.add(entry.get("language"))
    return sorted(languages - {None, PIVOT})


def planted(pairs: list[Pair]) -> Iterator[Pair]:
    """The pairs that have numbers in the pivot language, each with those of the next such pair.

    A pair whose numbers the next one has too is left out.
    """
    numbered = [pair for pair in pairs if PLAIN.search(pair.target)]
    for pair, other in zip(numbered, numbered[1:], strict=False):
        own, others = PLAIN.findall(pair.target), PLAIN.findall(other.target)
        if not set(own) & set(others):
            numbers = cycle(others)
            yield pair._replace(target=PLAIN.sub(lambda _: next(numbers), pair.target))  # noqa: B023


def row(source: str, language: str, folder: Path, pairs: int | None) -> list[str]:
    """The cells of a source's language."""
    cleaner = Cleaner(language, PIVOT)
    kept = list(cleaner.clean(source, islice(registry.bitext(source, folder, language), pairs)))
    counts = cleaner.counts[source]
    wrong = list(planted(kept))
    found = sum(
        cleaner.broken_rule(pair, len(pair.source) / len(pair.target)) == "numbers"
        for pair in wrong
    )
    removed = [f"{100 * counts[rule] / counts['read']:.2f}" for rule in RULES]
    share = f"{100 * found / len(wrong):.1f}" if wrong else "–"
    return [language, source, f"{counts['read']}", *removed, f"{len(wrong)}", share]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mirror", type=Path, help="folder of <host>/<path> (downloads/)")
    parser.add_argument("--sources", nargs="+", default=SOURCES, help="bitext sources")
    parser.add_argument("--languages", nargs="+", help="languages (all that are there)")
    parser.add_argument("--pairs", type=int, help="pairs of a source and language (all)")
    arguments = parser.parse_args()
    headings = ["language", "source", "read", *RULES, "planted", "found"]
    print(f"| {' | '.join(headings)} |\n|---|---|{'--:|' * (len(headings) - 2)}", flush=True)
    absent = []
    for source in arguments.sources:
        with tempfile.TemporaryDirectory() as name:
            languages = linked(source, arguments.mirror, Path(name))
            for language in languages:
                if not arguments.languages or language in arguments.languages:
                    cells = row(source, language, Path(name), arguments.pairs)
                    print(f"| {' | '.join(cells)} |", flush=True)
            absent += [] if languages else [source]
    if absent:
        print(f"no file of {', '.join(absent)} is here")
