"""Servers on the loopback interface that take mail and posts, as real ones do; and one that never answers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class Posts(BaseHTTPRequestHandler):
    """Keeps what is posted; paths that end in /refuse get 403."""

    kept: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/refuse"):
            self.send_error(403)
            return
        self.kept.append(json.loads(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def web_server() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Its address, and what was posted to it."""
    kept: list[dict[str, Any]] = []
    server = HTTPServer(("127.0.0.1", 0), type("Kept", (Posts,), {"kept": kept}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def mail_server() -> Iterator[tuple[str, list[str]]]:
    """Host and port, and the mails that it has taken (RFC 5321, without extensions)."""
    mails: list[str] = []
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_serve_mail, args=(listening, mails), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}", mails
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def _serve_mail(listening: socket.socket, mails: list[str]) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection, connection.makefile("rw", newline="\r\n") as stream:
            _answer(stream, "220 here")
            for line in stream:
                verb = line.split(" ")[0].strip().upper()
                if verb == "DATA":
                    _answer(stream, "354 go on")
                    lines = list(iter(stream.readline, ".\r\n"))
                    mails.append("".join(lines))
                _answer(stream, "221 bye" if verb == "QUIT" else "250 ok")
                if verb == "QUIT":
                    break


def _answer(stream: Any, text: str) -> None:
    stream.write(text + "\r\n")
    stream.flush()


@contextmanager
def silent_server() -> Iterator[str]:
    """Host and port of one that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
