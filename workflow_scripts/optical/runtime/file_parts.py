"""Parts of a file that is not here: of a URL's by range requests, in bounded bytes and time.

A server that does not know ranges sends the whole file; the connection is closed after the bytes
that were asked for.
"""

import io
import re
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import requests
from urllib3.exceptions import HTTPError

from optical.runtime import hub
from optical.runtime.downloads import may_pass, reason, refusal, retry_after, without_query
from optical.runtime.errors import InputError

WHOLE = 4 << 20
"""Bytes of a file that is read to its end."""

BEGINNING = 256 << 10
"""Bytes that are read of a larger one at first."""

MOST = 12 << 20
"""Bytes that are read of any file, all requests together."""

SECONDS = 60.0
"""What all requests for a file may take."""

TIMEOUT = (8, 15)
"""Seconds to connect, and to wait for the next bytes."""

PAUSE = 1.0
"""Seconds before a server that is busy, or broke off, is asked a second time, and the last."""

LONGEST_PAUSE = 10.0
"""The same, where the server itself says how long."""

PERMANENT = (301, 308)
"""Redirects that say where a file lies from now on."""


class TooMuchError(OSError):
    """More of a file was asked for than may be read of it, or than its server gives."""


@dataclass(frozen=True)
class Seen:
    """What was seen of a file.

    size: in bytes, None if the server does not say. beginning: its first bytes, all if `whole`.
    moved: where a permanent redirect led. opened: the file for reading anywhere; it raises
    TooMuchError where the bounds end.
    """

    size: int | None
    beginning: bytes
    opened: Callable[[], BinaryIO]
    moved: str | None = None

    @property
    def whole(self) -> bool:
        """Whether the beginning is all there is."""
        return self.size == len(self.beginning)


def look_at(path: Path) -> Seen:
    """The beginning of a file of this machine."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        beginning = file.read(size if size <= WHOLE else BEGINNING)
    return Seen(size, beginning, lambda: open(path, "rb"))


def ask_for(url: str, access: str = "", seconds: float = SECONDS) -> Seen:
    """The beginning of a URL's file. For a URL of the hub, HF_ENDPOINT and HF_TOKEN count.

    Raises:
        InputError: for a URL that is refused, does not answer in time, or whose connection ends
            before the file does; begins with the URL.
    """
    file = RemoteFile(url, access, seconds)
    beginning = file.request(0, BEGINNING, or_whole=WHOLE)
    if file.size is None and len(beginning) < BEGINNING:
        file.size = len(beginning)  # it ended there
    if file.size is not None and len(beginning) < file.size <= WHOLE:
        beginning += file.request(len(beginning), file.size - len(beginning))
    if file.size is not None and len(beginning) < (file.size if file.size <= WHOLE else BEGINNING):
        raise InputError(f"{url}: {len(beginning)} of {file.size} bytes arrived")
    if file.size == len(beginning):
        return Seen(file.size, beginning, lambda: io.BytesIO(beginning), file.moved)
    return Seen(file.size, beginning, lambda: io.BufferedReader(file.again(), 1 << 16), file.moved)


class RemoteFile(io.RawIOBase):
    """A URL's file for reading anywhere, a request a read."""

    def __init__(self, url: str, access: str, seconds: float) -> None:
        """access: told where the file is refused. seconds: what all requests may take."""
        self.url, self.access = url, access
        self.until = time.monotonic() + seconds
        self.seconds, self.left = seconds, MOST
        self.size: int | None = None
        self.moved: str | None = None
        self.place = 0

    def again(self) -> "RemoteFile":
        """The same file from its start, within the same bounds."""
        self.place = 0
        return self

    def close(self) -> None:
        """Nothing is held between two reads: who closes a reader of the file does not close it."""

    def readable(self) -> bool:
        """Whether it can be read, as BufferedReader asks."""
        return True

    def seekable(self) -> bool:
        """Whether it can be read anywhere."""
        return True

    def tell(self) -> int:
        """The place of the next byte."""
        return self.place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; from the end only where the size is known."""
        if whence == io.SEEK_END and self.size is None:
            raise TooMuchError("its server does not say its size")
        self.place = offset + {io.SEEK_CUR: self.place, io.SEEK_END: self.size}.get(whence, 0)
        return self.place

    def readinto(self, buffer) -> int:
        """Read the next bytes by a request of their own."""
        wanted = len(buffer)
        if self.size is not None:
            wanted = max(min(wanted, self.size - self.place), 0)
        data = self.request(self.place, wanted) if wanted else b""
        buffer[: len(data)] = data
        self.place += len(data)
        return len(data)

    def request(self, first: int, count: int, or_whole: int = 0) -> bytes:
        """Bytes of the file from `first` on; a server that is busy is asked once more.

        or_whole: of a server that sends the whole file anyway, all is taken up to this size.
        """
        for last in (False, True):
            try:
                return self.asked(first, count, or_whole)
            except (requests.RequestException, HTTPError) as error:
                if isinstance(error, ValueError):  # an address that cannot be asked
                    raise InputError(f"{self.url}: {error}") from error
                response = getattr(error, "response", None)
                if response is not None and not may_pass(response.status_code):
                    raise InputError(refusal(self.url, response, self.access)) from error
                if last or isinstance(error, requests.ConnectTimeout):
                    raise InputError(f"{self.url}: {reason(error)}") from error
                pause = PAUSE if response is None else max(retry_after(response), PAUSE)
                time.sleep(min(pause, LONGEST_PAUSE))
        raise AssertionError("the last try returns or raises")

    def asked(self, first: int, count: int, or_whole: int) -> bytes:
        """What `request` returns, by one request."""
        if count > self.left:
            raise TooMuchError(f"more than {MOST} bytes of it would be read")
        # Without identity a server may count the bytes of a compressed stream.
        headers = {"Accept-Encoding": "identity", "Range": f"bytes={first}-{first + count - 1}"}
        address, sign = hub.address(self.url)
        response = requests.get(address, headers=headers, auth=sign, stream=True, timeout=TIMEOUT)
        with closing(response):
            whole = re.fullmatch(
                r"bytes (?:\d+-\d+|\*)/(\d+)", response.headers.get("Content-Range", "")
            )
            if response.status_code == 416 and whole and int(whole[1]) <= first:
                self.size = int(whole[1])
                return b""
            response.raise_for_status()
            if response.status_code == 206:
                self.size = int(whole[1]) if whole else self.size
            elif first:
                raise TooMuchError("its server sends no parts of a file")
            elif response.headers.get("Content-Length", "").isdecimal():
                self.size = int(response.headers["Content-Length"])
                count = self.size if self.size <= or_whole else count
            for step in response.history:
                if step.status_code in PERMANENT:
                    self.moved = without_query(response.url)
            return self.received(response, count)

    def received(self, response: requests.Response, count: int) -> bytes:
        """The first `count` bytes of an answer, or all of a shorter one, in time."""
        data = bytearray()
        while len(data) < count:
            if time.monotonic() > self.until:
                raise InputError(
                    f"{self.url}: {len(data)} of {count} bytes came in {self.seconds:.0f} s"
                )
            block = response.raw.read1(count - len(data), decode_content=False)
            if not block:
                break
            data += block
            self.left -= len(block)
        return bytes(data)
