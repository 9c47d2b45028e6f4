"""A web server on this machine that serves archives, and misbehaves as it is told to."""

import io
import re
import tarfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np


@dataclass
class Served:
    """One file.

    ``drops`` holds, for each answer to come, the bytes after which the line breaks; with ``hangs`` the line
    stays open and silent instead, until the server stops.
    """

    content: bytes
    etag: str | None = '"1"'
    modified: str | None = None
    ranges: bool = True
    heeds_if_range: bool = True
    status: int = 200
    drops: list[int] = field(default_factory=list)
    hangs: bool = False


class Web:
    """Files by path, and what was asked: (method, path, Range)."""

    def __init__(self, address):
        self.address, self.files, self.asked = address, {}, []
        self.stopped = threading.Event()

    def ranges(self, path):
        return [wanted for method, asked, wanted in self.asked if method == "GET" and asked == path]


class _Handler(BaseHTTPRequestHandler):
    web: Web

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self._answer(body=False)

    def do_GET(self):
        self._answer(body=True)

    def _answer(self, *, body):
        wanted = self.headers.get("Range")
        self.web.asked.append((self.command, self.path, wanted))
        served = self.web.files.get(self.path)
        if served is None or served.status != 200:
            self.send_error(404 if served is None else served.status)
            return
        start = self._start(served, wanted)
        if start is not None and start >= len(served.content):
            self.send_error(416)
            return
        self.send_response(200 if start is None else 206)
        if start is not None:
            last = len(served.content) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{len(served.content)}")
        if served.etag:
            self.send_header("ETag", served.etag)
        if served.modified and start is None:
            self.send_header("Last-Modified", served.modified)
        rest = served.content[start or 0 :]
        self.send_header("Content-Length", str(len(rest)))
        self.send_header("Content-Encoding", "x-gzip")  # as Apache does; the archive must stay one
        self.end_headers()
        if body:
            self.wfile.write(rest[: served.drops.pop(0)] if served.drops else rest)
            if served.hangs:
                self.web.stopped.wait()

    def _start(self, served, wanted):
        if not wanted or not served.ranges:
            return None
        if served.heeds_if_range and self.headers.get("If-Range") != (served.etag or served.modified):
            return None
        return int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])


@contextmanager
def serving():
    """Serve on a free port of 127.0.0.1 while the block runs."""
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        handler.web = Web(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield handler.web
        finally:
            handler.web.stopped.set()
            server.shutdown()
            thread.join()


def archive_of(members):
    """Pack names to bytes, or to (type, link name), as a tar.gz."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
            else:
                member.type, member.linkname = content
                tar.addfile(member)
    return packed.getvalue()


def entry_archive(name="10017", *, suffix=".mrc", count=2, size=20_000, seed=0):
    """Pack an entry of noise, which does not compress."""
    rng = np.random.default_rng(seed)
    return archive_of(
        {f"{name}/micrographs/m{number}{suffix}": rng.bytes(size) for number in range(count)}
        | {f"{name}/ground_truth/particle_coordinates/m0.csv": b"X-Coordinate,Y-Coordinate\n1,2\n"}
    )
