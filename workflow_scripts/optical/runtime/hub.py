"""Where files of the Hugging Face hub are asked for, with what token, and why it refuses them."""

import os
from collections.abc import Callable

import requests

from optical.runtime.errors import InputError

HUB = "https://huggingface.co/"

REFUSALS = {
    "GatedRepo": "asks for consent; give it on the {kind}'s page and set HF_TOKEN",
    "RepoNotFound": "the hub has no such {kind}, or HF_TOKEN may not read it",
    "RevisionNotFound": "the hub has no such commit of it",
    "EntryNotFound": "the hub has no such file in that commit",
}
"""What the codes mean that the hub answers a refusal with, in the header X-Error-Code."""


def address(url: str) -> tuple[str, Callable | None]:
    """The address to ask for a URL's file, and what signs the request, if anything does.

    For a URL of the hub HF_ENDPOINT replaces the host, and HF_TOKEN signs. Another URL is asked
    for as it is, by nobody.
    """
    if not url.startswith(HUB):
        return url, None
    return f"{endpoint()}/{url.removeprefix(HUB)}", signature()


def endpoint() -> str:
    """The hub's address, or that of the mirror of it that HF_ENDPOINT names; no / ends it."""
    return (os.environ.get("HF_ENDPOINT", "").strip() or HUB).rstrip("/")


def refused(error: Exception, kind: str) -> str | None:
    """Why the hub refused what its library asked for; None if that is no refusal.

    kind: model or dataset.
    """
    from huggingface_hub import errors

    codes = {
        errors.GatedRepoError: "GatedRepo",  # first: it is a RepositoryNotFoundError too
        errors.RepositoryNotFoundError: "RepoNotFound",
        errors.RevisionNotFoundError: "RevisionNotFound",
    }
    for known, code in codes.items():
        if isinstance(error, known):
            return REFUSALS[code].format(kind=kind)
    return None


def answer_of(error: OSError) -> str:
    """The first line of what went wrong on the way to the hub."""
    return next(iter(str(error.__cause__ or error).splitlines()), type(error).__name__)


def signature() -> Callable | None:
    """What adds the token to a request; requests takes it off for the host of a redirect.

    Raises InputError, which does not show the token, if it cannot stand in a header.
    """
    token = os.environ.get("HF_TOKEN", "").strip()
    if not token:
        return None
    if not token.isascii() or not token.isprintable() or " " in token:
        raise InputError("HF_TOKEN: holds a character that no token has; expected letters, digits")

    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return sign
