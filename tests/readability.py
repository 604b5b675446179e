"""How readable the prose is: length of sentences, share of passive ones, and home-made terms.

    python tests/readability.py [FILE.md ...]

prints a line for each page, and for the descriptions of the settings. Tables, code, headings and
comments are no prose. The passive is found by its form, a form of "to be" with a participle, so
that its share is a measure and no judgement of a single sentence.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, quantiles

ROOT = Path(__file__).parents[1]

LONG = 25
"""From this many words on, a sentence is long."""

FORBIDDEN = {
    r"\blearnt\b": "training, trained on",
    r"\b(is|are) below it\b": "inherit",
    r"\bknows? of\b": "cover",
    r"\bintervals? (that )?(holds?|know)": "the interval includes, covers",
    r"\bvalues of p\b": "p-values",
    r"\bat home\b": "homepage",
    r"as small as still means something": "the smallest meaningful size",
    r"\bhardly told\b|\btold from\b": "distinguish",
    r"\banew\b": "again",
    r"\bof yours\b": "user-provided, your",
    r"\bby the id there\b|\bthe id there\b": "the ir_datasets id",
    r"\b(travels?|stays) whole\b|\btravels\b": "is transported in full",
    r"\bpieces of (the|both)\b|\b\d[\d,]* pieces\b": "tokens",
    r"\bsquare of (the )?plan\b": "all combinations of",
    r"\bpair(ed|s)? (tokens )?off\b": "pair one to one",
    r"\bturn(ed|s) (\w+ \w+ )?round\b": "reverse",
    r"\bgoes on\b|\bgo on\b|\bwent on\b": "continue, resume",
    r"\bof like (length|size)": "of similar",
    r"\bcollections? (that )?asks?\b|\banswers (one|it)\b": "contains a query, its passage",
    r"\b(encoders?|languages?) (have|has|never) (ever )?read\b": "was pre-trained on",
    r"\breads? (the )?(queries|passages|a language|questions)\b": "encodes",
    r"\bhas to be asked for\b|\basked for\b": "request",
    r"\bwith a heading\b|\bwithout a heading\b": "header",
    r"\bnext to (nothing|no)\b": "almost",
    r"\bin place of\b": "instead of",
    r"\bnot to be\b": "do not",
    r"\bit is not asked\b": "apply",
    r"\bseeds tell\b": "use several seeds",
    r"\bso are\b(?! the)": "also",
}
"""Home-made terms and riddles, and what the field says."""

PARTICIPLES = (
    "begun|bought|broken|brought|built|chosen|counted|cut|done|drawn|fed|found|given|held|kept|"
    "known|laid|left|lent|lost|made|meant|met|paid|put|read|run|said|seen|sent|set|shown|spent|"
    "split|taken|taught|told|thrown|understood|written"
)
PASSIVE = re.compile(
    r"\b(?:am|is|are|was|were|be|been|being)\b(?:\s+(?:not|also|then|only|never|already|\w+ly))*"
    rf"\s+(?:\w+ed|{PARTICIPLES})\b",
    re.IGNORECASE,
)
# What ends with a full stop and no sentence.
ABBREVIATIONS = re.compile(r"\b(e\.g|i\.e|et al|vs|cf|Fig|Eq|approx)\.")


@dataclass(frozen=True)
class Readability:
    """What was counted of a page."""

    name: str
    sentences: tuple[str, ...]
    forbidden: tuple[str, ...]

    @property
    def lengths(self) -> list[int]:
        """Words of each sentence."""
        return [len(sentence.split()) for sentence in self.sentences]

    @property
    def mean(self) -> float:
        """Words of a sentence."""
        return mean(self.lengths)

    @property
    def long(self) -> float:
        """Share of sentences of more than `LONG` words."""
        return mean(length > LONG for length in self.lengths)

    @property
    def passive(self) -> float:
        """Share of sentences with a passive verb."""
        return mean(bool(PASSIVE.search(sentence)) for sentence in self.sentences)


def prose_of(markdown: str) -> Iterator[str]:
    """The paragraphs and list items of a page of Markdown, without code, tables and headings."""
    text = re.sub(r"<!--.*?-->", "", markdown, flags=re.DOTALL)
    text = re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^\$\$.*?^\$\$", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"`[^`]*`|\$[^$\n]+\$", "code", text)
    text = text.replace("**", "").replace("*", "")
    block: list[str] = []
    for line in [*text.splitlines(), ""]:
        starts = re.match(r"\s*(-|\d+\.)\s", line)
        aside = re.match(r"\s*(#|\||:::|<|!!!|---|=)", line)
        if starts or aside or not line.strip():
            if block:
                yield " ".join(block)
            block = []
        if not aside and line.strip():
            block.append(re.sub(r"^\s*(-|\d+\.)\s+", "", line).strip())


def sentences_of(paragraphs: Iterable[str]) -> Iterator[str]:
    """The sentences of paragraphs, those of one or two words left out."""
    for paragraph in paragraphs:
        text = ABBREVIATIONS.sub(r"\1", paragraph)
        for sentence in re.split(r"(?<=[.?!])[)\"']?\s+", text):
            if len(sentence.split()) > 2:
                yield sentence


def readability(name: str, paragraphs: Iterable[str]) -> Readability:
    """What is counted of some paragraphs."""
    sentences = tuple(sentences_of(paragraphs))
    found = tuple(
        f"{match[0]!r}: {instead}; in: {sentence}"
        for sentence in sentences
        for pattern, instead in FORBIDDEN.items()
        for match in re.finditer(pattern, sentence, re.IGNORECASE)
    )
    return Readability(name, sentences, found)


def pages() -> list[Path]:
    """Every page for people."""
    names = ("README.md", "CONTRIBUTING.md", "config/README.md", "interop/README.md")
    return [*(ROOT / name for name in names), *sorted((ROOT / "docs").rglob("*.md"))]


def comments(file: Path) -> Iterator[str]:
    """The comments of a study, those on several lines in a row as one paragraph; no commands."""
    block: list[str] = []
    for line in [*file.read_text(encoding="utf-8").splitlines(), ""]:
        found = re.match(r"\s*# ?(?! )(.+)", line)
        if found and not re.match(r"\s*#   ", line):
            block.append(found[1])
        elif block:
            yield " ".join(block)
            block = []


def descriptions() -> list[str]:
    """What the schema says of each setting."""
    from optical.study.loading import schema

    def of(about: dict) -> Iterator[str]:
        if "description" in about:
            yield about["description"]
        for entry in about.get("properties", {}).values():
            yield from of(entry)
        if isinstance(entry := about.get("additionalProperties"), dict):
            yield from of(entry)

    return list(of(schema()))


def all_prose(files: Iterable[Path]) -> Iterator[Readability]:
    """What is counted of each page, of the settings and of the studies."""
    for file in files:
        yield readability(str(file.relative_to(ROOT)), prose_of(file.read_text(encoding="utf-8")))
    yield readability("descriptions of settings", descriptions())
    studies = [ROOT / "config.yaml", *sorted((ROOT / "studies").glob("*.yaml"))]
    said = [paragraph for file in studies for paragraph in comments(file)]
    yield readability("comments of studies", prose_of("\n\n".join(said)))


def main() -> None:
    """Print a line for each page, and the terms that were found."""
    counted = list(all_prose([Path(name).resolve() for name in sys.argv[1:]] or pages()))
    everything = Readability(
        "all",
        tuple(sentence for page in counted for sentence in page.sentences),
        tuple(term for page in counted for term in page.forbidden),
    )
    print(f"{'':40} sentences  words  90 %  long  passive  forbidden")
    for page in [*filter(lambda page: page.sentences, counted), everything]:
        tenths = quantiles(page.lengths, n=10)[-1] if len(page.lengths) > 1 else page.mean
        print(
            f"{page.name:40} {len(page.sentences):9} {page.mean:6.1f} {tenths:5.0f} "
            f"{page.long:5.0%} {page.passive:8.0%} {len(page.forbidden):10}"
        )
    print(*everything.forbidden, sep="\n")


if __name__ == "__main__":
    main()
