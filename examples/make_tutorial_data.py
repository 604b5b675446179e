"""Write the files of docs/tutorial.md: bitext, SQuAD-like questions for training and for a test.

    python examples/make_tutorial_data.py FOLDER

The English text is made of a few dozen words. The "translations" are made-up words: what counts is
the form of the files. Put your own files in their place.
"""

import json
import random
import sys
from pathlib import Path


def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


WHO = words("baker captain dentist farmer gardener judge king lawyer miner nurse painter queen")
WHAT = words("apple bridge candle drum engine flute garden hammer island jacket kettle ladder")
DID = words("bought carried cleaned found guarded hid lost mended owned painted sold stole")
WHERE = words("Athens Berlin Cairo Delhi Geneva Lagos Lima London Madrid Oslo Paris Tokyo")
LIKE = words("angry brave clever famous friendly happy lonely old proud quiet rich young")
OTHER = words("the in who")
SYLLABLES = {"fr": words("ba ce do fi gu la me no pi ru sa te"), "ha": words("ka wo zi ya da hu")}
LANGUAGES = ["en", "fr", "ha"]


def translate(text: str, language: str) -> str:
    """The text with a made-up word for each of its words; English stays as it is."""
    if language == "en":
        return text
    return " ".join(WORDS[language][word] for word in words(text))


def made_up_words(language: str) -> dict[str, str]:
    """A word of three syllables for each English word, no two alike."""
    english = [*WHO, *WHAT, *DID, *WHERE, *LIKE, *OTHER]
    syllables = SYLLABLES[language]
    made: dict[str, None] = {}
    draw = random.Random(language)
    while len(made) < len(english):
        made["".join(draw.choice(syllables) for _ in range(3))] = None
    return dict(zip(english, made, strict=True))


WORDS = {language: made_up_words(language) for language in SYLLABLES}


def fact(draw: random.Random) -> tuple[str, str]:
    """A sentence, and a question that it answers."""
    who, what, did, where, like = map(draw.choice, (WHO, WHAT, DID, WHERE, LIKE))
    return f"the {like} {who} {did} the {what} in {where}", f"who {did} the {what} in {where}"


def squad(facts: list[tuple[str, str]], first: int, language: str) -> dict:
    """Questions and paragraphs of one sentence, in the SQuAD format."""
    paragraphs = [
        {
            "context": translate(sentence, language),
            "qas": [{"id": f"q{first + n}", "question": translate(question, language)}],
        }
        for n, (sentence, question) in enumerate(facts)
    ]
    return {"data": [{"title": "facts", "paragraphs": paragraphs}]}


def main(folder: Path) -> None:
    """Write letters/{fr,ha}.tsv, train.json and test.{en,fr,ha}.json."""
    draw = random.Random(0)
    # A question has one answer, and no test question is in the training set.
    facts = {question: sentence for sentence, question in (fact(draw) for _ in range(1600))}
    pairs = [(sentence, question) for question, sentence in facts.items()]
    test, train = pairs[:60], pairs[60:]
    (folder / "letters").mkdir(parents=True, exist_ok=True)
    for language, size in (("fr", 1000), ("ha", 300)):
        lines = {fact(draw)[0] for _ in range(size)}
        rows = [f"{translate(line, language)}\t{line}\n" for line in sorted(lines)]
        (folder / f"letters/{language}.tsv").write_text("".join(rows), encoding="utf-8")
    (folder / "train.json").write_text(json.dumps(squad(train, 0, "en")), encoding="utf-8")
    for language in LANGUAGES:
        content = json.dumps(squad(test, len(train), language))
        (folder / f"test.{language}.json").write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
