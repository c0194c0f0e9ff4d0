"""A small client of PostgreSQL's simple protocol over the instance's Unix socket (trust authentication).

The fault runs look at offsets within milliseconds, which a process per query would not allow. See PostgreSQL's manual,
"Frontend/Backend Protocol".
"""

import socket
import struct
import time

ANSWER_BYTES_MAX = 256 << 20


class StoreFailure(Exception):
    """The store did not answer, or refused; without any value of a row. `is_away`: it may answer later."""

    def __init__(self, text: str, is_away: bool = True):
        super().__init__(text)
        self.is_away = is_away


def parameters(connection: str) -> dict[str, str]:
    """`host=/tmp/x port=5432 user=u dbname=d` in parts."""
    return dict(pair.split("=", 1) for pair in connection.split())


class Store:
    """One connection, made when needed and again after a failure. A question is asked again for `patience` seconds
    while the store is away: only for questions, since whether a lost one was carried out is not known."""

    def __init__(self, connection: str, seconds: float = 30, patience: float = 0):
        self.parameters, self.seconds, self.patience, self.socket = parameters(connection), seconds, patience, None

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def rows(self, statement: str) -> list[list[str | None]]:
        """Every column as text. Any failure closes the connection."""
        deadline = time.monotonic() + self.patience
        while True:
            try:
                return self._ask(statement)
            except StoreFailure as fault:
                if not fault.is_away or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _ask(self, statement: str) -> list[list[str | None]]:
        try:
            if self.socket is None:
                self._connect()
            body = statement.encode() + b"\0"
            self.socket.sendall(b"Q" + struct.pack(">i", len(body) + 4) + body)
            return self._answer()
        except (OSError, struct.error) as fault:
            self.close()
            raise StoreFailure(f"the store does not answer: {type(fault).__name__}") from None

    def value(self, statement: str) -> str | None:
        rows = self.rows(statement)
        return rows[0][0] if rows else None

    def _connect(self) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(self.seconds)
        self.socket.connect(f"{self.parameters['host']}/.s.PGSQL.{self.parameters['port']}")
        fields = {"user": self.parameters["user"], "database": self.parameters["dbname"], "application_name": "torture"}
        body = struct.pack(">i", 196608)
        for name, value in fields.items():
            body += name.encode() + b"\0" + value.encode() + b"\0"
        body += b"\0"
        self.socket.sendall(struct.pack(">i", len(body) + 4) + body)
        self._answer()

    def _read(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            part = self.socket.recv(min(count - len(parts), 1 << 20))
            if not part:
                raise ConnectionError("closed")
            parts += part
        return bytes(parts)

    def _answer(self) -> list[list[str | None]]:
        found, fault = [], None
        while True:
            kind, length = struct.unpack(">ci", self._read(5))
            if not 4 <= length <= ANSWER_BYTES_MAX:
                raise ConnectionError("not PostgreSQL's protocol")
            body = self._read(length - 4)
            if kind == b"D":
                found.append(columns(body))
            elif kind == b"E":
                fault = fields_of(body).get("C", "?")
            elif kind == b"R" and struct.unpack(">i", body[:4])[0] != 0:
                raise ConnectionError("a password is asked for")
            elif kind == b"Z":
                break
            if fault is not None and kind == b"E" and fields_of(body).get("S") == "FATAL":
                break
        if fault is not None:
            self.close()
            raise StoreFailure(f"the store refused: SQLSTATE {fault}", is_away=fault[:2] in ("57", "53"))
        return found


def columns(body: bytes) -> list[str | None]:
    count, place, made = struct.unpack(">h", body[:2])[0], 2, []
    for _ in range(count):
        length = struct.unpack(">i", body[place:place + 4])[0]
        place += 4
        made.append(None if length < 0 else body[place:place + length].decode())
        place += max(0, length)
    return made


def fields_of(body: bytes) -> dict[str, str]:
    return {part[:1].decode(): part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}
