"""Where files of the Hugging Face hub are asked for, and with what token."""

import os
from collections.abc import Callable

import requests

from optical.runtime.errors import InputError
from optical.runtime.hub_files import HUB, endpoint


def address(url: str) -> tuple[str, Callable | None]:
    """The address to ask for a URL's file, and what signs the request, if anything does.

    For a URL of the hub HF_ENDPOINT replaces the host, and HF_TOKEN signs. Another URL is asked
    for as it is, by nobody.
    """
    if not url.startswith(HUB):
        return url, None
    return f"{endpoint()}/{url.removeprefix(HUB)}", signature()


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
