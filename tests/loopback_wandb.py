"""A W&B server on the loopback interface: it takes what a run sends and keeps it, so that tests can look."""

import gzip
import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

ENTITY, KEY = "tester", "0" * 40
"""Who the server takes everyone for, and a key in the form that the client wants."""


class LoopbackServer:
    """Answers what wandb-core asks while a run goes; a context manager.

    Attributes
    ----------
    asked
        Operation and variables of every GraphQL request, in order.
    streamed
        Every body posted to a run's file stream: history, summary and the end of the run.
    uploads
        Bytes by the name of the file, or by ``<artifact>/<file>``.
    drops
        Asked before every answer, with the path of the request; where it is true the connection is closed.
    """

    def __init__(self, drops: Callable[["LoopbackServer", str], bool] = lambda server, path: False) -> None:
        self.drops = drops
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.streamed: list[dict[str, Any]] = []
        self.uploads: dict[str, bytes] = {}
        self.artifacts: dict[str, str] = {}
        self.dropped = 0
        self.lock = threading.Lock()
        self._http = _QuietServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"server_of": self}))
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> "LoopbackServer":
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def environ(self) -> dict[str, str]:
        """Return the variables that send a run here."""
        return {"WANDB_BASE_URL": self.url, "WANDB_API_KEY": KEY, "WANDB_MODE": "online"}

    def variables(self, operation: str) -> list[dict[str, Any]]:
        """Return what was sent with every request of an operation."""
        return [variables for name, variables in self.asked if name == operation]

    def inputs(self, operation: str) -> list[dict[str, Any]]:
        """Return the ``input`` of every request of an operation."""
        return [variables["input"] for variables in self.variables(operation)]

    def lines(self, name: str) -> list[dict[str, Any]]:
        """Return the decoded lines streamed into a file, ``wandb-history.jsonl`` say."""
        parts = [
            body["files"][name]["content"] for body in self.streamed if name in (body.get("files") or {})
        ]
        return [json.loads(line) for part in parts for line in part]

    @property
    def exit_codes(self) -> list[int]:
        """Return how the runs ended."""
        return [body["exitcode"] for body in self.streamed if body.get("complete")]

    def answer(self, operation: str, asked: dict[str, Any]) -> dict[str, Any] | None:
        """Return the data of a GraphQL answer, None for an unknown operation."""
        given = asked.get("input", asked)
        project = {"id": "project", "name": given.get("project"), "entity": {"id": "entity", "name": ENTITY}}
        run = {"id": "run", "name": given.get("name"), "displayName": given.get("displayName")}
        blank = {"description": None, "config": "{}", "sweepName": None, "historyLineCount": 0}
        return {
            "ServerFeaturesQuery": lambda: {"serverInfo": {"features": []}},
            "Viewer": lambda: {"viewer": {"id": "user", "entity": ENTITY, "username": ENTITY, "email": "",
                                          "flags": "{}", "teams": {"edges": []}}},
            "UpsertBucket": lambda: {
                "upsertBucket": {"bucket": {**run, **blank, "project": project}, "inserted": True}
            },
            "RunResumeStatus": lambda: {"model": {**project, "bucket": self._left(run, blank)}},
            "CreateRunFiles": lambda: {"createRunFiles": {
                "runID": "run", "uploadHeaders": [],
                "files": [{"name": name, "uploadUrl": self._place(name)} for name in given["files"]],
            }},
            "CreateArtifact": lambda: {"createArtifact": {"artifact": {
                "id": self._named(given["artifactCollectionName"]), "state": "PENDING",
                "artifactSequence": {"latestArtifact": None},
            }}},
            "CreateArtifactManifest": lambda: self._manifest("createArtifactManifest", given["artifactID"]),
            "CreateArtifactFiles": lambda: {"createArtifactFiles": {"files": {"edges": [
                {"node": self._file(one)} for one in given["artifactFiles"]
            ]}}},
            "CommitArtifact": lambda: {
                "commitArtifact": {"artifact": {"id": given["artifactID"], "digest": "digest"}}
            },
            "GetDefaultEntity": lambda: {"viewer": {"id": "user", "entity": ENTITY}},
            "GetProjects": lambda: {"models": {
                "pageInfo": {"__typename": "PageInfo", "endCursor": None, "hasNextPage": False},
                "edges": [{"node": {
                    "__typename": "Project", "id": "project", "name": "cryoice", "entityName": ENTITY,
                    "createdAt": "2026-01-01T00:00:00Z", "isBenchmark": False, "user": None,
                }}],
            }},
            "UpsertView2": lambda: self._view(given),
            "upsertView": lambda: self._view(given),
            "UseArtifact": lambda: {"useArtifact": {"artifact": {"id": given["artifactID"]}}},
        }.get(operation, lambda: None)()  # fmt: skip

    def _left(self, run: dict[str, Any], blank: dict[str, Any]) -> dict[str, Any] | None:
        """Return what an earlier start left of a run, None of one that is not known."""
        if run["name"] not in {one["name"] for one in self.variables("UpsertBucket")}:
            return None
        history = [json.dumps(line) for line in self.lines("wandb-history.jsonl")]
        counts = {"historyLineCount": len(history), "eventsLineCount": 0, "logLineCount": 0}
        tails = {"historyTail": json.dumps(history[-1:]), "eventsTail": "[]", "summaryMetrics": "{}"}
        return {**run, **blank, **counts, **tails, "wandbConfig": '{"t": 1}', "tags": []}

    def _view(self, given: dict[str, Any]) -> dict[str, Any]:
        project = {"id": "project", "name": given["projectName"], "entityName": ENTITY}
        named = {"type": given["type"], "displayName": given["displayName"], "description": ""}
        view = {"id": "view", "name": given["name"], "spec": given["spec"], "project": project, **named}
        return {"upsertView": {"view": {**view, "updatedAt": None}, "inserted": True}}

    def _place(self, name: str) -> str:
        return f"{self.url}/uploads/{name}"

    def _named(self, collection: str) -> str:
        self.artifacts[f"artifact-{len(self.artifacts)}"] = collection
        return f"artifact-{len(self.artifacts) - 1}"

    def _manifest(self, operation: str, artifact: str) -> dict[str, Any]:
        name = f"{self.artifacts[artifact]}/manifest.json"
        file = {"id": "file", "uploadUrl": self._place(name), "uploadHeaders": []}
        return {operation: {"artifactManifest": {"id": artifact, "file": file}}}

    def _file(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = f"{self.artifacts[asked['artifactID']]}/{asked['name']}"
        return {
            "storagePath": name, "uploadUrl": self._place(name), "uploadHeaders": [],
            "uploadMultipartUrls": None, "artifact": {"id": asked["artifactID"]},
        }  # fmt: skip


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing: clients close connections that they do not need."""


class _Handler(BaseHTTPRequestHandler):
    server_of: LoopbackServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_GET(self) -> None:
        self._serve()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        server, path = self.server_of, unquote(self.path)
        if server.drops(server, path):
            server.dropped += 1
            self.close_connection = True
            self.connection.shutdown(2)
            return
        with server.lock:
            self._reply(self._answer(server, path, body))

    def _answer(self, server: LoopbackServer, path: str, body: bytes) -> dict[str, Any]:
        if path == "/graphql":
            asked = json.loads(body)
            (operation,) = re.findall(r"(?:query|mutation)\s+(\w+)", asked["query"])[:1]
            server.asked.append((operation, asked.get("variables") or {}))
            data = server.answer(operation, asked.get("variables") or {})
            return {"errors": [{"message": f"unknown: {operation}"}]} if data is None else {"data": data}
        if path.endswith("/file_stream"):
            server.streamed.append(json.loads(body))
        elif path.startswith("/uploads/"):
            server.uploads[path.removeprefix("/uploads/")] = body
        return {}

    def _reply(self, answer: dict[str, Any]) -> None:
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
