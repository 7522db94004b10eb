"""An API server in a thread: what it holds can be changed, watched, patched and cut off."""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from tests.localcluster.policy_agent.oracle import Manifest

Key = tuple[str, str]

PODS = "/api/v1/pods"
NAMESPACES = "/api/v1/namespaces"
POLICIES = "/apis/networking.k8s.io/v1/networkpolicies"
SERVICES = "/api/v1/services"


class Server(ThreadingHTTPServer):
    """Serves each request in a thread, and minds no client that leaves."""

    daemon_threads = True

    def handle_error(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class ApiServer:
    """Serves lists and watches of plain manifests over HTTP."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[Key, Manifest]] = defaultdict(dict)
        self.refused: set[str] = set()
        """Paths answered with 403."""
        self.written: queue.Queue[tuple[str, str, Any]] = queue.Queue()
        """Method, path and body of every write, in order."""
        self.watchers: dict[str, list[queue.Queue[Manifest | None]]] = defaultdict(list)
        self.version = 1
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.answer(self)

            def do_PATCH(self) -> None:
                server.write(self)

            def do_POST(self) -> None:
                server.write(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
                """Keeps quiet."""

        self._http = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self.cut_off()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def kubeconfig(self, path: Path) -> Path:
        """Writes a kubeconfig that leads here."""
        cluster = {"name": "here", "cluster": {"server": f"http://127.0.0.1:{self._http.server_port}"}}
        user = {"name": "me", "user": {}}
        context = {"name": "here", "context": {"cluster": "here", "user": "me"}}
        path.write_text(
            json.dumps({"current-context": "here", "clusters": [cluster], "users": [user], "contexts": [context]})
        )
        return path

    def put(self, path: str, *manifests: Manifest) -> None:
        """Adds or changes objects and tells the watchers."""
        for manifest in manifests:
            with self._lock:
                key = self._stamp(manifest)
                event = "MODIFIED" if key in self.objects[path] else "ADDED"
                self.objects[path][key] = manifest
                self._tell(path, {"type": event, "object": manifest})

    def remove(self, path: str, *manifests: Manifest) -> None:
        """Deletes objects and tells the watchers."""
        for manifest in manifests:
            with self._lock:
                del self.objects[path][self._stamp(manifest)]
                self._tell(path, {"type": "DELETED", "object": manifest})

    def fail_watches(self, path: str) -> None:
        """Answers every watch of the path as a server does that has forgotten the version asked for."""
        gone = {"kind": "Status", "status": "Failure", "code": 410, "reason": "Expired", "message": "too old"}
        with self._lock:
            self._tell(path, {"type": "ERROR", "object": gone})

    def cut_off(self) -> None:
        """Ends every watch."""
        with self._lock:
            for watchers in self.watchers.values():
                for watcher in watchers:
                    watcher.put(None)
            self.watchers.clear()

    def _stamp(self, manifest: Manifest) -> Key:
        self.version += 1
        manifest["metadata"]["resourceVersion"] = str(self.version)
        return manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]

    def _tell(self, path: str, event: Manifest) -> None:
        for watcher in self.watchers[path]:
            watcher.put(event)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = urlsplit(request.path).path
        if path in self.refused:
            self._respond(request, 403, {"kind": "Status", "code": 403, "message": f"{path} is forbidden"})
        elif "watch" in parse_qs(urlsplit(request.path).query):
            self._stream(request, path)
        else:
            with self._lock:
                body = {"metadata": {"resourceVersion": str(self.version)}, "items": list(self.objects[path].values())}
            self._respond(request, 200, body)

    def _stream(self, request: BaseHTTPRequestHandler, path: str) -> None:
        since = int(parse_qs(urlsplit(request.path).query)["resourceVersion"][0])
        events: queue.Queue[Manifest | None] = queue.Queue()
        with self._lock:
            for manifest in self.objects[path].values():
                if int(manifest["metadata"]["resourceVersion"]) > since:
                    events.put({"type": "MODIFIED", "object": manifest})
            self.watchers[path].append(events)
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        while (event := events.get()) is not None:
            line = json.dumps(event).encode() + b"\n"
            request.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        request.wfile.write(b"0\r\n\r\n")

    def write(self, request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        self.written.put((request.command, urlsplit(request.path).path, body))
        self._respond(request, 200, body)

    @staticmethod
    def _respond(request: BaseHTTPRequestHandler, code: int, body: Manifest) -> None:
        content = json.dumps(body).encode()
        request.send_response(code)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)
