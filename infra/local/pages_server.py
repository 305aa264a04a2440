"""Serve the real application on the loopback as API Gateway would: `python -m infra.local.pages_server`.

A browser's request becomes the event that API Gateway makes of it, under a stage as there (`/api`); the answer goes
back as it is. What the application needs stands in the environment, as in its function.
"""

from __future__ import annotations

import argparse
import base64
import logging
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from infra.local.ports import LOOPBACK

STAGE = "api"
DEFAULT_PORT = 8600
PROJECT = Path(__file__).resolve().parents[2]
LOOK_EVERY_SECONDS = 0.5
LARGEST_BODY = 10 * 1024 * 1024  # as API Gateway
Application = Callable[[dict[str, Any], Any], dict[str, Any]]


class _Context:
    aws_request_id = "local"
    function_name = "api_handler"

    def get_remaining_time_in_millis(self) -> int:
        return 29_000


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the application logs what it does."""

    def _answer(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), LARGEST_BODY))
        event = self._event(body)
        if event is None:
            self._send(403, {"Content-Type": "application/json"}, b'{"message":"Missing Authentication Token"}')
            return
        with self.server.one_at_a_time:  # Chalice keeps the request on the application, as in a function of its own
            told = self.server.application(event, _Context())
        headers = {**(told.get("multiValueHeaders") or {}), **(told.get("headers") or {})}
        raw = str(told.get("body") or "")
        self._send(told["statusCode"], headers, base64.b64decode(raw) if told.get("isBase64Encoded") else raw.encode())

    def _event(self, body: bytes) -> dict[str, Any] | None:
        place = urlsplit(self.path)
        stage, slash, inner = place.path.removeprefix("/").partition("/")
        if stage != STAGE:
            return None
        resource = self.server.resource_of(self.command, slash + inner or "/")
        if resource is None:
            return None
        path, ids = resource
        query: dict[str, list[str]] = {}
        for name, value in parse_qsl(place.query, keep_blank_values=True):
            query.setdefault(name, []).append(value)
        return {
            "resource": path,
            "path": slash + inner or "/",
            "httpMethod": self.command,
            "headers": dict(self.headers.items()),
            "multiValueHeaders": {name: self.headers.get_all(name) for name in self.headers},
            "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
            "multiValueQueryStringParameters": query or None,
            "pathParameters": ids or None,
            "stageVariables": None,
            "requestContext": {
                "requestId": str(uuid4()), "stage": STAGE, "resourcePath": path, "httpMethod": self.command,
                "path": place.path, "domainName": f"{LOOPBACK}:{self.server.server_port}",
                "identity": {"sourceIp": self.client_address[0], "userAgent": self.headers.get("User-Agent", "")},
            },
            "body": body.decode("utf-8", "surrogateescape") if body else None,
            "isBase64Encoded": False,
        }  # fmt: skip

    def _send(self, status: int, headers: Mapping[str, Any], body: bytes) -> None:
        self.send_response(status)
        for name, values in headers.items():
            for value in values if isinstance(values, list) else [values]:
                self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, application: Application, routes: Mapping[str, Any]) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.application = application
        self.one_at_a_time = threading.Lock()
        # API Gateway takes a fixed path before one with a variable in it.
        paths = sorted(routes, key=lambda path: (path.count("{"), path))
        self._routes = [(re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "$"), path) for path in paths]
        self._methods = {path: set(methods) for path, methods in routes.items()}

    def resource_of(self, method: str, path: str) -> tuple[str, dict[str, str]] | None:
        for pattern, resource in self._routes:
            found = pattern.match(path.rstrip("/") or "/")
            # An IAM route has no door here: this server checks no signature.
            if found and method in self._methods[resource] and not self._wants_iam(resource, method):
                return resource, found.groupdict()
        return None

    def _wants_iam(self, resource: str, method: str) -> bool:
        return getattr(self.application, "routes", {})[resource][method].authorizer is not None


def address(port: int) -> str:
    """Where the pages are, as RELANCE_PAGES_URL says it."""
    return f"http://{LOOPBACK}:{port}/{STAGE}"


@contextmanager
def serving(application: Any, port: int) -> Iterator[str]:
    """Serve while the block lasts; gives the address of the pages."""
    server = _Server(port, application, application.routes)
    thread = threading.Thread(target=server.serve_forever, name="pages", daemon=True)
    thread.start()
    try:
        yield address(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def serve_and_reload(port: int, environment: Mapping[str, str]) -> None:
    """Serve in a process of its own that is started anew when a module changes; until it is interrupted."""
    command = [sys.executable, "-m", "infra.local.pages_server", "--port", str(port)]
    while True:
        seen = _modules_changed_at()
        serving_ = subprocess.Popen(command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL)
        try:
            while seen == _modules_changed_at():
                time.sleep(LOOK_EVERY_SECONDS)
        finally:
            serving_.terminate()
            serving_.wait(10)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local.pages_server", description=__doc__)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    port = parser.parse_args().port
    from app import app

    # Here, and only here, an error is shown in full.
    full = logging.StreamHandler(sys.stderr)
    full.setLevel(logging.DEBUG)
    full.addFilter(lambda record: record.exc_info is not None)
    logging.getLogger("chalicelib.web.pages").addHandler(full)
    logging.getLogger("chalicelib.web.pages").setLevel(logging.DEBUG)
    server = _Server(port, app, app.routes)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    finally:
        server.server_close()
    return 0


def _modules_changed_at() -> float:
    return max(path.stat().st_mtime for path in [PROJECT / "app.py", *(PROJECT / "chalicelib").rglob("*.py")])


if __name__ == "__main__":
    sys.exit(main())
