"""Proxies between a tagger and its dependencies, which fail at one exact place.

`CommitCutter` stands before PostgreSQL and cuts the connection between a COMMIT and its answer. `GroupRenamer` stands
before the broker and renames the consumer group in requests, so that a second tagger is given partitions that others
own: two consumers of one partition, as a broker that lost its mind would make them.
"""

import re
import socket
import struct
import threading

PIECE_BYTES = 1 << 16
FRAME_BYTES_MAX = 256 << 20
LOOPBACK = "127.0.0.1"


class Proxy:
    """Listens on a loopback port; every connection gets one to the other side and two threads."""

    def __init__(self) -> None:
        self.listener = socket.create_server((LOOPBACK, 0))
        self.port = self.listener.getsockname()[1]
        self.pairs: set[tuple[socket.socket, socket.socket]] = set()
        self.lock = threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def dial(self) -> socket.socket:
        raise NotImplementedError

    def forth(self, client: socket.socket, server: socket.socket, shared: dict) -> None:
        raise NotImplementedError

    def back(self, client: socket.socket, server: socket.socket, shared: dict) -> None:
        raise NotImplementedError

    def accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = self.dial()
            except OSError:
                client.close()
                continue
            pair, shared = (client, server), {}
            with self.lock:
                self.pairs.add(pair)
            for way in (self.forth, self.back):
                threading.Thread(target=self.pump, args=(way, pair, shared), daemon=True).start()

    def pump(self, way, pair: tuple[socket.socket, socket.socket], shared: dict) -> None:
        try:
            way(*pair, shared)
        except (OSError, EOFError, struct.error):
            # One side is gone: so is the connection.
            pass
        finally:
            self.cut(pair)

    def cut(self, pair: tuple[socket.socket, socket.socket]) -> None:
        for side in pair:
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                # Already gone.
                pass
            side.close()
        with self.lock:
            self.pairs.discard(pair)

    def close(self) -> None:
        self.listener.close()
        with self.lock:
            pairs = list(self.pairs)
        for pair in pairs:
            self.cut(pair)


def exactly(side: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = side.recv(min(PIECE_BYTES, count - len(parts)))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


class CommitCutter(Proxy):
    """PostgreSQL's protocol, frontend side read message by message. `cut_next` arms one cut: the next COMMIT is handed
    to the server, and then either its answer is awaited and kept back (`after_answer`), or both sides end at once."""

    FLUSH_WRITES = (b"INSERT INTO outbox_frames", b"INSERT INTO subject_states")

    def __init__(self, socket_path: str):
        self.path, self.armed, self.cuts = socket_path, [], {"after": 0, "at once": 0}
        super().__init__()

    def dial(self) -> socket.socket:
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.path)
        return server

    def cut_next(self, after_answer: bool) -> None:
        with self.lock:
            self.armed.append(after_answer)

    def disarm(self) -> None:
        with self.lock:
            self.armed.clear()

    def forth(self, client: socket.socket, server: socket.socket, shared: dict) -> None:
        length = exactly(client, 4)
        server.sendall(length + exactly(client, struct.unpack(">i", length)[0] - 4))
        commits: set[bytes] = set()
        writes: set[bytes] = set()
        has_written = is_commit = False
        while True:
            head = exactly(client, 5)
            kind, size = struct.unpack(">ci", head)
            body = exactly(client, size - 4)
            if kind == b"P":
                name, text = body.split(b"\0", 2)[:2]
                for names, is_one in ((commits, text == b"COMMIT"), (writes, text.startswith(self.FLUSH_WRITES))):
                    names.discard(name)
                    if is_one:
                        names.add(name)
            elif kind == b"B":
                name = body.split(b"\0", 2)[1]
                has_written = has_written or name in writes
                is_commit = name in commits
            if kind in (b"E", b"S") and is_commit:
                # Only the commits of flushes that write; not those of a moved clock or of the progress of publication.
                is_armed = has_written and self.take_armed(shared)
                server.sendall(head + body + (b"S\0\0\0\4" if is_armed and kind == b"E" else b""))
                has_written = is_commit = False
                if is_armed and not shared["after"]:
                    self.cuts["at once"] += 1
                    raise EOFError
                continue
            server.sendall(head + body)

    def take_armed(self, shared: dict) -> bool:
        with self.lock:
            if not self.armed:
                return False
            shared["after"] = self.armed.pop(0)
            return True

    def back(self, client: socket.socket, server: socket.socket, shared: dict) -> None:
        while True:
            kind, size = struct.unpack(">ci", exactly(server, 5))
            body = exactly(server, size - 4)
            if shared.get("after") and kind == b"C" and body == b"COMMIT\0":
                self.cuts["after"] += 1
                raise EOFError
            client.sendall(struct.pack(">ci", kind, size) + body)


class GroupRenamer(Proxy):
    """Kafka's protocol, whole frames. Names of one length keep every length in the frame as it was."""

    # OffsetCommit, OffsetFetch, FindCoordinator, JoinGroup, Heartbeat, LeaveGroup, SyncGroup.
    GROUP_REQUESTS = {8, 9, 10, 11, 12, 13, 14}

    def __init__(self, address: str, group: bytes, other: bytes):
        if len(group) != len(other):
            raise ValueError("the names must be of one length")
        host, port = address.split(":")
        self.upstream, self.group, self.other = (host, int(port)), group, other
        self.advertised = re.compile(re.escape(LOOPBACK.encode() + struct.pack(">i", int(port))))
        super().__init__()

    def dial(self) -> socket.socket:
        return socket.create_connection(self.upstream)

    @staticmethod
    def frame(side: socket.socket) -> bytes:
        size = struct.unpack(">i", exactly(side, 4))[0]
        if not 0 <= size <= FRAME_BYTES_MAX:
            raise EOFError
        return exactly(side, size)

    def forth(self, client: socket.socket, server: socket.socket, shared: dict) -> None:
        while True:
            body = self.frame(client)
            if struct.unpack(">h", body[:2])[0] in self.GROUP_REQUESTS:
                # As a string with a 2-byte length, and as a compact one.
                for prefix in (struct.pack(">h", len(self.group)), bytes([len(self.group) + 1])):
                    body = body.replace(prefix + self.group, prefix + self.other)
            server.sendall(struct.pack(">i", len(body)) + body)

    def back(self, client: socket.socket, server: socket.socket, shared: dict) -> None:
        here = LOOPBACK.encode() + struct.pack(">i", self.port)
        while True:
            body = self.advertised.sub(lambda _: here, self.frame(server))
            client.sendall(struct.pack(">i", len(body)) + body)
