import hashlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from optical.downloads import download

DATA = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(DATA).hexdigest()


def first_byte(asked):
    """The first byte that a Range header asks for."""
    return int(asked.removeprefix("bytes=").removesuffix("-"))


class Server(ThreadingHTTPServer):
    """Answers from a list of behaviours, one a request; the last one goes on for ever.

    whole, ignores_range: the file. refuses, missing: status 503, 404. breaks: ends half way.
    """

    def __init__(self, behaviours):
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviours = behaviours
        self.ranges = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/set/file%20one.txt"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802 - the name that http.server calls
        server = self.server
        behaviour = server.behaviours[min(len(server.ranges), len(server.behaviours) - 1)]
        asked = self.headers.get("Range")
        server.ranges.append(asked)
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
    with pytest.raises(ValueError, match="not downloaded in 2 tries"):
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
    with pytest.raises(ValueError, match="HTTP 404"):
        fetch(server, tmp_path / "file")
    assert len(server.ranges) == 1


def test_a_wrong_checksum_shows_both_and_keeps_nothing(serve, tmp_path):
    server = serve("whole")
    with pytest.raises(ValueError, match=SHA256) as error:
        fetch(server, tmp_path / "file", sha256="0" * 64)
    assert "0" * 64 in str(error.value)
    assert names(tmp_path) == []


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
    with pytest.raises(ValueError, match=SHA256) as error:
        fetch(server, tmp_path / "file", mirrors=[tmp_path / "mirror"])
    assert str(copy) in str(error.value)
    assert not (tmp_path / "file").exists()


def test_a_file_no_mirror_has_comes_from_the_network(serve, tmp_path):
    server = serve("whole")
    fetch(server, tmp_path / "file", mirrors=[tmp_path / "empty"])
    assert (tmp_path / "file").read_bytes() == DATA
