"""Servers on loopback: the hub, imitated, and hosts of plain files."""

import hashlib
import json
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import quote, urlsplit

REVISION = "0123456789abcdef0123456789abcdef01234567"
PULL_REQUEST = "refs/pr/39"


class Hub(ThreadingHTTPServer):
    """The model org/tiny at one revision, org/consent, which is gated, and other files by path.

    breaks, refuses: how often the weights do not come. gated: whether the files of org/tiny are.
    looked_up: how often the commit of `PULL_REQUEST` was asked for.
    others: {path: bytes, or a function of the handler}. whole: answer no ranges of the others.
    """

    daemon_threads = True

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.breaks, self.refuses, self.gated = files, 0, 0, False
        self.ranges, self.asked, self.tokens = [], [], set()
        self.others, self.whole, self.sent, self.looked_up = {}, False, Counter(), 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def start(self):
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in {"Content_Length": len(body), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command == "GET":
            self.send(body)

    def send(self, body):
        """Send bytes until the other side has had enough; counts them."""
        path = urlsplit(self.path).path
        for first in range(0, len(body), 1 << 14):
            block = body[first : first + (1 << 14)]
            try:
                self.wfile.write(block)
            except OSError:
                return
            self.server.sent[path] += len(block)

    def do_GET(self):  # noqa: N802 - the name that http.server calls
        hub, path = self.server, urlsplit(self.path).path
        hub.tokens.add(self.headers.get("Authorization"))
        resolve = f"/org/tiny/resolve/{REVISION}/"
        asked = f"/api/models/org/tiny/revision/{quote(PULL_REQUEST, safe='')}"
        if path in hub.others:
            self.other(hub.others[path])
        elif path in (f"/api/models/org/tiny/revision/{REVISION}", "/api/models/org/tiny", asked):
            hub.looked_up += path == asked
            siblings = [{"rfilename": name, "size": len(hub.files[name])} for name in hub.files]
            about = {"id": "org/tiny", "sha": REVISION, "siblings": siblings}
            self.answer(200, json.dumps(about).encode())
        elif path == f"/api/models/org/tiny/tree/{REVISION}":
            tree = [
                {"type": "file", "path": name, "size": len(data), "oid": tag(data)}
                for name, data in hub.files.items()
            ]
            self.answer(200, json.dumps(tree).encode(), Content_Type="application/json")
        elif path.startswith(resolve) and path.removeprefix(resolve) in hub.files:
            if hub.gated:
                self.answer(403, X_Error_Code="GatedRepo")
            else:
                self.file(path.removeprefix(resolve))
        elif path.startswith("/api/models/org/tiny/"):
            self.answer(404, X_Error_Code="RevisionNotFound")
        elif path.startswith("/api/models/org/consent/"):
            self.answer(403, X_Error_Code="GatedRepo")
        else:
            self.answer(404, X_Error_Code="RepoNotFound")

    do_HEAD = do_GET  # noqa: N815

    def other(self, content):
        """A file as most hosts give it: the bytes from the first to the last asked for."""
        if callable(content):
            content(self)
            return
        asked = self.headers.get("Range")
        about = {}
        if "/resolve/" in self.path:
            about = {"ETag": f'"{tag(content)}"', "X_Repo_Commit": REVISION}
        if not asked or self.server.whole:
            self.answer(200, content, **about)
            return
        first, _, last = asked.removeprefix("bytes=").partition("-")
        first, last = int(first), min(int(last or len(content)), len(content) - 1)
        if first >= len(content):
            self.answer(416, Content_Range=f"bytes */{len(content)}")
            return
        part = f"bytes {first}-{last}/{len(content)}"
        self.answer(206, content[first : last + 1], Content_Range=part, **about)

    def file(self, name):
        hub, data = self.server, self.server.files[name]
        about = {"ETag": f'"{tag(data)}"', "X_Repo_Commit": REVISION, "Accept_Ranges": "bytes"}
        if self.command == "HEAD" or name != "model.safetensors":
            if self.command == "GET":
                hub.asked.append(name)
            return self.answer(200, data, **about)
        hub.asked.append(name)
        hub.ranges.append(self.headers.get("Range"))
        if hub.refuses:
            hub.refuses -= 1
            return self.answer(503)
        first = int((hub.ranges[-1] or "bytes=0-").removeprefix("bytes=").split("-")[0])
        part = f"bytes {first}-{len(data) - 1}/{len(data)}"
        about |= {"Content_Length": len(data) - first}
        body = data[first:]
        if hub.breaks:
            hub.breaks -= 1
            body = body[: len(body) // 2]
            self.close_connection = True
        if first:
            about |= {"Content_Range": part}
        return self.answer(206 if first else 200, body, **about)

    def log_message(self, *_):
        pass


def tag(data):
    return hashlib.sha1(data).hexdigest()
