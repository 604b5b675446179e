"""Files of the Hugging Face hub, which its own library transfers: it knows the hub's stores."""

import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar
from urllib.parse import quote, unquote, urlsplit

from optical.runtime.errors import InputError

HUB = "https://huggingface.co/"

REFUSALS = {
    "GatedRepo": "asks for consent; give it on the {kind}'s page and set HF_TOKEN",
    "RepoNotFound": "the hub has no such {kind}, or HF_TOKEN may not read it",
    "RevisionNotFound": "the hub has no such commit of it",
    "EntryNotFound": "the hub has no such file in that commit",
}
"""What the codes mean that the hub answers a refusal with, in the header X-Error-Code."""

PAUSES = (1.0, 4.0, 16.0)
"""Seconds before the hub is asked once more."""

BUSY = (429, 500, 502, 503, 504)
"""What it then has answered."""

Result = TypeVar("Result")


class HubFile(NamedTuple):
    """A file of a repository at a revision; `kind` is model or dataset."""

    repository: str
    kind: str
    revision: str
    path: str


def hub_file(url: str) -> HubFile | None:
    """The file that a URL of the hub names; None for another URL."""
    path = re.escape(HUB) + r"(datasets/)?([^/?#]+/[^/?#]+)/resolve/([^/?#]+)/([^?#]+)"
    if (match := re.match(path, url)) is None:
        return None
    kind = "dataset" if match[1] else "model"
    return HubFile(match[2], kind, unquote(match[3]), unquote(match[4]))


def address(model: str, revision: str, path: str) -> str:
    """The URL of a model's file; refs/pr/9 is a revision too."""
    return f"{HUB}{model}/resolve/{quote(revision, safe='')}/{quote(path)}"


def endpoint() -> str:
    """The hub's address, or that of the mirror of it that HF_ENDPOINT names; no / ends it.

    Raises InputError where HF_ENDPOINT is no address.
    """
    address = (os.environ.get("HF_ENDPOINT", "").strip() or HUB).rstrip("/")
    if urlsplit(address).scheme not in ("http", "https"):
        raise InputError(f"HF_ENDPOINT: {address!r} is no address; expected https://...")
    return address


def fetch_file(file: HubFile, folder: Path, pauses: Sequence[float] = PAUSES) -> Path:
    """Bring a file into a folder, whose other files are the library's own.

    Raises InputError, without the file's name, as `patiently` does.
    """
    from huggingface_hub import hf_hub_download

    def fetch() -> str:
        return hf_hub_download(
            file.repository,
            file.path,
            repo_type=file.kind,
            revision=file.revision,
            local_dir=folder,
            endpoint=endpoint(),
        )

    return Path(patiently(fetch, file.kind, pauses))


def patiently(
    ask: Callable[[], Result], kind: str, pauses: Sequence[float | None] = PAUSES
) -> Result:
    """What the hub's library returns; a hub that is busy is asked again after each of `pauses`.

    kind: model or dataset. Raises InputError, without its name, where the hub has no such
    repository, commit or file, wants consent, or cannot be reached.
    """
    from httpx2 import HTTPError

    for pause in (*pauses, None):
        try:
            return ask()
        except (OSError, HTTPError) as error:
            if reason := refused(error, kind):
                raise InputError(reason) from error
            reason = answer_of(error)
            status = getattr(getattr(error, "response", None), "status_code", None)
            if pause is None or status not in BUSY:
                raise InputError(reason) from error
            print(f"{reason}; again in {pause:g} s", file=sys.stderr)
            time.sleep(pause)
    raise AssertionError("the last try returns or raises")


def refused(error: Exception, kind: str) -> str | None:
    """Why the hub refused what its library asked for; None if that is no refusal."""
    from huggingface_hub import errors

    codes = {
        errors.GatedRepoError: "GatedRepo",  # first: it is a RepositoryNotFoundError too
        errors.RepositoryNotFoundError: "RepoNotFound",
        errors.RevisionNotFoundError: "RevisionNotFound",
        errors.RemoteEntryNotFoundError: "EntryNotFound",
    }
    for known, code in codes.items():
        if isinstance(error, known):
            return REFUSALS[code].format(kind=kind)
    return None


def answer_of(error: Exception) -> str:
    """The first line of what went wrong on the way to the hub, without what lets others in."""
    line = next(iter(str(error.__cause__ or error).splitlines()), type(error).__name__)
    return re.sub(r"\?[^\s'\"]+", "?...", line)
