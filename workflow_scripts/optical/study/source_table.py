"""The table of all sources in docs/reference/sources.md, made from resources/datasets.yaml."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from urllib.parse import urlsplit

from optical.corpora import registry
from optical.runtime.errors import InputError
from optical.study.study import dataset_of

HEADING = ("source", "direction", "languages", "licence", "size", "pinned to", "checked by")
BEGIN, END = "<!-- sources: made by `make data-table` -->\n", "<!-- end of sources -->\n"

COMMIT = re.compile(r"/([0-9a-f]{40})/")
BRANCH = re.compile(r"/resolve/(\w+)/")


def with_table(text: str, datasets: Mapping[str, Mapping]) -> str:
    """A page with the table of these data sets in place of the one between its marks.

    Raises:
        InputError: for a page without both marks.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise InputError(f"no table; expected the lines {BEGIN.strip()} and {END.strip()}")
    table = "".join(f"{line}\n" for line in rows(datasets))
    return f"{before}{begin}{table}{end}{after}"


def rows(datasets: Mapping[str, Mapping]) -> Iterator[str]:
    """The lines of the table, a data set each."""
    yield line(HEADING)
    yield line(["---"] * len(HEADING))
    for name, entry in datasets.items():
        files = entry["files"].values()
        yield line(
            [
                f"[{name}]({entry['homepage']})",
                "; ".join(directions(name)),
                " ".join(languages(entry)),
                "; ".join(dict.fromkeys([entry["licence"], *parts_licences(entry)])),
                amount([file.get("bytes") for file in files]),
                *origin(entry),
            ]
        )


def origin(entry: Mapping) -> tuple[str, str]:
    """What the files of a data set are pinned to, and what they are checked by."""
    if "folder" in entry:
        return "yours to supply", "their reader alone"
    if entry.get("layout") == "ir_datasets":
        return "what ir_datasets names", "ir_datasets, by MD5"
    files = entry["files"].values()
    return pins(file["url"] for file in files), checks(files)


def line(cells: Collection[str]) -> str:
    """A row of a table in Markdown."""
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def directions(name: str) -> Iterator[str]:
    """What a data set is read for, and which side is foreign."""
    if name in registry.BITEXT:
        yield "bitext: foreign and English sentence"
    if name in registry.JUDGED:
        yield "training: foreign query, English document"
    if name in registry.TRAINING_SETS:
        yield "training: English query, English passage"
    collections = {each for each in registry.COLLECTIONS if dataset_of(each) == name}
    if collections:
        yield "test: foreign query, English passage"
    if collections & registry.POOLED:
        yield "test: foreign query, passages in all languages"


def languages(entry: Mapping) -> list[str]:
    """The languages of a data set, those of public topics among them."""
    found = {*entry.get("languages", ())}
    found |= {file["language"] for file in entry["files"].values() if "language" in file}
    for group in entry.get("topics", ()):
        found |= {*(group["languages"] if group.get("public", True) else ())}
    return sorted(found)


def parts_licences(entry: Mapping) -> list[str]:
    """Licences of single files, with their languages."""
    found: dict[str, set[str]] = {}
    for file in entry["files"].values():
        if "licence" in file and file["licence"] != entry["licence"]:
            found.setdefault(file["licence"], set()).add(file.get("language", "all"))
    return [f"{licence} ({' '.join(sorted(langs))})" for licence, langs in found.items()]


def pins(urls: Iterator[str]) -> str:
    """What the addresses of a data set are of: commits, a branch, or a host without revisions."""
    found: Counter[str] = Counter()
    for url in urls:
        if commit := COMMIT.search(url):
            found[f"commit {commit[1][:12]}"] += 1
        elif branch := BRANCH.search(url):
            found[f"**branch {branch[1]}**"] += 1
        else:
            found[f"the address at {urlsplit(url).hostname}"] += 1
    return counted(found)


def checks(files: Collection[Mapping]) -> str:
    """What the files of a data set are checked by when they arrive."""
    found: Counter[str] = Counter()
    for file in files:
        sums = [name for key, name in (("sha256", "SHA-256"), ("md5", "MD5")) if key in file]
        sums += ["size"] if "bytes" in file else []
        found[" and ".join(sums) or "first download"] += 1
    return counted(found)


def counted(found: Counter[str]) -> str:
    """What there is, with its numbers where it is of several kinds."""
    if len(found) == 1:
        return next(iter(found))
    return ", ".join(f"{what}: {number}" for what, number in found.most_common())


def amount(sizes: Collection[int | None]) -> str:
    """The sum of sizes in bytes for people; how many are unknown is said beside it."""
    known = [size for size in sizes if size is not None]
    unknown = len(sizes) - len(known)
    total = float(sum(known))
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if total < 1000 or unit == "TB":
            break
        total /= 1000
    text = f"{total:.0f} {unit}" if unit == "B" else f"{total:.1f} {unit}"
    if not unknown:
        return text
    return f"{text} and {unknown} of unknown size" if known else "unknown"
