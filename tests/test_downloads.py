import gzip
import hashlib
import io
import random
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor, wait
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from hosts import REVISION, Hub
from optical.runtime import downloads
from optical.runtime.downloads import download
from optical.runtime.errors import InputError
from optical.runtime.hub_files import HUB, hub_file
from optical.runtime.lock_file import Record, record, recorded

DATA = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(DATA).hexdigest()


def first_byte(asked):
    """The first byte that a Range header asks for."""
    return int(asked.removeprefix("bytes=").removesuffix("-"))


class Server(ThreadingHTTPServer):
    """Answers from a list of behaviours, one a request; the last one goes on for ever.

    whole, ignores_range: the file. refuses, missing: status 503, 404. breaks: ends half way.
    A behaviour may also be a function of the handler, such as those of `answer`.
    """

    def __init__(self, behaviours):
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviours = behaviours
        self.ranges = []
        self.headers = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/set/file%20one.txt"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):  # noqa: N802 - the name that http.server calls
        server = self.server
        behaviour = server.behaviours[min(len(server.ranges), len(server.behaviours) - 1)]
        asked = self.headers.get("Range")
        server.ranges.append(asked)
        server.headers.append(dict(self.headers))
        if callable(behaviour):
            behaviour(self)
            return
        if behaviour in ("refuses", "missing"):
            self.send_error(503 if behaviour == "refuses" else 404)
            return
        first = first_byte(asked) if asked else 0
        if behaviour == "ignores_range":
            first = 0
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(DATA) - 1}/{len(DATA)}")
        self.send_header("Content-Length", str(len(DATA) - first))
        self.end_headers()
        last = len(DATA) // 2 if behaviour == "breaks" else len(DATA)
        self.wfile.write(DATA[first:last])

    def log_message(self, *_):
        pass


def answer(data, status=200, breaks=None, length=True, knows_if_range=True, **headers):
    """A behaviour: some data, from the byte asked for if the tag is that of If-Range.

    breaks: the byte before which the connection ends. headers: Last_Modified for Last-Modified.
    """
    headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def behave(handler):
        asked = handler.headers.get("Range")
        first = first_byte(asked) if asked and status == 200 else 0
        tag = handler.headers.get("If-Range")
        if knows_if_range and tag and tag not in headers.values():
            first = 0
        handler.send_response(206 if first else status)
        if first:
            handler.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        if length:
            handler.send_header("Content-Length", str(len(data) - first))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data[first:breaks])

    return behave


@pytest.fixture(autouse=True)
def no_hub_and_no_proxy(monkeypatch):
    for name in ("HF_ENDPOINT", "HF_TOKEN", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def serve():
    servers = []

    def start(*behaviours):
        server = Server(behaviours)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def fetch(server, path, sha256=SHA256, **options):
    download(server.url, path, sha256=sha256, bytes=len(DATA), wait=0.0, **options)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_arrives_whole(serve, tmp_path):
    server = serve("whole")
    fetch(server, tmp_path / "new" / "file")
    assert (tmp_path / "new" / "file").read_bytes() == DATA
    assert names(tmp_path / "new") == ["file"]


def test_a_file_that_is_there_is_not_downloaded_again(serve, tmp_path):
    server = serve("whole")
    (tmp_path / "file").write_bytes(DATA)
    fetch(server, tmp_path / "file")
    assert server.ranges == []


def test_a_refusal_is_tried_again(serve, tmp_path):
    server = serve("refuses", "refuses", "whole")
    fetch(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA
    assert len(server.ranges) == 3


def test_a_broken_download_goes_on_where_it_broke(serve, tmp_path):
    server = serve("breaks", "whole")
    fetch(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA
    assert server.ranges[0] is None
    assert first_byte(server.ranges[1]) > len(DATA) // 4


def test_a_later_call_goes_on_where_an_earlier_one_gave_up(serve, tmp_path):
    server = serve("breaks", "refuses", "whole")
    with pytest.raises(InputError, match="not downloaded in 2 tries"):
        fetch(server, tmp_path / "file", attempts=2)
    assert not (tmp_path / "file").exists()
    fetch(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA
    assert first_byte(server.ranges[-1]) > len(DATA) // 4


def test_a_server_without_ranges_starts_again(serve, tmp_path):
    server = serve("breaks", "ignores_range")
    fetch(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA


def test_a_missing_file_is_not_tried_again(serve, tmp_path):
    server = serve("missing")
    with pytest.raises(InputError, match="HTTP 404"):
        fetch(server, tmp_path / "file")
    assert len(server.ranges) == 1


def test_a_wrong_checksum_shows_both_and_keeps_nothing(serve, tmp_path):
    server = serve("whole")
    with pytest.raises(InputError, match=SHA256) as error:
        fetch(server, tmp_path / "file", sha256="0" * 64)
    assert "0" * 64 in str(error.value)
    assert names(tmp_path) == []


def test_a_published_md5_is_compared_and_shown_with_the_other(serve, tmp_path):
    server = serve("whole", "whole")
    right = hashlib.md5(DATA).hexdigest()
    fetch(server, tmp_path / "right", sha256=None, md5=right)
    with pytest.raises(InputError, match=f"md5 {right} .*expected {'0' * 32}"):
        fetch(server, tmp_path / "wrong", sha256=None, md5="0" * 32)
    assert names(tmp_path) == ["right"]


def test_a_mirror_is_taken_before_the_network(serve, tmp_path):
    server = serve("missing")
    copy = tmp_path / "mirror" / "127.0.0.1" / "set" / "file one.txt"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(DATA)
    fetch(server, tmp_path / "file", mirrors=[tmp_path / "empty", tmp_path / "mirror"])
    assert (tmp_path / "file").read_bytes() == DATA
    assert server.ranges == []


def test_a_mirrors_wrong_file_is_named(serve, tmp_path):
    server = serve("whole")
    copy = tmp_path / "mirror" / "127.0.0.1" / "set" / "file one.txt"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(b"other")
    with pytest.raises(InputError, match=SHA256) as error:
        fetch(server, tmp_path / "file", mirrors=[tmp_path / "mirror"])
    assert str(copy) in str(error.value)
    assert not (tmp_path / "file").exists()


def test_a_file_no_mirror_has_comes_from_the_network(serve, tmp_path):
    server = serve("whole")
    fetch(server, tmp_path / "file", mirrors=[tmp_path / "empty"])
    assert (tmp_path / "file").read_bytes() == DATA


def test_a_failed_download_leaves_nothing_where_nothing_came(serve, tmp_path):
    with pytest.raises(InputError, match="HTTP 404"):
        fetch(serve("missing"), tmp_path / "file")
    assert names(tmp_path) == []


@pytest.mark.parametrize("status", [401, 403])
def test_who_is_refused_is_told_how_to_get_access(serve, tmp_path, status):
    server = serve(answer(b"", status))
    with pytest.raises(InputError, match=rf"\A[^\n]+HTTP {status} [^\n]+sign the form\Z"):
        fetch(server, tmp_path / "file", access="sign the form")
    assert len(server.ranges) == 1


@pytest.mark.parametrize(
    ("asked", "pause"),
    [("7", 7.0), ("100000", downloads.LONGEST_PAUSE), ("soon", 1.0), ("", 1.0)],
)
def test_a_server_is_given_the_time_it_asks_for_within_bounds(
    serve, tmp_path, monkeypatch, asked, pause
):
    pauses = []
    monkeypatch.setattr(downloads.time, "sleep", pauses.append)
    server = serve(answer(b"", 429, Retry_After=asked), "whole")
    download(server.url, tmp_path / "file", sha256=SHA256, bytes=len(DATA), wait=1.0)
    assert pauses == [pause]


def test_a_date_to_wait_for_is_understood(serve, tmp_path, monkeypatch):
    pauses = []
    monkeypatch.setattr(downloads.time, "sleep", pauses.append)
    server = serve(answer(b"", 503, Retry_After="Fri, 31 Dec 2100 23:59:59 GMT"), "whole")
    fetch(server, tmp_path / "file")
    assert pauses == [downloads.LONGEST_PAUSE]


def test_a_moved_file_is_followed(serve, tmp_path):
    target = serve("whole")
    fetch(serve(answer(b"", 301, Location=target.url)), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA


# --- without a published checksum ----------------------------------------------------------------


def fetch_unknown(server, path, **options):
    lock = path.parent / "lock.tsv"
    download(server.url, path, **{"lock": lock, "wait": 0.0} | options)


def test_the_first_download_is_recorded(serve, tmp_path):
    server = serve("whole")
    fetch_unknown(server, tmp_path / "file")
    assert (tmp_path / "lock.tsv").read_text() == f"{server.url}\t{SHA256}\t{len(DATA)}\n"
    fetch_unknown(server, tmp_path / "file")
    assert len(server.ranges) == 1


def test_a_file_that_comes_again_is_compared_with_the_first(serve, tmp_path):
    server = serve("whole", "whole", answer(b"other"))
    fetch_unknown(server, tmp_path / "file")
    (tmp_path / "file").unlink()
    fetch_unknown(server, tmp_path / "file")
    (tmp_path / "file").unlink()
    with pytest.raises(InputError, match=SHA256) as error:
        fetch_unknown(server, tmp_path / "file")
    message = str(error.value)
    assert hashlib.sha256(b"other").hexdigest() in message
    assert f"remove the line of {server.url} from {tmp_path / 'lock.tsv'}" in message
    assert names(tmp_path) == ["lock.tsv"]


def test_a_mirrors_file_is_compared_with_the_first_too(serve, tmp_path):
    server = serve("whole")
    fetch_unknown(server, tmp_path / "file")
    (tmp_path / "file").unlink()
    copy = tmp_path / "mirror" / "127.0.0.1" / "set" / "file one.txt"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(b"other")
    with pytest.raises(InputError, match=SHA256) as error:
        fetch_unknown(server, tmp_path / "file", mirrors=[tmp_path / "mirror"])
    assert str(copy) in str(error.value)
    assert not (tmp_path / "file").exists()


def test_a_new_file_is_accepted_by_removing_its_line(serve, tmp_path):
    server = serve(answer(b"old"), answer(b"new"))
    fetch_unknown(server, tmp_path / "file")
    (tmp_path / "lock.tsv").write_text("")
    (tmp_path / "file").unlink()
    fetch_unknown(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_published_checksum_is_not_recorded(serve, tmp_path):
    fetch(serve("whole"), tmp_path / "file", lock=tmp_path / "lock.tsv")
    assert names(tmp_path) == ["file"]


def test_many_records_at_once_are_a_line_each(tmp_path):
    lock, number = tmp_path / "lock.tsv", 40

    def write(i):
        record(lock, f"https://example.org/{i % number}", Record(SHA256, i % number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(4 * number)))
    assert len(lock.read_text().splitlines()) == number
    assert recorded(lock, "https://example.org/7") == Record(SHA256, 7)


def test_a_line_that_was_cut_off_is_no_record_and_spoils_no_other(tmp_path):
    lock = tmp_path / "lock.tsv"
    lock.write_text(f"https://example.org/a\t{SHA256[:20]}")
    assert recorded(lock, "https://example.org/a") is None
    record(lock, "https://example.org/a", Record(SHA256, 1))
    assert recorded(lock, "https://example.org/a") == Record(SHA256, 1)


@pytest.mark.parametrize("version", [{"ETag": '"1"'}, {"Last_Modified": "Thu, 01 Jan 2026"}])
def test_an_unknown_file_goes_on_where_it_broke(serve, tmp_path, version):
    half = len(DATA) // 2
    server = serve(answer(DATA, breaks=half, **version), answer(DATA, **version))
    fetch_unknown(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA
    assert first_byte(server.ranges[1]) > len(DATA) // 4
    assert server.headers[1]["If-Range"] in version.values()
    assert names(tmp_path) == ["file", "lock.tsv"]


@pytest.mark.parametrize("knows_if_range", [True, False])
def test_two_halves_of_two_versions_are_not_glued(serve, tmp_path, knows_if_range):
    half, new = len(DATA) // 2, DATA[::-1]
    server = serve(
        answer(DATA, breaks=half, ETag='"1"'),
        answer(new, ETag='"2"', knows_if_range=knows_if_range),
    )
    fetch_unknown(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == new


@pytest.mark.parametrize("version", [{}, {"ETag": 'W/"1"'}])
def test_a_part_of_an_unknown_version_is_not_continued(serve, tmp_path, version):
    server = serve(answer(DATA, breaks=len(DATA) // 2, **version), answer(DATA, **version))
    fetch_unknown(server, tmp_path / "file")
    assert server.ranges == [None, None]


def test_a_part_that_lacks_only_its_name_is_not_downloaded_again(serve, tmp_path, monkeypatch):
    server = serve(answer(DATA, ETag='"1"'))

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            fetch_unknown(server, tmp_path / "file", lock=None)
    fetch_unknown(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA
    assert len(server.ranges) == 1


def test_a_range_that_does_not_exist_starts_again(serve, tmp_path):
    server = serve("breaks", answer(b"", 416), "whole")
    fetch(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA


def test_a_size_that_is_known_is_checked(serve, tmp_path):
    with pytest.raises(InputError, match=f"{len(DATA)} bytes, expected 7"):
        fetch_unknown(serve("whole"), tmp_path / "file", bytes=7)
    assert names(tmp_path) == []


def test_two_jobs_for_a_file_leave_it_whole(serve, tmp_path):
    server = serve(answer(DATA))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: fetch_unknown(server, tmp_path / "file"), range(4)))
    assert (tmp_path / "file").read_bytes() == DATA
    assert names(tmp_path) == ["file", "lock.tsv"]
    assert len(server.ranges) == 1


def test_a_job_that_comes_between_the_record_and_the_file_waits(serve, tmp_path, monkeypatch):
    server, rename = serve(answer(DATA)), Path.replace
    with ThreadPoolExecutor(1) as pool:
        jobs = []

        def renamed(part, path):
            jobs.append(pool.submit(fetch_unknown, server, tmp_path / "file"))
            assert wait(jobs, timeout=0.5).not_done
            return rename(part, path)

        monkeypatch.setattr(Path, "replace", renamed)
        fetch_unknown(server, tmp_path / "file")
        jobs[0].result()
    assert len(jobs) == len(server.ranges) == 1
    assert names(tmp_path) == ["file", "lock.tsv"]


# --- whole, and of the kind that was expected ----------------------------------------------------


def zipped(*members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for member in members:
            archive.writestr(member, "text")
    return file.getvalue()


PARQUET = b"PAR1" + bytes(20) + (10).to_bytes(4, "little") + b"PAR1"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.parquet", PARQUET),
        ("a.zip", zipped("a/b.txt", "..c")),
        ("a.gz", gzip.compress(b"text")),
        ("a.txt", b"\n"),
    ],
)
def test_a_whole_file_of_a_kind_is_accepted(serve, tmp_path, name, data):
    fetch_unknown(serve(answer(data)), tmp_path / name)
    assert (tmp_path / name).read_bytes() == data


PAGE = b"\n<!-- login --><!doctype HTML><html><form>"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.parquet", PARQUET[:-1], "no whole parquet"),
        ("a.parquet", b"PAR1PAR1", "no whole parquet"),
        ("a.zip", zipped("a")[:-4], "no whole zip"),
        ("a.zip", zipped("a/../../b"), r"path outside its folder: 'a/../../b'"),
        ("a.zip", zipped("/etc/b"), r"path outside its folder: '/etc/b'"),
        ("a.gz", gzip.compress(bytes(range(200)))[:-3], "not read to its end"),
        ("a.gz", b"text", "not read to its end"),
        ("a.tsv", PAGE, "page of HTML"),
        ("a.tsv", b"", "is empty; expected `bytes: 0`"),
    ],
)
@pytest.mark.parametrize("mirrored", [True, False])
def test_a_file_cut_off_or_of_another_kind_is_refused(
    serve, tmp_path, name, data, message, mirrored
):
    server = serve(answer(data))
    folder = tmp_path / "mirror" / "127.0.0.1" / "set"
    folder.mkdir(parents=True)
    if mirrored:
        (folder / "file one.txt").write_bytes(data)
    with pytest.raises(InputError, match=message):
        fetch_unknown(server, tmp_path / "new" / name, mirrors=[tmp_path / "mirror"])
    assert names(tmp_path / "new") == []


@pytest.mark.parametrize("sha256", [None, SHA256])
def test_a_login_page_points_to_what_has_to_be_done(serve, tmp_path, sha256):
    page = answer(b"<head><title>Login", Content_Type="text/html; charset=utf-8")
    server = serve(page)
    with pytest.raises(InputError, match="page of HTML.*access: make an account"):
        fetch_unknown(server, tmp_path / "f", sha256=sha256, access="make an account")
    assert names(tmp_path) == []
    assert len(server.ranges) == 1


@pytest.mark.parametrize("known", [{"bytes": 0}, {"md5": hashlib.md5(b"").hexdigest()}])
def test_a_file_that_is_known_to_be_empty_is_accepted(serve, tmp_path, known):
    fetch_unknown(serve(answer(b"")), tmp_path / "a.tsv", **known)
    assert (tmp_path / "a.tsv").read_bytes() == b""


PACKED = gzip.compress(random.Random(1).randbytes(500_000))


@pytest.mark.parametrize("version", [{}, {"ETag": '"1"'}])
def test_a_compressed_file_stays_so_whatever_its_server_calls_its_encoding(
    serve, tmp_path, version
):
    about = {"Content_Encoding": "x-gzip"} | version
    server = serve(answer(PACKED, breaks=len(PACKED) // 2, **about), answer(PACKED, **about))
    fetch_unknown(server, tmp_path / "a.tsv.gz")
    assert (tmp_path / "a.tsv.gz").read_bytes() == PACKED
    assert len(server.ranges) == 2
    assert (server.ranges[1] is None) == (not version)


def test_another_file_is_freed_of_the_encoding_of_its_transfer(serve, tmp_path):
    server = serve(answer(gzip.compress(b"habari\n"), Content_Encoding="gzip"))
    fetch_unknown(server, tmp_path / "a.tsv")
    assert (tmp_path / "a.tsv").read_bytes() == b"habari\n"


def test_text_that_a_server_calls_html_is_no_page(serve, tmp_path):
    fetch_unknown(serve(answer(b"habari\n", Content_Type="text/html")), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"habari\n"


def test_without_a_length_only_what_shows_its_end_is_whole(serve, tmp_path):
    fetch_unknown(serve(answer(PARQUET, length=False)), tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").exists()
    with pytest.raises(InputError, match="without a length"):
        fetch_unknown(serve(answer(DATA, length=False)), tmp_path / "a.tsv")
    assert not (tmp_path / "a.tsv").exists()


# --- the hub, and proxies ------------------------------------------------------------------------

HUB_URL = f"{HUB}datasets/a/b/resolve/main/c/d.txt"
HUB_PATH = "/datasets/a/b/resolve/main/c/d.txt"
TOKEN = "hf_secret0123456789"


@pytest.fixture
def endpoint(monkeypatch):
    """The hub with the file of HUB_URL, for a user with a token."""
    server = Hub({}).start()
    server.others[HUB_PATH] = DATA
    monkeypatch.setenv("HF_ENDPOINT", f"{server.url}/")
    monkeypatch.setenv("HF_TOKEN", f"{TOKEN}\n")
    yield server
    server.shutdown()
    server.server_close()


def test_another_endpoint_is_asked_for_the_hubs_files_with_the_token(endpoint, tmp_path):
    download(HUB_URL, tmp_path / "file", lock=tmp_path / "lock.tsv", wait=0.0)
    assert (tmp_path / "file").read_bytes() == DATA
    assert f"Bearer {TOKEN}" in endpoint.tokens
    # Elsewhere there is another endpoint, or none.
    assert recorded(tmp_path / "lock.tsv", HUB_URL) == Record(SHA256, len(DATA))
    assert names(tmp_path) == ["file", "lock.tsv"]
    download(HUB_URL, tmp_path / "file", lock=tmp_path / "lock.tsv")
    assert endpoint.sent[HUB_PATH] == len(DATA)


def test_a_transfer_of_the_hub_that_breaks_goes_on_and_a_killed_one_leaves_nothing(
    endpoint, tmp_path, monkeypatch
):
    data, half = DATA * 30, len(DATA) * 15  # more than the library holds before it writes
    ranges = []

    def breaks(handler):
        about = {"ETag": '"1"', "X_Repo_Commit": REVISION}
        if handler.command == "HEAD":
            handler.answer(200, data, **about)
            return
        ranges.append(handler.headers.get("Range"))
        first = int((ranges[-1] or "bytes=0-").removeprefix("bytes=").split("-")[0])
        if first:
            about |= {"Content_Range": f"bytes {first}-{len(data) - 1}/{len(data)}"}
        last = len(data) if first else half
        handler.close_connection = True
        about |= {"Content_Length": len(data) - first}
        handler.answer(206 if first else 200, data[first:last], **about)

    endpoint.others[HUB_PATH] = breaks
    # A process that is killed cleans up nothing; the next one does, before it begins.
    version = hashlib.sha256(HUB_URL.encode()).hexdigest()[:16]
    (tmp_path / f".file.{version}.part.hub").mkdir()
    (tmp_path / f".file.{version}.part.hub/half").touch()
    download(HUB_URL, tmp_path / "file", wait=0.0)
    assert (tmp_path / "file").read_bytes() == data
    assert ranges[0] is None
    assert int(ranges[1].removeprefix("bytes=").split("-")[0]) > 0
    assert names(tmp_path) == ["file"]

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        download(HUB_URL, tmp_path / "other", wait=0.0)
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (HUB_URL, ("a/b", "dataset", "main", "c/d.txt")),
        (
            f"{HUB}a/b/resolve/refs%2Fpr%2F9/c.bin?download=true",
            ("a/b", "model", "refs/pr/9", "c.bin"),
        ),
        (f"{HUB}datasets/a/b/raw/main/c", None),
        ("https://example.org/datasets/a/b/resolve/main/c", None),
    ],
)
def test_a_file_of_the_hub_is_told_by_its_url(url, expected):
    assert hub_file(url) == expected


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("GatedRepo", "asks for consent; give it on the dataset's page and set HF_TOKEN"),
        ("RepoNotFound", "the hub has no such dataset, or HF_TOKEN may not read it"),
        ("RevisionNotFound", "the hub has no such commit of it"),
        ("EntryNotFound", "the hub has no such file in that commit"),
    ],
)
def test_what_the_hub_refuses_is_said_in_a_line(endpoint, tmp_path, code, message):
    status = 403 if code == "GatedRepo" else 404
    endpoint.others[HUB_PATH] = lambda handler: handler.answer(status, X_Error_Code=code)
    with pytest.raises(InputError) as error:
        download(HUB_URL, tmp_path / "file", access="sign the form", wait=0.0)
    assert str(error.value) == f"{HUB_URL}: {message}; access: sign the form"
    assert names(tmp_path) == []


def test_another_file_of_the_hub_than_expected_is_not_kept(endpoint, tmp_path):
    with pytest.raises(InputError, match=f"{len(DATA)} bytes.*, expected {'0' * 64}"):
        download(HUB_URL, tmp_path / "file", sha256="0" * 64, wait=0.0)
    assert names(tmp_path) == []


def test_a_mirror_holds_the_hubs_files_under_the_hubs_name(endpoint, tmp_path):
    endpoint.others.clear()
    copy = tmp_path / "mirror" / "huggingface.co" / HUB_PATH.lstrip("/")
    copy.parent.mkdir(parents=True)
    copy.write_bytes(DATA)
    download(HUB_URL, tmp_path / "file", mirrors=[tmp_path / "mirror"])
    assert (tmp_path / "file").read_bytes() == DATA


def test_the_token_is_for_the_hub_alone(serve, endpoint, tmp_path):
    store = Hub({}).start()
    store.others["/file"] = DATA
    about = {"X_Linked_ETag": '"1"', "X_Repo_Commit": REVISION, "X_Linked_Size": len(DATA)}
    place = f"http://localhost:{store.server_port}/file"
    endpoint.others[HUB_PATH] = lambda handler: handler.answer(302, Location=place, **about)
    elsewhere = serve("whole")
    download(HUB_URL, tmp_path / "file", wait=0.0)
    download(elsewhere.url, tmp_path / "other", wait=0.0)
    store.shutdown()
    store.server_close()
    assert store.sent["/file"] == len(DATA)
    assert store.tokens == {None}
    assert ["Authorization" in headers for headers in elsewhere.headers] == [False]


@pytest.mark.parametrize("status", [401, 503])
def test_the_token_is_in_no_message(endpoint, tmp_path, status):
    about = {"X_Linked_ETag": '"1"', "X_Repo_Commit": REVISION}
    store = Hub({}).start()
    store.others["/file"] = lambda handler: handler.answer(status, TOKEN.encode())
    place = f"http://localhost:{store.server_port}/file?signature=letmein"
    endpoint.others[HUB_PATH] = lambda handler: handler.answer(302, Location=place, **about)
    program = Path(__file__).parents[1] / "workflow_scripts" / "download_file.py"
    code = (
        f"import sys; sys.path.insert(0, {str(program.parent)!r}); import download_file; "
        "from functools import partial; from optical.runtime.program import run_program; "
        "download_file.download = partial(download_file.download, wait=0.0, attempts=2); "
        "run_program(download_file.main)"
    )
    command = [sys.executable, "-c", code, "--url", HUB_URL, "--output", tmp_path / "file"]
    done = subprocess.run(command, capture_output=True, text=True)
    store.shutdown()
    store.server_close()
    assert done.returncode == 1
    assert str(status) in done.stderr
    assert HUB_URL in done.stderr
    assert TOKEN not in done.stdout + done.stderr
    assert "letmein" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_token_that_cannot_be_sent_is_not_shown(endpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", f"{TOKEN}\n{TOKEN}")
    with pytest.raises(InputError, match="HF_TOKEN") as error:
        download(HUB_URL, tmp_path / "file", wait=0.0)
    assert TOKEN not in str(error.value)


def test_an_endpoint_that_is_no_address_is_told_at_once(endpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "mirror.example")
    with pytest.raises(InputError, match=r"d\.txt: HF_ENDPOINT: 'mirror\.example' is no address"):
        download(HUB_URL, tmp_path / "file", wait=3600.0)


def test_a_proxy_is_asked_where_one_is_set(serve, tmp_path, monkeypatch):
    proxy = serve("whole")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.server_port}")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    download("http://data.invalid/file.txt", tmp_path / "file", wait=0.0)
    assert (tmp_path / "file").read_bytes() == DATA
