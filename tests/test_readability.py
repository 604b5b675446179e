"""The prose is short, active and in the field's terms; `readability.py` has what is counted."""

import pytest

from readability import FORBIDDEN, Readability, all_prose, pages, prose_of, readability

COUNTED = {page.name: page for page in all_prose(pages()) if page.sentences}


@pytest.mark.parametrize("name", COUNTED)
def test_a_page_has_no_home_made_terms(name):
    assert not COUNTED[name].forbidden


@pytest.mark.parametrize("name", COUNTED)
def test_the_sentences_of_a_page_are_short(name):
    page = COUNTED[name]
    assert page.mean < 16
    assert page.long <= 0.1, [s for s in page.sentences if len(s.split()) > 25]
    longest = max(page.sentences, key=lambda sentence: len(sentence.split()))
    assert len(longest.split()) <= 40, longest


def test_most_sentences_are_active():
    everything = [sentence for page in COUNTED.values() for sentence in page.sentences]
    assert Readability("all", tuple(everything), ()).passive < 0.2


def test_prose_is_what_is_no_code_no_table_and_no_heading():
    page = """\
# A heading

One sentence with `code` in
two lines. Another [one](b.md) here.

- an item
  goes on
- the next item is here

| a | table |
|---|---|

```
a block of code
```
![a picture](a.svg)
"""
    assert list(prose_of(page)) == [
        "One sentence with code in two lines. Another one here.",
        "an item goes on",
        "the next item is here",
    ]


def test_sentences_and_passives_are_counted():
    page = readability("a", ["The plan is found. It moves mass, e.g. of tokens. No seed."])
    assert page.lengths == [4, 6]
    assert page.passive == 0.5


@pytest.mark.parametrize("term", ["a file of yours", "What is tested is not learnt", "made anew"])
def test_a_home_made_term_is_found_with_what_to_say_instead(term):
    (found,) = readability("a", [f"This is {term} here."]).forbidden
    assert any(instead in found for instead in FORBIDDEN.values())
