"""A local server that does next to nothing for each answer: one process, one thread, raw sockets.

python -m benchmarks.server prints its address, and ends when its standard input does. The path of
a request says what to answer: /one/20000/... a stream of 20,000 events, one HTTP chunk for each,
/sixteen/20000/... 16 of them in each HTTP chunk; always 16 events with a write. /whole/0/... is a
whole answer. A stream of 0 events begins and then stays open.
"""

from __future__ import annotations

import os
import selectors
import socket
import sys
from collections.abc import Iterator

from .answers import STREAMS, WHOLE

AT_ONCE = 32  # writes for one connection before the next one gets its turn
SIZE = 1 << 18


class Connection:
    """One client: what it has sent of its request, and what is still to be written to it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.received = b""
        self.missing = 0  # bytes of the request's body
        self.writes: Iterator[bytes] = iter(())
        self.unsent = b""
        self.writing = False

    def read(self) -> bool:
        """Whether the connection goes on; answers as soon as a request is whole."""
        try:
            data = self.sock.recv(SIZE)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if self.missing:
            self.missing -= len(data)
        else:
            self.received += data
            head, found, body = self.received.partition(b"\r\n\r\n")
            if not found:
                return bool(data)
            _, path, _ = head.split(b"\r\n", 1)[0].split(b" ")
            self.missing = length(head) - len(body)
            self.received = b""
            self.writes = answer_to(path.decode())
        return bool(data) and (self.missing > 0 or self.write())

    def write(self) -> bool:
        self.writing = True
        try:
            for _ in range(AT_ONCE):
                data = self.unsent or next(self.writes, b"")
                if not data:
                    self.writing = False
                    return True
                self.unsent = data
                self.unsent = data[self.sock.send(data) :]
        except BlockingIOError:
            pass
        except OSError:
            return False
        return True

    @property
    def wants(self) -> int:
        return selectors.EVENT_WRITE if self.writing else selectors.EVENT_READ


def length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.split(b"\r\n", 1)[0]) if found else 0


def answer_to(path: str) -> Iterator[bytes]:
    _, shape, events, *_ = path.split("/")
    return STREAMS[shape].of(int(events)) if shape in STREAMS else iter((WHOLE,))


def serve(listening: socket.socket) -> None:
    selector = selectors.DefaultSelector()
    selector.register(listening, selectors.EVENT_READ)
    selector.register(sys.stdin, selectors.EVENT_READ)
    while True:
        for key, ready in selector.select():
            if key.fileobj is listening:
                sock, _ = listening.accept()
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(sock, selectors.EVENT_READ, Connection(sock))
                continue
            if key.data is None:
                return
            connection: Connection = key.data
            goes_on = connection.write() if ready & selectors.EVENT_WRITE else connection.read()
            if not goes_on:
                selector.unregister(connection.sock)
                connection.sock.close()
            elif connection.wants != key.events:
                selector.modify(connection.sock, connection.wants, connection)


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        serve(listening)


if __name__ == "__main__":
    main()
