"""The methods that are compared, by how each reads a query."""

from typing import Literal, get_args

Lexical = Literal["bm25", "bm25_translated"]
ByTeacher = Literal["zero_shot", "translate_query"]  # which reads the queries: nothing is trained
Finetuned = Literal["translate_train", "wikiclir"]
Distilled = Literal["sentence", "greedy", "optical"]
Method = Literal[Lexical, ByTeacher, Finetuned, Distilled]

LEXICAL: tuple[str, ...] = get_args(Lexical)
"""Methods without a student."""

FINETUNED: tuple[str, ...] = get_args(Finetuned)
DISTILLED: tuple[str, ...] = get_args(Distilled)

TRANSLATED = ("bm25_translated", "translate_query", "translate_train")
"""Methods that need a translator."""
