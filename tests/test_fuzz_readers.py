"""Files as nobody would write them: a reader counts all of their rows, or says what is wrong.

A result accounts for each row of the file, as read or as left out and counted. Anything else is an
InputError of one line with the file's name. OPTICAL_FUZZ is the number of inputs of each test, of
new ones each time; without it there are a few, always the same.
"""

import gzip
import io
import json
import os
import zipfile
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optical.corpora import msmarco, own_bitext, registry
from optical.corpora.cleaning import Cleaner
from optical.corpora.collection_files import write_collection
from optical.corpora.records import Judgement
from optical.corpora.scores import scored_queries
from optical.corpora.sides import files_of
from optical.corpora.text import is_empty
from optical.evaluation.trec import read_qrels
from optical.runtime.errors import InputError

ASKED = int(os.environ.get("OPTICAL_FUZZ", 0))
fuzzed = settings(
    max_examples=ASKED or 50,
    derandomize=not ASKED,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
OUTCOMES: Counter[tuple[str, str]] = Counter()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One folder for all inputs, whose files are written over; at the end, what came of them."""
    yield tmp_path_factory.mktemp("fuzz")
    print(f"\n{sum(OUTCOMES.values())} inputs: {dict(sorted(OUTCOMES.items()))}")


def outcome(name, read, file):
    """What `read` returns, or None where it says in one line with the file's name what is wrong."""
    found, told = None, ""
    try:
        found = read()
    except InputError as error:
        told = str(error)
    OUTCOMES[name, "refused" if told else "read"] += 1
    assert not told or (file in told and "\n" not in told)
    return found


def rows_of(data):
    """The number of rows of a text file: blank lines at its end are none."""
    lines = data.decode("utf-8-sig").split("\n")
    while lines and is_empty(lines[-1]):
        lines.pop()
    return len(lines)


def filled_rows_of(data):
    """The number of rows of a text file without its blank lines."""
    return sum(not is_empty(line) for line in data.decode("utf-8-sig").split("\n"))


# --- what stands in files ------------------------------------------------------------------------

ODD_TEXTS = [
    *(
        "A heron stands in the reeds.",
        "Korongo amesimama.",
        "",
        " ",
        "\u200b",
        "\ufeff",
        "cafe\u0301",
    ),
    *(
        "a\0b",
        "\x1f",
        "one\u2028two",
        "\u0646\u0635",
        "\u0915\u093c",
        "NaN",
        "null",
        '"',
        "\\",
        "\r",
    ),
]
TEXTS = st.sampled_from(ODD_TEXTS) | st.text(max_size=8)
IDS = st.sampled_from(["p0", "p1", "p2", "007", "a/b", "a b", "", "\u00e9", "e\u0301", "\0", "12"])
NAMES = st.integers(0, 99).map("p{}".format) | IDS


@st.composite
def damaged(draw, data):
    """Bytes of which some are others, are gone, or are there twice."""
    at = draw(st.integers(0, len(data)))
    to = draw(st.integers(at, min(len(data), at + 40)))
    other = draw(st.sampled_from([b"", b"\0", b"\xff", b"\xc3", b"<", b"\n", data[at:to] * 2]))
    return data[:at] + other + data[to:]


def perhaps_damaged(files):
    return st.one_of(files, files, files, files.flatmap(damaged))


BLANK = st.sampled_from(["", " ", "\t", "\u200b", "\r"])


def lines(good, odd, blank=BLANK):
    """Files of good rows, some with blank lines and odd ones, with line ends of all kinds."""
    rows = st.lists(good, max_size=6) | st.lists(st.one_of(good, good, good, blank), max_size=6)
    mixed = st.lists(st.one_of(good, good, good, odd, blank), max_size=6)
    whole = st.builds(
        lambda mark, rows, end, last: (mark + end.join(rows) + end * last).encode(),
        st.sampled_from(["", "", "\ufeff"]),
        st.one_of(rows, rows, mixed),
        st.sampled_from(["\n", "\n", "\r\n"]),
        st.integers(0, 3),
    )
    return perhaps_damaged(whole)


GOOD_TEXTS = st.sampled_from(["A heron stands.", "Korongo amesimama.", "\u200b", "", "cafe\u0301"])
GOOD_NAMES = st.integers(0, 10**6).map("p{}".format)
TWO_COLUMNS = st.tuples(GOOD_NAMES, GOOD_TEXTS).map("\t".join)
ODD_COLUMNS = st.tuples(NAMES, TEXTS).map("\t".join) | TEXTS
PAIRS = st.tuples(GOOD_TEXTS, GOOD_TEXTS).map("\t".join)
ODD_PAIRS = st.tuples(TEXTS, TEXTS).map("\t".join) | TEXTS
VALUES = (
    st.none() | st.just(float("nan")) | st.integers() | st.booleans() | TEXTS | st.just("\ud83d")
)
RECORDS = st.fixed_dictionaries(
    {"_id": GOOD_NAMES | st.integers(), "text": GOOD_TEXTS | st.none() | st.just(float("nan"))},
    optional={"title": GOOD_TEXTS | st.none()},
).map(json.dumps)
ODD_RECORDS = st.one_of(
    st.fixed_dictionaries(
        {"_id": NAMES | VALUES, "text": TEXTS | VALUES}, optional={"title": VALUES}
    ),
    st.dictionaries(st.sampled_from(["_id", "text", "title"]), VALUES),
    st.lists(VALUES, max_size=2),
).map(json.dumps)


# --- lines ---------------------------------------------------------------------------------------


@fuzzed
@given(data=lines(PAIRS, ODD_PAIRS))
def test_pairs_of_two_columns(folder, data):
    (folder / "sw.tsv").write_bytes(data)
    counts = outcome("tsv", lambda: cleaned(folder, "tsv"), "sw.tsv")
    if counts:
        assert counts["read"] == rows_of(data)


def cleaned(folder, layout):
    """What the rules of cleaning counted; each pair that was read is kept or removed once."""
    cleaner = Cleaner("sw", "en")
    pairs = own_bitext.bitext(folder, "sw", layout=layout)
    kept = sum(1 for _ in cleaner.clean("mine", pairs, files_of(folder, "sw")))
    counts = cleaner.counts["mine"]
    assert counts["kept"] == kept
    assert sum(counts.values()) == 2 * counts["read"]
    return Counter(counts)


@fuzzed
@given(source=lines(GOOD_TEXTS, TEXTS), target=lines(GOOD_TEXTS, TEXTS), same=st.booleans())
def test_pairs_of_two_files(folder, source, target, same):
    (folder / "sw.source.txt").write_bytes(source)
    (folder / "sw.target.txt").write_bytes(source if same else target)
    counts = outcome("moses", lambda: cleaned(folder, "moses"), "sw.")
    if counts:
        assert counts["read"] == max(rows_of(source), rows_of(source if same else target))


@fuzzed
@given(layout=st.just("beir"), data=lines(RECORDS, ODD_RECORDS | TEXTS))
def test_records_of_json(folder, layout, data):
    passages_are_counted(folder, layout, "corpus.jsonl", data)


@fuzzed
@given(layout=st.just("msmarco"), data=lines(TWO_COLUMNS, ODD_COLUMNS))
def test_passages_of_two_columns(folder, layout, data):
    passages_are_counted(folder, layout, "collection.tsv", data)


def passages_are_counted(folder, layout, name, data):
    (folder / name).write_bytes(data)
    passages = registry.collection(f"mine:{layout}").passages
    files = folder / "passages.parquet", folder / "qrels.txt"
    judged = []

    def read():
        for passage in passages(folder):
            if not is_empty(passage.text):
                judged.append(Judgement("q", passage.passage_id))
            yield passage
        if not judged:
            raise InputError(f"{name}: no text")

    written = outcome(layout, lambda: write_collection(*files, read(), iter(judged)), name)
    if written:
        assert written.passages + len(written.empty) == rows_of(data)


@fuzzed
@given(texts=lines(TWO_COLUMNS, ODD_COLUMNS), asked=lines(TWO_COLUMNS, ODD_COLUMNS))
def test_a_training_set(folder, texts, asked):
    texts, asked = (b"known\tA heron.\n" + rows for rows in (texts, asked))
    (folder / "collection.tsv").write_bytes(texts)
    (folder / "queries.train.tsv").write_bytes(asked)
    (folder / "qrels.train.tsv").write_text("known\t0\tknown\t1\n")
    data = outcome("training", lambda: msmarco.training_set(folder), ".tsv")
    if data:
        left_out = Counter(data.left_out)
        asked_for = left_out["queries without a judgement"] + left_out["queries without text"]
        assert asked_for + 1 == rows_of(asked)
        there = outcome("training", lambda: list(data.passages()), "collection.tsv")
        if there is not None:
            assert len(there) + left_out["passages without text"] == rows_of(texts)


# --- judgements and scores -----------------------------------------------------------------------

GRADES = st.integers(-2, 3).map(str)
ODD_GRADES = st.sampled_from(["1.0", "0.5", "yes", "", "9" * 5000])
JUDGEMENTS = st.tuples(GOOD_NAMES, st.just("0"), GOOD_NAMES, GRADES).map("\t".join)
ODD_JUDGEMENTS = st.one_of(
    st.tuples(NAMES, st.just("0"), NAMES, GRADES | ODD_GRADES).map(" ".join),
    st.tuples(NAMES, NAMES, GRADES).map("\t".join),
)


@fuzzed
@given(data=lines(JUDGEMENTS, ODD_JUDGEMENTS))
def test_judgements(folder, data):
    (folder / "qrels.tsv").write_bytes(data)
    judged = outcome("qrels", lambda: read_qrels(folder / "qrels.tsv"), "qrels.tsv")
    if judged:
        assert sum(map(len, judged.values())) == filled_rows_of(data)


NUMBERS = st.floats(-9, 9)
SCORES = st.tuples(GOOD_NAMES, GOOD_NAMES, NUMBERS.map(str)).map("\t".join)
LISTS = st.tuples(GOOD_NAMES, st.tuples(GOOD_NAMES, NUMBERS)).map(json.dumps)
ODD_SCORES = st.one_of(
    st.tuples(NAMES, NAMES, st.floats().map(str)).map("\t".join),
    st.tuples(NAMES, st.tuples(NAMES, st.floats() | VALUES)).map(json.dumps),
    VALUES.map(json.dumps),
)


@fuzzed
@given(data=lines(SCORES, ODD_SCORES) | lines(LISTS, ODD_SCORES), packed=st.booleans())
def test_scores(folder, data, packed):
    (folder / "scores").write_bytes(gzip.compress(data) if packed else data)
    found = outcome("scores", lambda: list(scored_queries(folder / "scores")), "scores")
    if found:
        assert len(found) == filled_rows_of(data)


NEGATIVES = st.fixed_dictionaries(
    {"qid": GOOD_NAMES, "neg": st.dictionaries(GOOD_TEXTS, st.lists(GOOD_NAMES))}
).map(json.dumps)
ODD_NEGATIVES = st.one_of(
    st.fixed_dictionaries(
        {"qid": VALUES, "neg": st.dictionaries(TEXTS, st.lists(VALUES) | VALUES) | VALUES}
    ),
    VALUES,
).map(json.dumps)


@fuzzed
@given(data=perhaps_damaged(lines(NEGATIVES, ODD_NEGATIVES, NEGATIVES).map(gzip.compress)))
def test_published_negatives(folder, data):
    file = folder / "negatives.jsonl.gz"
    file.write_bytes(data)
    outcome("negatives", lambda: msmarco.published_negatives(file, {"p1": ["p2"]}), file.name)


# --- translation memories ------------------------------------------------------------------------

GOOD_PIECES = st.one_of(
    st.sampled_from(["Korongo", "reeds", " ", "\u6587", "\u00e9", "e\u0301", "&amp;", "&#233;"]),
    st.sampled_from(["<ph>x</ph>", "<bpt/>", "<hi>y</hi>", "<ph><sub>z</sub></ph>", "<!-- c -->"]),
    st.sampled_from(["&#x1f;", "&#0;", "&#xd83d;", "\x02", "\ufdd0", "<seg>inner</seg>", "<?p?>"]),
)
PIECES = GOOD_PIECES | st.sampled_from(
    ["&nbsp;", "&#99999999;", "<", "<tuv>", "]]>", "<![CDATA[<]]>"]
)
LANGUAGES = st.sampled_from(["sw", "en", "en", "sw", "fr", "sw-KE", "EN_us", ""])


def variant(language, segment):
    return f'<tuv xml:lang="{language}"><seg>{segment}</seg></tuv>'


def units(pieces):
    """Units in some languages."""
    segments = st.lists(pieces, max_size=4).map("".join)
    variants = st.builds(variant, LANGUAGES, segments)
    both = st.tuples(segments, segments).map(lambda texts: map(variant, ("sw", "en"), texts))
    return (both | both | st.lists(variants, max_size=4)).map(
        lambda parts: f"<tu>{''.join(parts)}</tu>\n"
    )


ENCODINGS = ["utf-8", "utf8", "UTF-16", "gb18030", "windows-1252", "shift_jis", "x-none", "idna"]


@st.composite
def memories(draw):
    """(units, whether it is whole, bytes) of a file, perhaps in another encoding than declared."""
    found = draw(
        st.lists(units(draw(st.sampled_from([GOOD_PIECES, GOOD_PIECES, PIECES]))), max_size=6)
    )
    declared = draw(st.sampled_from([*ENCODINGS[:5], *ENCODINGS]))
    encoding = draw(st.sampled_from([*[declared] * 4, *ENCODINGS[:5]]))
    encoding = "utf-8" if encoding in ENCODINGS[6:] else encoding
    doctype = draw(st.sampled_from(["", "", '<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n']))
    text = f'<?xml version="1.0" encoding="{declared}"?>\n{doctype}<tmx><body>{"".join(found)}'
    data = f"{text}</body></tmx>".encode(encoding, "xmlcharrefreplace")
    whole = draw(st.sampled_from([True, True, True, False]))
    return len(found), whole, data if whole else draw(damaged(data))


@fuzzed
@given(memory=memories(), packing=st.sampled_from(["tmx", "tmx", "tmx.gz", "tmx.zip"]))
def test_translation_memories(folder, memory, packing):
    number, whole, data = memory
    for old in folder.glob("sw.tmx*"):
        old.unlink()
    if packing == "tmx.gz":
        data = gzip.compress(data)
    elif packing == "tmx.zip":
        data = zipped([("a.tmx", data, zipfile.ZIP_DEFLATED), ("__MACOSX/._a.tmx", b"", 0)])
    (folder / f"sw.{packing}").write_bytes(data)
    counts = outcome("tmx", lambda: cleaned(folder, "tmx"), f"sw.{packing}")
    if counts and whole:
        assert counts["read"] == number


# --- archives ------------------------------------------------------------------------------------


def zipped(members):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, data, method in members:
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return written.getvalue()


METHODS = st.sampled_from([zipfile.ZIP_STORED, *[zipfile.ZIP_DEFLATED] * 3])
METHODS |= st.sampled_from([zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
CONTENTS = lines(GOOD_TEXTS, TEXTS)
OTHERS = st.tuples(
    st.sampled_from(["README", "__MACOSX/._a.sw", ".a.en", "b/", "b.sw", "\u00e9.en", "a\nb.sw"]),
    st.just(b"x"),
    st.just(zipfile.ZIP_STORED),
)


@st.composite
def archives(draw):
    """(the contents of both sides, whether the archive is whole, bytes)."""
    source, target = draw(CONTENTS), draw(CONTENTS)
    target = draw(st.sampled_from([source, source, target]))
    members = [("a.sw", source, draw(METHODS)), ("d/a.en", target, draw(METHODS))]
    members += draw(st.lists(OTHERS, max_size=2, unique_by=lambda member: member[0]))
    data = zipped(draw(st.permutations(members)))
    kind = draw(st.sampled_from(["whole", "whole", "damaged", "end", "flags"]))
    if kind == "damaged":
        data = draw(damaged(data))
    elif kind == "end":  # the list of members, where most of what goes wrong stands
        at = data.rindex(b"PK\1\2")
        data = data[:at] + draw(damaged(data[at:]))
    elif kind == "flags":
        at = data.rindex(b"PK\1\2") + draw(st.integers(4, 45))
        data = data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]
    return (source, target), kind == "whole", data


@fuzzed
@given(archive=archives())
def test_archives(folder, archive):
    sides, whole, data = archive
    (folder / "sw.zip").write_bytes(data)
    counts = outcome("zip", lambda: cleaned(folder, "opus"), "sw.zip")
    if counts and whole:
        assert counts["read"] == max(map(rows_of, sides))
