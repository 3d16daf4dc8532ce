"""The server's side of a Cloud SQL instance: TLS that asks for a certificate, in front of a PostgreSQL.

Whom a certificate was issued to with a token is signed in with that token as the password, so that PostgreSQL itself
tells whether the token came through; everybody else signs in by themselves, through the proxy.
"""

import asyncio
import contextlib
import ssl
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import scramp

T = TypeVar("T")

PORT: Final = 3307  # the connector knows no other
PROTOCOL: Final = 196_608  # PostgreSQL's 3.0
AUTHENTICATION: Final = b"R"
OK, SASL, SASL_CONTINUE, SASL_FINAL = 0, 10, 11, 12
STEP_SECONDS: Final = 10.0


class Proxy:
    """Listens on `address`, and forwards to the PostgreSQL on 127.0.0.1:`upstream`."""

    def __init__(self, address: str, upstream: int, tls: ssl.SSLContext, token_of: Callable[[int], str | None]) -> None:
        self.address = address
        self.upstream = upstream
        self.silent = False  # shakes hands and then says nothing
        self.opened = 0  # handshakes that were finished
        self._tls = tls
        self._token_of = token_of
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    @contextmanager
    def serving(self) -> Iterator["Proxy"]:
        """Serve in a thread of its own; OSError where the port is taken."""
        thread = threading.Thread(target=self._loop.run_forever, name="cloud-sql-proxy")
        thread.start()
        try:
            server = self._call(asyncio.start_server(self._accept, self.address, PORT, ssl=self._tls))
            try:
                yield self
            finally:
                self._call(self._stop(server))
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    def sever(self) -> None:
        """Cut every connection."""
        self._call(self._cut())

    def _call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(STEP_SECONDS)

    async def _stop(self, server: asyncio.Server) -> None:
        server.close()
        await self._cut()

    async def _cut(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.opened += 1
        up: asyncio.StreamWriter | None = None
        try:
            if self.silent:
                await asyncio.Event().wait()
            startup = await _startup(reader)
            back, up = await asyncio.open_connection("127.0.0.1", self.upstream)
            up.write(startup)
            token = self._token_of(_serial(writer))
            if token is None or await _sign_in(back, up, writer, token):
                await _both_ways((reader, up), (back, writer))
        except (OSError, EOFError, asyncio.CancelledError):
            pass  # one side left, or the connection is cut on purpose
        finally:
            self._tasks.discard(task)
            for each in (writer, up):
                if each is not None:
                    each.transport.abort()


def _serial(writer: asyncio.StreamWriter) -> int:
    certificate = writer.get_extra_info("ssl_object").getpeercert()
    return int(certificate["serialNumber"], 16)


async def _startup(reader: asyncio.StreamReader) -> bytes:
    length, protocol = struct.unpack("!ii", head := await reader.readexactly(8))
    if protocol != PROTOCOL:
        raise EOFError("not a start-up message of the protocol 3.0")
    return head + await reader.readexactly(length - 8)


async def _sign_in(
    back: asyncio.StreamReader, up: asyncio.StreamWriter, client: asyncio.StreamWriter, token: str
) -> bool:
    """Answer PostgreSQL's questions for a password; pass on what comes of it."""
    scram: scramp.ScramClient | None = None
    while True:
        kind, length = struct.unpack("!ci", head := await back.readexactly(5))
        body = await back.readexactly(length - 4)
        step = struct.unpack("!i", body[:4])[0] if kind == AUTHENTICATION else None
        if step == SASL:
            scram = scramp.ScramClient(body[4:-2].decode().split("\0"), "ignored", token)
            first = scram.get_client_first().encode()
            _answer(up, scram.mechanism_name.encode() + b"\0" + struct.pack("!i", len(first)) + first)
        elif step == SASL_CONTINUE and scram is not None:
            scram.set_server_first(body[4:].decode())
            _answer(up, scram.get_client_final().encode())
        elif step == SASL_FINAL and scram is not None:
            scram.set_server_final(body[4:].decode())
        else:
            client.write(head + body)
            await client.drain()
            return step == OK


def _answer(up: asyncio.StreamWriter, body: bytes) -> None:
    up.write(b"p" + struct.pack("!i", len(body) + 4) + body)


async def _both_ways(*ways: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    pumps = [asyncio.create_task(_pump(source, target)) for source, target in ways]
    try:
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for pump in pumps:
            pump.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*pumps, return_exceptions=True)


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(65_536):
        target.write(data)
        await target.drain()
