"""Downloads that arrive whole: from a mirror folder or over HTTP, checked, resumed, retried."""

import json
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256 as new_sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

import requests
from tqdm import tqdm

from optical.runtime import files, hub, hub_files, lock_file, wholeness
from optical.runtime.errors import InputError
from optical.runtime.parts import discard, discard_content, held, version_file, version_of

BLOCK = 1 << 16
"""Bytes written at once; what a broken connection can lose of those received."""

TIMEOUT = (15, 60)
"""Seconds to connect, and to wait for the next bytes."""

LONGEST_PAUSE = 300.0
"""Seconds between two tries at most, whatever the server asks for."""


def download(
    url: str,
    path: str | Path,
    *,
    sha256: str | None = None,
    md5: str | None = None,
    bytes: int | None = None,  # the name of the key in resources/datasets.yaml
    mirrors: Iterable[str | Path] = (),
    lock: Path | None = None,
    access: str = "",
    attempts: int = 5,
    wait: float = 1.0,
) -> None:
    """Bring the file of a URL to `path`; nothing to do if it is there with the right checksum.

    A mirror is a folder that holds files as <host>/<path> of their URLs; the first that has the
    file is taken and the network left alone. Otherwise the file is downloaded, by up to
    `attempts` tries with pauses of wait, 2 wait, 4 wait... seconds. What a broken try received
    stays beside `path` and the next one, also of a later call, goes on from there. A file
    of the hub is transferred by the hub's library, which begins a killed transfer anew.

    A file without a known sha256 is proven whole by its length, its kind, and its md5 if that is
    known; what it was when it
    first came is recorded in the file `lock`, and is its checksum from then on.
    access: what a user has to do before the file can be had, told when it is refused.

    Raises:
        InputError: for a checksum other than expected, with both, and nothing is kept; for a URL
            that the server refuses, or answers with a page; when the last try failed.
    """
    path = Path(path)
    # The checksum that comes first: one that is published, or the one of the first time.
    known = lock_file.recorded(lock, url) if lock and not sha256 else None
    expected = sha256 or (known and known.sha256)
    if is_there(path, expected):
        return
    path.parent.mkdir(parents=True, exist_ok=True)

    def check(file: Path, origin: str | Path, framed: bool = True) -> None:
        found = lock_file.Record(files.sha256(file), file.stat().st_size)
        if sha256:
            if found.sha256 != sha256:
                raise InputError(
                    f"{origin}: sha256 {found.sha256} ({found.bytes} bytes), expected {sha256}"
                )
            return
        if known:
            lock_file.agree(lock, url, origin, found, known)
            return
        if bytes is not None and found.bytes != bytes:
            raise InputError(f"{origin}: {found.bytes} bytes, expected {bytes}")
        if md5 and (other := files.md5(file)) != md5:
            raise InputError(f"{origin}: md5 {other} ({found.bytes} bytes), expected {md5}")
        if not found.bytes and bytes is None and not md5:
            raise InputError(
                f"{origin}: is empty; expected `bytes: 0` in resources/datasets.yaml if it is to be"
            )
        kind = wholeness.kind_of(url, path)
        try:
            wholeness.prove_whole(file, kind)
        except ValueError as error:
            raise InputError(f"{origin}: {error}{told(access)}") from error
        if not framed and bytes is None and kind not in wholeness.PROOFS:
            raise InputError(
                f"{origin}: came without a length, so that nobody can tell whether it is whole; "
                "expected `bytes` or `sha256` in resources/datasets.yaml"
            )
        if lock:
            lock_file.record(lock, url, found)

    # The version in the name keeps a part of another one from being continued. It does not change
    # while another process records the file: both are to wait for the same part.
    version = (sha256 or new_sha256(url.encode()).hexdigest())[:16]
    with held(path.with_name(f".{path.name}.{version}.part")) as part:
        # Another process may have brought the file while this one waited.
        if lock and not sha256:
            known = lock_file.recorded(lock, url)
            expected = known and known.sha256
        if is_there(path, expected):
            discard(part)
            return
        copies = (mirrored(url, Path(mirror)) for mirror in mirrors)
        copy = next(filter(Path.is_file, copies), None)
        if not copy and (file := hub_files.hub_file(url)):
            pauses = [wait * 2**attempt for attempt in range(attempts - 1)]
            with fetched_from_hub(url, file, part, pauses, access) as arrived:
                check(arrived, url)
                arrived.replace(path)
            return
        framed = True
        if copy:
            discard_content(part)
            shutil.copyfile(copy, part)
        else:
            framed = fetch_with_retries(
                url, part, bytes, attempts, wait, sure=bool(expected), access=access
            )
        try:
            check(part, copy or url, framed)
        except ValueError:
            discard(part)
            raise
        part.replace(path)
        # Not the part: from now on it is that of the next process, if there is one.
        version_file(part).unlink(missing_ok=True)


def is_there(path: Path, sha256: str | None) -> bool:
    """Whether a file has the checksum that it is known by."""
    return bool(sha256) and path.is_file() and files.sha256(path) == sha256


def mirrored(url: str, mirror: Path) -> Path:
    """Where a mirror folder holds the file of a URL."""
    parts = urlsplit(url)
    return mirror / parts.hostname / unquote(parts.path).lstrip("/")


def told(access: str) -> str:
    """The end of a message: what a user has to do first."""
    return f"; access: {access}" if access else ""


# --- tries ---------------------------------------------------------------------------------------


def fetch_with_retries(
    url: str,
    part: Path,
    size: int | None,
    attempts: int,
    wait: float,
    *,
    sure: bool = True,
    access: str = "",
) -> bool:
    """Try `fetch` until the part has all its bytes; failures that may pass are tried again.

    Returns what `fetch` does.
    """
    for attempt in range(1, attempts + 1):
        try:
            return fetch(url, part, size, sure=sure, access=access)
        except (requests.RequestException, IncompleteError) as error:
            if isinstance(error, ValueError):  # an address that cannot be asked
                raise InputError(f"{url}: {error}") from error
            response = getattr(error, "response", None)
            if response is not None and not may_pass(response.status_code):
                raise InputError(refusal(url, response, access)) from error
            if attempt == attempts:
                raise InputError(
                    f"{url}: not downloaded in {attempts} tries, the last failed with: "
                    f"{reason(error)}"
                ) from error
            asked = 0.0 if response is None else retry_after(response)
            time.sleep(min(max(wait * 2 ** (attempt - 1), asked), LONGEST_PAUSE))
    raise ValueError(f"{url}: {attempts} tries are none")


@contextmanager
def fetched_from_hub(
    url: str, file: hub_files.HubFile, part: Path, pauses: list[float], access: str
) -> Iterator[Path]:
    """Bring a file of the hub into a folder beside its part, which is held.

    The hub's library goes on with a transfer that breaks, but not with one that was killed: what
    lies in the folder is of no use to anybody.

    Raises InputError, as `download` does.
    """
    hub.signature()  # refuses a token that cannot be sent, without showing it
    folder = part.with_name(f"{part.name}.hub")
    files.remove(folder)
    try:
        try:
            arrived = hub_files.fetch_file(file, folder, pauses)
        except InputError as error:
            raise InputError(f"{url}: {error}{told(access)}") from error
        yield arrived
    finally:
        files.remove(folder)


def without_query(error: Exception | str) -> str:
    """A text, or an error's, without what follows a ? in an address, which may let others in."""
    return re.sub(r"\?[^\s'\"]+", "?...", str(error))


def reason(error: Exception) -> str:
    """Why a request failed: in a few words where no server was reached."""
    # What requests raises holds an error of urllib3, which is no package of ours to import.
    cause = type(getattr(error.args[0], "reason", None)).__name__ if error.args else ""
    known = {
        "NameResolutionError": "its host is not known here",
        "NewConnectionError": "its host cannot be reached",
    }
    if cause in known:
        return f"{known[cause]}; is there a network, or a mirror (MIRROR=DIR)?"
    return without_query(error)


class IncompleteError(OSError):
    """The connection ended before the file did."""


def may_pass(status: int) -> bool:
    """Whether an HTTP status tells of a failure that a later try may not meet."""
    return status in (408, 425, 429) or status >= 500


def refusal(url: str, response: requests.Response, access: str) -> str:
    """One line on a request that the server will go on to refuse."""
    line = f"{url}: HTTP {response.status_code} {response.reason}"
    wants = response.status_code in (401, 403)
    if url.startswith(hub_files.HUB):
        code, file = response.headers.get("X-Error-Code", ""), hub_files.hub_file(url)
        if code in hub_files.REFUSALS:
            kind = file.kind if file else "repository"
            line += f"; {hub_files.REFUSALS[code].format(kind=kind)}"
        elif wants:
            line += "; the hub wants HF_TOKEN, of an account that may read it"
    if wants:
        line += told(access)
    return line


def retry_after(response: requests.Response) -> float:
    """Seconds that a server asks to wait for, 0 if it does not say."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        then = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return max((then - datetime.now(UTC)).total_seconds(), 0.0)


def fetch(url: str, part: Path, size: int | None, *, sure: bool = True, access: str = "") -> bool:
    """Download into `part`, after the bytes that it already has if they are of the same version.

    size: of the whole file, where it is known before. sure: whether a checksum will tell a file
    glued from two versions; if not, only a part whose version is known is continued.
    Returns whether the server said where the file ends.
    """
    version = version_of(part)
    expected = size if size is not None else version.get("length")
    have = part.stat().st_size if part.exists() else 0
    if have and not (sure or version.get("validator")):
        have = 0
    if expected is not None and have > expected:
        have = 0
    if have and have == expected:
        return True
    # Without identity a server may count the bytes of a compressed stream.
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if version.get("validator"):
            headers["If-Range"] = version["validator"]
    address, sign = hub.address(url)
    with requests.get(
        address, headers=headers, auth=sign, stream=True, timeout=TIMEOUT
    ) as response:
        if response.status_code == 416:
            discard_content(part)
            raise IncompleteError(f"the server has no bytes after {have}")
        response.raise_for_status()
        if wholeness.kind_of(url, part.with_suffix("").with_suffix("")) in wholeness.STREAMS:
            take_as_sent(response)
        found = described(response)
        resumed = (
            response.status_code == 206
            and response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
            # A server that does not know If-Range sends the rest of whatever there is now.
            and all(found[key] in (None, value) for key, value in version.items() if value)
        )
        if response.status_code == 206 and not resumed:
            discard_content(part)
            raise IncompleteError(f"the file changed after {have} bytes")
        if not resumed:
            have = 0
            discard_content(part)
            version_file(part).write_text(json.dumps(found))
        length = found["length"]
        with (
            open(part, "ab") as file,
            tqdm(
                desc=part.name.split(".")[1],
                total=length or size,
                initial=have,
                unit="B",
                unit_scale=True,
                disable=None,  # where stderr is no terminal
            ) as progress,
        ):
            for number, block in enumerate(response.iter_content(BLOCK)):
                if number == 0 and not resumed:
                    refuse_page(url, part, block, response, access)
                file.write(block)
                progress.update(len(block))
        framed = (
            length is not None
            or "Transfer-Encoding" in response.headers
            or ("Content-Length" in response.headers)
        )
    received = part.stat().st_size
    if length is None and size is not None:
        length = size
    if length is not None and received < length:
        raise IncompleteError(f"{received} of {length} bytes arrived")
    return framed


def take_as_sent(response: requests.Response) -> None:
    """Have a compressed file left compressed, and its bytes counted as they come.

    Some servers name its compression as that of the transfer too, which would then be undone.
    """
    for headers in (response.headers, response.raw.headers):
        headers.pop("Content-Encoding", None)


def described(response: requests.Response) -> dict:
    """What a response says of its file: a validator for If-Range, and the whole length in bytes."""
    headers = response.headers
    tag = headers.get("ETag", "")
    # A weak tag is the same for files that differ in their bytes.
    validator = tag if tag.startswith('"') else headers.get("Last-Modified")
    length = None
    if match := re.fullmatch(r"bytes \d+-\d+/(\d+)", headers.get("Content-Range", "")):
        length = int(match[1])
    elif (
        response.status_code == 200
        and headers.get("Content-Encoding", "identity") == "identity"
        and headers.get("Content-Length", "").isdecimal()
    ):
        length = int(headers["Content-Length"])
    return {"validator": validator, "length": length}


def refuse_page(
    url: str, part: Path, beginning: bytes, response: requests.Response, access: str
) -> None:
    """Raise InputError if a page of HTML, such as a login, came in place of the file."""
    if wholeness.is_page(beginning, response.headers.get("Content-Type", "")):
        discard(part)
        raise InputError(f"{url}: a page of HTML came, perhaps a login{told(access)}")
