"""A page to look through some queries of a study: one HTML file that needs nothing beside it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from optical.report.looks import COLOURS, outline, styles, variables
from optical.report.templates import template
from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path

TEMPLATE = "browse.html.j2"

MOST_BYTES = 5_000_000
"""The largest page. Of too many queries half are left out, until the others fit."""


def write_page(output: str | Path, content: Mapping[str, Any]) -> tuple[int, int]:
    """Write the page; the number of its bytes, and of the queries that it shows.

    Args:
        output: HTML file.
        content: study, student, collection, seed, pivot and constructed, as a reader is to know
            them; languages (group by code); passages (text by id); queries, a list of id, relevant
            (ids), texts (by language) and runs: by language and method the rank of the first
            relevant passage, or None, the best passages (ids), and for the first of them the pairs
            of tokens, as `optical.retrieval.alignment.aligned` gives them.

    Raises:
        InputError: where not even one query fits.
    """
    queries, wanted = list(content["queries"]), len(content["queries"])
    page = rendered(content, wanted)
    while len(page) > MOST_BYTES:
        if len(queries) == 1:
            raise InputError(
                f"{output}: a page of one query has {len(page):,} bytes, more than {MOST_BYTES:,}; "
                "show fewer passages or alignments"
            )
        queries = queries[::2]
        page = rendered({**content, "queries": queries}, wanted)
    with atomic_path(output) as temporary:
        temporary.write_bytes(page)
    return len(page), len(queries)


def rendered(content: Mapping[str, Any], wanted: int) -> bytes:
    """The page of some queries. wanted: how many there were to be."""
    shown = {passage for query in content["queries"] for passage in passages_of(query)}
    texts = {name: text for name, text in content["passages"].items() if name in shown}
    methods = {
        method: None
        for query in content["queries"]
        for of_language in query["runs"].values()
        for method in of_language
    }
    data = {**content, "passages": texts, "methods": list(methods)}
    data["queries"] = [compact(query) for query in content["queries"]]
    # Within <script> nothing may look like markup.
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    names = {light: name for name, (light, _) in COLOURS.items()}
    page = template(TEMPLATE).render(
        **{name: content[name] for name in ("study", "student", "collection", "seed", "pivot")},
        constructed=content["constructed"],
        number=len(content["queries"]),
        wanted=wanted,
        marks={
            name: {
                "outline": outline(style.marker),
                "colour": names[style.color],
                "hollow": style.hollow,
            }
            for name, style in styles(methods).items()
        },
        light=variables(dark=False),
        dark=variables(dark=True),
        data=Markup(text),  # noqa: S704, its markup is escaped above
    )
    return page.encode()


def passages_of(query: Mapping[str, Any]) -> set[str]:
    """The ids of all passages that are shown of a query."""
    found = set(query["relevant"])
    for of_language in query["runs"].values():
        for run in of_language.values():
            found.update(run["best"])
    return found


def compact(query: Mapping[str, Any]) -> dict[str, Any]:
    """A query whose pairs of tokens are lists: token, nearest, similarity with two decimals."""
    runs = {
        language: {
            method: {
                "rank": run["rank"],
                "best": run["best"],
                "pairs": [
                    [
                        [pair["token"], pair["nearest"], round(pair["similarity"], 2)]
                        for pair in of_passage
                    ]
                    for of_passage in run["pairs"]
                ],
            }
            for method, run in of_language.items()
        }
        for language, of_language in query["runs"].items()
    }
    return {**query, "runs": runs}
