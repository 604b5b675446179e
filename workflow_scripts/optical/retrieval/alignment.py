"""Which token of a passage makes the score of each token of a query: MaxSim, taken apart."""

from typing import TypedDict

import numpy as np


class Pair(TypedDict):
    """A token of a query, the token of the passage that is most like it, and their similarity."""

    token: str
    nearest: str
    place: int
    similarity: float


def aligned(
    tokens: list[str], of_passage: list[str], query: np.ndarray, passage: np.ndarray
) -> list[Pair]:
    """The pair of each token of a query, in its order; their similarities add up to MaxSim.

    Args:
        tokens: n of the query, as people read them. of_passage: m of the passage.
        query: [n, dim] float32, of unit length. passage: [m, dim], of unit length.
    """
    similarity = query @ passage.astype(np.float32).T
    nearest = similarity.argmax(axis=1)
    return [
        {
            "token": token,
            "nearest": of_passage[place],
            "place": int(place),
            "similarity": round(float(similarity[number, place]), 4),
        }
        for number, (token, place) in enumerate(zip(tokens, nearest, strict=True))
    ]
