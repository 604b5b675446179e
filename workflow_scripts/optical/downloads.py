"""Downloads that arrive whole: from a mirror folder or over HTTP, checked, resumed, retried."""

import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import requests
from tqdm import tqdm

from optical import files

BLOCK = 1 << 16
"""Bytes written at once; what a broken connection can lose of those received."""

TIMEOUT = (15, 60)
"""Seconds to connect, and to wait for the next bytes."""


def download(
    url: str,
    path: str | Path,
    *,
    sha256: str,
    bytes: int,  # the name of the key in resources/datasets.yaml
    mirrors: Iterable[str | Path] = (),
    attempts: int = 5,
    wait: float = 1.0,
) -> None:
    """Bring the file of a URL to `path`; nothing to do if it is there with the right checksum.

    A mirror is a folder that holds files as <host>/<path> of their URLs; the first that has the
    file is taken and the network left alone. Otherwise the file is downloaded, by up to
    `attempts` tries with pauses of wait, 2 wait, 4 wait... seconds. What a broken try received
    stays beside `path` and the next one, also of a later call, goes on from there.

    Raises:
        ValueError: for a checksum other than expected, with both, and nothing is kept; for a URL
            that the server refuses; when the last try failed.
    """
    path = Path(path)
    if path.is_file() and files.sha256(path) == sha256:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    for mirror in mirrors:
        copy = mirrored(url, Path(mirror))
        if copy.is_file():
            with files.atomic_path(path) as temporary:
                shutil.copyfile(copy, temporary)
                check(temporary, sha256, copy)
            return
    # The checksum in the name keeps a part of another version from being continued.
    part = path.with_name(f".{path.name}.{sha256[:16]}.part")
    fetch_with_retries(url, part, bytes, attempts, wait)
    try:
        check(part, sha256, url)
    except ValueError:
        part.unlink()
        raise
    part.replace(path)


def mirrored(url: str, mirror: Path) -> Path:
    """Where a mirror folder holds the file of a URL."""
    parts = urlsplit(url)
    return mirror / parts.hostname / unquote(parts.path).lstrip("/")


def check(path: Path, sha256: str, origin: str | Path) -> None:
    """Compare a file's checksum with the expected one.

    Raises:
        ValueError: with both checksums and the size, if they differ.
    """
    found = files.sha256(path)
    if found != sha256:
        raise ValueError(
            f"{origin}: sha256 {found} ({path.stat().st_size} bytes), expected {sha256}"
        )


def fetch_with_retries(url: str, part: Path, size: int, attempts: int, wait: float) -> None:
    """Try `fetch` until the part has all its bytes; failures that may pass are tried again."""
    for attempt in range(1, attempts + 1):
        try:
            fetch(url, part, size)
            return
        except (requests.RequestException, IncompleteError) as error:
            response = getattr(error, "response", None)
            if response is not None and not may_pass(response.status_code):
                raise ValueError(f"{url}: HTTP {response.status_code} {response.reason}") from error
            if attempt == attempts:
                raise ValueError(
                    f"{url}: not downloaded in {attempts} tries, the last failed with: {error}"
                ) from error
            time.sleep(wait * 2 ** (attempt - 1))


class IncompleteError(OSError):
    """The connection ended before the file did."""


def may_pass(status: int) -> bool:
    """Whether an HTTP status tells of a failure that a later try may not meet."""
    return status in (408, 425, 429) or status >= 500


def fetch(url: str, part: Path, size: int) -> None:
    """Download into `part`, after the bytes that it already has if the server can do that."""
    have = part.stat().st_size if part.exists() else 0
    if have > size:
        part.unlink()
        have = 0
    if have == size and have > 0:
        return
    # Without identity a server may count the bytes of a compressed stream.
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        response.raise_for_status()
        resumed = response.status_code == 206 and response.headers.get(
            "Content-Range", ""
        ).startswith(f"bytes {have}-")
        if not resumed:
            have = 0
        with (
            open(part, "ab" if resumed else "wb") as file,
            tqdm(
                desc=part.name.split(".")[1],
                total=size,
                initial=have,
                unit="B",
                unit_scale=True,
                disable=None,  # where stderr is no terminal
            ) as progress,
        ):
            for block in response.iter_content(BLOCK):
                file.write(block)
                progress.update(len(block))
    received = part.stat().st_size
    if received < size:
        raise IncompleteError(f"{received} of {size} bytes arrived")
