"""The web server of the studio: a thread for each request."""

from __future__ import annotations

import logging
import socket
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server


class _Quiet(WSGIRequestHandler):
    """Says nothing of requests, nor which software answers."""

    server_version, sys_version = "dawndusk", ""

    def log_request(self, *_: Any) -> None:
        """Say nothing."""


def serve(server: Any, listener: socket.socket) -> None:
    """Answer requests until interrupted.

    Parameters
    ----------
    server : Flask
        The application.
    listener : socket
        Where it listens.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    host, port = listener.getsockname()[:2]
    make_server(host, port, server, threaded=True, request_handler=_Quiet, fd=listener.fileno()).serve_forever()
