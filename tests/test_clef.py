"""CLEF in the shapes that the campaign and the University of Massachusetts give it in."""

import gzip
import re

import numpy as np
import pytest

import prepare_collection
from optical.corpora import registry
from optical.corpora.clef_files import judgement_files, topic_files
from optical.corpora.clef_topics import read_topics
from optical.corpora.collection_files import judged_texts, write_collection, write_queries
from optical.corpora.lines import read_queries
from optical.corpora.records import Passage, Query
from optical.evaluation.scoring import score_run
from optical.evaluation.trec import iterate_run, read_qrels, write_run
from optical.retrieval.token_index import build_index, open_index, search
from optical.retrieval.token_vectors import TokenVectors, write_token_vectors
from optical.runtime.errors import InputError
from optical.settings.clef import Clef, ClefDocuments
from optical.settings.windows import Windows

LATIN = "iso-8859-1"

TIMES = """<DOC>
<DOCNO> LA010194-0001 </DOCNO>
<DOCID> 000001 </DOCID>
<DATE><P>January 1, 1994</P></DATE>
<HEADLINE><P>RAIN &amp; BRIDGES</P></HEADLINE>
<TEXT><P>A bridge opened.</P>
<P>It was long.</P></TEXT>
</DOC>
<DOC>
<DOCNO> LA010194-0002 </DOCNO>
<TEXT><P> </P></TEXT>
</DOC>
"""
HERALD = """<DOC><DOCNO>GH950102-000001</DOCNO><TEXT>Snow fell.</TEXT></DOC>
<DOC>
<DOCNO>GH950102-000003</DOCNO>
<TEXT>Lake ice was thick.</TEXT>
</DOC>
<DOC>
<DOCNO>GH950102-000004</DOCNO>
<HEADLINE>A caf\xe9 in Glasgow</HEADLINE>
<TEXT>
It opened.
</TEXT>
</DOC>
"""

# Of 2000: one letter, elements without an end, their text on the next line.
GERMAN = """<top>
<num> C001
<D-title> Brücken über große Flüsse

<D-desc>
Gesucht sind Berichte über den Bau
neuer Brücken.

<D-narr> Nur Straßenbrücken zählen.
</top>
"""
FINNISH = """<top>
<num> C091 </num>
<FI-title> Järvien jää </FI-title>
<FI-desc> Etsi uutisia jään paksuudesta järvillä. </FI-desc>
<FI-narr> Meri ei kelpaa. </FI-narr>
</top>
"""
SWAHILI = """query_id: C001
title: Madaraja juu ya mito mikubwa
description: Tafuta habari kuhusu ujenzi
wa madaraja mapya.

query_id: C091
title: Barafu ya maziwa
description: Tafuta habari kuhusu unene wa barafu.
"""
SWAHILI_NAME = "clef-en-2000-2003-wo-narrative-Day-2_SWAHILI.txt"
DUTCH = """<top>
<num> C001
<D-title> Bruggen over grote rivieren
<D-desc> Zoek berichten over de bouw van nieuwe bruggen.
</top>
"""


@pytest.fixture
def clef(tmp_path):
    folder = tmp_path / "clef"
    for name in ("documents/times", "topics2000", "2000rels", "2002rels"):
        (folder / name).mkdir(parents=True)
    (folder / "documents/times/la010194").write_text(TIMES)
    (folder / "documents/gh95.gz").write_bytes(gzip.compress(HERALD.encode(LATIN)))
    (folder / "topics2000/TOP-D.txt").write_bytes(GERMAN.encode(LATIN))
    (folder / "Top-fi50-02.txt").write_bytes(FINNISH.encode(LATIN))
    (folder / SWAHILI_NAME).write_text(SWAHILI)
    (folder / "2000rels/biling_qrels").write_text("1 0 LA010194-0001 1\n001 0 FR940101-0001 1\n")
    (folder / "2002rels/qrels_EN").write_text(
        "1 0 LA010194-0001 1\n91 0 GH950102-000003 1\n91 0 GH950102-000004 0\n"
    )
    return folder


source = registry.collection("clef")
alone = {
    name: registry.collection("clef", {"clef": ClefDocuments(newspapers=[name])})
    for name in ("la_times", "glasgow_herald")
}


# --- documents and judgements --------------------------------------------------------------------


def test_documents_have_a_headline_and_a_text(clef):
    assert list(source.passages(clef)) == [
        Passage("GH950102-000001", "GH950102-000001", "Snow fell."),
        Passage("GH950102-000003", "GH950102-000003", "Lake ice was thick."),
        Passage("GH950102-000004", "GH950102-000004", "A café in Glasgow It opened."),
        Passage("LA010194-0001", "LA010194-0001", "RAIN & BRIDGES A bridge opened. It was long."),
        Passage("LA010194-0002", "LA010194-0002", ""),
    ]


def test_documents_without_text_are_counted_also_where_they_are_judged_relevant(
    clef, tmp_path, capsys
):
    """They are the campaign's, so that no user can give them one."""
    (clef / "2002rels/qrels_EN").write_text("1 0 LA010194-0002 1\n91 0 GH950102-000003 1\n")
    prepare_collection.main(
        **{"collection": "clef", "folder": clef, "windows": Windows(), "clef": ClefDocuments()},
        passages=tmp_path / "passages.parquet",
        qrels=tmp_path / "qrels.txt",
        counts=tmp_path / "counts.csv",
    )
    counts = (tmp_path / "counts.csv").read_text().splitlines()
    assert {"clef,,passages,,4", "clef,,passages without text,,1"} < {*counts}
    assert "clef,,judgements of absent passages,1,1" in counts
    told = capsys.readouterr().err
    assert "left out, without text: 1 (LA010194-0002)" in told
    assert "query C001 is judged for LA010194-0002, which has no text" in told


def test_newspapers_without_any_text_are_told(clef):
    (clef / "documents/gh95.gz").unlink()
    (clef / "documents/times/la010194").write_text(TIMES[TIMES.rindex("<DOC>") :])
    with pytest.raises(InputError, match="documents: no SGML document of la_times or glasgow"):
        list(source.passages(clef))


def test_a_newspaper_may_be_searched_alone_and_is_judged_alone(clef):
    found = {name: [one.document_id for one in each.passages(clef)] for name, each in alone.items()}
    assert found == {
        "la_times": ["LA010194-0001", "LA010194-0002"],
        "glasgow_herald": ["GH950102-000001", "GH950102-000003", "GH950102-000004"],
    }
    judged = {name: list(each.judgements(clef)) for name, each in alone.items()}
    assert judged["la_times"] == [("C001", "LA010194-0001", 1)]
    assert judged["glasgow_herald"] == [
        ("C091", "GH950102-000003", 1),
        ("C091", "GH950102-000004", 0),
    ]


def test_judgements_of_the_years_are_one_without_those_of_other_languages(clef):
    assert list(source.judgements(clef)) == [
        ("C001", "LA010194-0001", 1),
        ("C091", "GH950102-000003", 1),
        ("C091", "GH950102-000004", 0),
    ]
    (remark,) = source.remarks(clef)
    assert remark == (
        "judgements of 2 (biling_qrels, qrels_EN): 4, without 1 of documents that are not searched"
    )


# --- topics --------------------------------------------------------------------------------------


def test_files_are_found_by_what_they_hold(clef):
    (clef / "README").write_text("Topics of 2000 to 2003.\n")
    (clef / "documents/qrels.txt").write_text("")
    (clef / "__MACOSX").mkdir()
    (clef / "__MACOSX/TOP-D.txt").write_text(GERMAN)
    (clef / "mr.topics.txt").write_text("query_id: C001\ntitle: पूल\ndescription: पुलांची माहिती.\n")
    found = {
        language: [path.name for path in paths] for language, paths in topic_files(clef).items()
    }
    assert found == {
        "de": ["TOP-D.txt"],
        "fi": ["Top-fi50-02.txt"],
        "mr": ["mr.topics.txt"],
        "sw": [SWAHILI_NAME],
    }
    assert [path.name for path in judgement_files(clef)] == ["biling_qrels", "qrels_EN"]


@pytest.mark.parametrize(
    ("name", "text", "language"),
    [
        ("TOP-D.txt", DUTCH, "nl"),
        ("TOP-G.txt", GERMAN.replace("<D-", "<G-"), "de"),
        ("TOP-SP.txt", "<top><num>C001<SP-title> Puentes</top>", "es"),
        ("TOP-SW.txt", "<top><num>C001<SW-title> Broar över stora floder</top>", "sv"),
        ("topics", "<top><num>C001<SW-title> Tafuta habari kuhusu madaraja mapya</top>", "sw"),
        ("topics", "<top><num>C001<FIN-title> Sillat</top>", "fi"),
        ("Top-en01.txt", "<top><num>C041<title> Bridges</top>", "en"),
        ("x_SOMALI.txt", "query_id: C041\ntitle: Buundooyin\n", "so"),
        ("sw.topics.xml", "<top><num>C001<E-title> Bridges</top>", "sw"),
    ],
)
def test_a_language_is_told_by_elements_names_and_text(tmp_path, name, text, language):
    (tmp_path / name).write_text(text, encoding=LATIN)
    assert list(topic_files(tmp_path)) == [language]


def test_topics_of_both_shapes_ask_by_title_and_description(clef):
    swahili = [
        "Madaraja juu ya mito mikubwa Tafuta habari kuhusu ujenzi wa madaraja mapya.",
        "Barafu ya maziwa Tafuta habari kuhusu unene wa barafu.",
    ]
    found = list(source.queries(clef, "sw"))
    assert found == [Query("C001", swahili[0]), Query("C091", swahili[1])]
    german = "Brücken über große Flüsse Gesucht sind Berichte über den Bau neuer Brücken."
    # The year of C091 has no German topics here.
    assert list(source.queries(clef, "de")) == [Query("C001", german), Query("C091", "")]


def test_labels_of_trec_are_no_words_of_a_topic_and_marks_amid_a_text_do_not_end_it(tmp_path):
    file = tmp_path / "topics.txt"
    file.write_text(
        "<top>\n<num> Number: 301\n<title> Topic: Int'l crime\n\n"
        "<desc> Description: \nFind organizations <i>with</i> more.\n<narr> Narrative: \nNo.\n"
        "</top>\n<top><num>302</num><title>Dogs</title><desc>Cats</desc></top>\n"
    )
    _, topics = read_topics(file, "en")
    assert [(topic.title, topic.description) for topic in topics] == [
        ("Int'l crime", "Find organizations with more."),
        ("Dogs", "Cats"),
    ]


def test_topics_may_ask_by_title_alone(clef):
    titles = registry.collection("clef", {"clef": Clef(query="title")})
    assert next(titles.queries(clef, "fi")) == Query("C091", "Järvien jää")


@pytest.mark.parametrize("encoding", [LATIN, "utf-8", "utf-8-sig"])
def test_an_encoding_is_told_by_what_the_file_is(clef, encoding):
    (clef / "topics2000/TOP-D.txt").write_bytes(GERMAN.encode(encoding))
    assert next(source.queries(clef, "de")).text.startswith("Brücken über große Flüsse")
    name = "ISO-8859-1" if encoding == LATIN else "UTF-8"
    assert list(source.remarks(clef, "de")) == [
        f"{clef}/topics2000/TOP-D.txt: 1 topics in de, {name}"
    ]


# --- mistakes ------------------------------------------------------------------------------------

TOPIC = "<top>\n<num> C001 </num>\n<DE-title> x </DE-title>\n<DE-desc> y </DE-desc>\n</top>\n"
FAULTY_TOPICS = {
    "UTF-16": (TOPIC.encode("utf-16-le"), 1, "byte 0x00 is a letter of another encoding"),
    "DOS": (TOPIC.replace("x", "Brücke").encode("cp850"), 3, "byte 0x81 is a letter of another"),
    "both encodings": (
        TOPIC.encode() + "ü\n".encode() + b"\xfc\n",
        7,
        "byte 0xfc is not UTF-8, as",
    ),
    "no number": (TOPIC.replace("C001", "GIRT").encode(), 1, "without a number; expected one such"),
    "no title": (TOPIC.replace("-title", "-x").encode(), 1, "topic C001 without a title"),
    "no description": (TOPIC.replace("y", "").encode(), 1, "C001 without a description; expected"),
    "no end": (TOPIC.replace("</top>", "").encode() + TOPIC.encode(), 1, "<top> without </top>"),
    "no end at all": (TOPIC.encode() + TOPIC.encode()[:-8], 6, "<top> without </top>"),
    "an end alone": (TOPIC.encode() + b"</top>\n", 6, "</top> without <top>"),
    "a topic twice": (TOPIC.encode() * 2, 6, "topic C001 was given before, at "),
    "an unknown key": (
        b"query_id: C001\ntitel: x\n",
        2,
        "'titel'; expected one of query_id, title",
    ),
    "a key twice": (
        b"query_id: C001\ntitle: x\ntitle: y\n",
        3,
        "a second title; expected query_id",
    ),
    "no first key": (b"title: x\n", 1, "'title: x'; expected query_id: C041 first"),
}


@pytest.mark.parametrize("fault", FAULTY_TOPICS)
def test_a_fault_of_topics_is_one_line_with_its_place(clef, fault):
    content, line, message = FAULTY_TOPICS[fault]
    (clef / "topics2000/TOP-D.txt").unlink()
    (clef / "de.topics.txt").write_bytes(content)
    with pytest.raises(InputError) as error:
        list(source.queries(clef, "de"))
    assert str(error.value).startswith(f"{clef}/de.topics.txt:{line}: ")
    assert message in str(error.value)
    assert "expected" in str(error.value)
    assert "\n" not in str(error.value)


def test_topics_in_utf_16_are_not_passed_over(clef):
    (clef / "Top-es01.txt").write_bytes(TOPIC.replace("DE-", "ES-").encode("utf-16"))
    with pytest.raises(
        InputError, match=r"Top-es01\.txt:1: byte 0x00 is a letter of another encod"
    ):
        list(source.queries(clef, "es"))


def test_a_topic_in_two_files_is_told_with_both_places(clef):
    (clef / "Top-de01.txt").write_text(TOPIC)
    places = rf"topics2000/TOP-D\.txt:1: topic C001 was given before, at {clef}/Top-de01\.txt:1"
    with pytest.raises(InputError, match=places):
        list(source.queries(clef, "de"))


def test_letters_that_latin_1_has_not_are_in_no_known_encoding(tmp_path):
    (tmp_path / "Top-ru03.txt").write_bytes(TOPIC.replace("x", "Мосты").encode("koi8-r"))
    with pytest.raises(InputError, match=r"ru03\.txt:3: byte 0xed is not UTF-8, and .* has no ru;"):
        read_topics(tmp_path / "Top-ru03.txt", "ru")


def test_topics_whose_language_nothing_tells_are_told(tmp_path):
    (tmp_path / "translated.txt").write_text(SWAHILI)
    with pytest.raises(
        InputError, match=r"translated\.txt: topics in an unknown language; expected"
    ):
        topic_files(tmp_path)


@pytest.mark.parametrize("code", ["sw-KE", "swa", "sw_Latn"])
def test_topics_are_found_by_every_code_of_their_language(clef, code):
    assert list(source.queries(clef, code)) == list(source.queries(clef, "sw"))


def test_a_language_without_topics_is_told_with_those_that_there_are(clef):
    with pytest.raises(InputError, match=r"topics are in de, fi, sw; expected tl\.topics\.txt"):
        list(source.queries(clef, "tl"))


FAULTY_DOCUMENTS = {
    "no number": ("<DOC>\n<TEXT>x</TEXT></DOC>", 1, "a document without a number; expected"),
    "twice": (TIMES + TIMES[: TIMES.index("</DOC>") + 6], 13, "LA010194-0001 was given before, at"),
    "of another newspaper": (
        "\n<DOC><DOCNO>SDA1</DOCNO></DOC>",
        2,
        "expected a number in LA or GH",
    ),
    "no end": ("<DOC>\n<DOC>\n", 2, "<DOC> without </DOC>, from line 1"),
    "no end at all": ("\n<DOC>\n", 2, "<DOC> without </DOC>"),
    "no beginning": ("</DOC>\n", 1, "only </DOC>"),
}


@pytest.mark.parametrize("fault", FAULTY_DOCUMENTS)
def test_a_fault_of_documents_is_one_line_with_its_place(clef, fault):
    text, line, message = FAULTY_DOCUMENTS[fault]
    path = clef / "documents/times/la010194"
    path.write_text(text)
    with pytest.raises(InputError, match=f"^{re.escape(f'{path}:{line}: ')}.*{re.escape(message)}"):
        list(source.passages(clef))


def test_documents_that_are_packed_otherwise_are_not_passed_over(clef):
    (clef / "documents/la02.Z").write_bytes(b"\x1f\x9d\x90")
    with pytest.raises(InputError, match=r"la02\.Z: packed by compress; expected SGML"):
        list(source.passages(clef))


def test_a_judgement_that_differs_from_another_year_is_told_with_both_places(clef):
    (clef / "2002rels/qrels_EN").write_text("C001 0 LA010194-0001 0\n")
    message = r"qrels_EN:1: topic C001, document LA010194-0001 was judged otherwise at .*qrels:1"
    with pytest.raises(InputError, match=message):
        list(source.judgements(clef))


# --- from the files to MAP -----------------------------------------------------------------------

# What words mean. A letter that was read wrongly makes a word that means nothing.
MEANINGS = {
    "bridge": ["bridge", "bridges", "brücken", "madaraja"],
    "wide": ["wide", "große"],
    "ice": ["ice", "jää", "jään", "barafu"],
    "lake": ["lake", "järvien", "järvillä", "maziwa"],
    "café": ["café"],
    "opened": ["opened"],
}
PLACE = {word: place for place, words in enumerate(MEANINGS.values()) for word in words}


def embed(folder, texts):
    """Store a vector for each word of each text: of its meaning, or of the last place for none."""

    def vectors():
        for text in texts:
            words = re.findall(r"\w+", text.lower())
            rows = np.eye(len(MEANINGS) + 1)[[PLACE.get(word, len(MEANINGS)) for word in words]]
            # What means nothing is near nothing, least of all another such word.
            rows[:, -1] = 0
            yield np.zeros(len(words), dtype=int), rows

    write_token_vectors(folder, vectors(), len(MEANINGS) + 1)
    return TokenVectors(folder)


@pytest.mark.parametrize(("language", "asked"), [("de", 1), ("fi", 1), ("sw", 2)])
def test_topics_of_the_campaign_find_the_documents(clef, tmp_path, language, asked):
    passages, qrels = tmp_path / "passages.parquet", tmp_path / "qrels.txt"
    queries, run = tmp_path / "queries.tsv", tmp_path / "run.gz"
    written = write_collection(passages, qrels, source.passages(clef), source.judgements(clef))
    assert (written.passages, written.judgements) == (4, {1: 2, 0: 1})
    assert written.empty == ["LA010194-0002"]
    found = write_queries(
        queries, tmp_path / "doubtful", source.queries(clef, language), qrels, lambda text: False
    )
    assert (found.written, len(found.empty)) == (asked, 2 - asked)

    texts = read_queries(queries)
    found_texts = [passage.text for passage in source.passages(clef)]
    store = embed(tmp_path / "passages", filter(None, found_texts))
    build_index(store, tmp_path / "index")  # a passage that is nobody's comes first in ties
    index = open_index(tmp_path / "index", store, probes=16, candidates=100)
    ids, documents = judged_texts(passages)
    asked_for = embed(tmp_path / "queries", texts.values())
    results = search(index, asked_for, depth=10, documents=documents)
    rankings = (
        (name, dict(zip(ids[rows], scores.tolist(), strict=True)))
        for name, (rows, scores) in zip(texts, results, strict=True)
    )
    write_run(run, rankings, tag="test")
    scores = score_run(iterate_run(run), read_qrels(qrels)).table.set_index("query_id")["value"]
    assert [scores[name] for name in texts] == [1.0] * asked
