"""A TCP proxy that can be slow, silent, half deaf, or gone."""

import asyncio
import contextlib
import enum


class Mode(enum.Enum):
    """What the proxy does with bytes."""

    PASS = "pass"
    BLACKHOLE = "blackhole"
    """Connections stay open and new ones are accepted; nothing gets through, nobody is told."""
    HALF_OPEN = "half-open"
    """What the client sends arrives; what the server answers does not."""


class FaultProxy:
    """Listens on a loopback port and passes bytes to another, as ``mode`` and ``delay_s`` say."""

    def __init__(self, upstream_port: int) -> None:
        self._upstream_port = upstream_port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.mode = Mode.PASS
        self.delay_s = 0.0
        self.port = 0
        self._break_after: int | None = None

    @property
    def url(self) -> str:
        """Address for a NATS client."""
        return f"nats://127.0.0.1:{self.port}"

    async def __aenter__(self) -> "FaultProxy":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._server is not None
        self._server.close()
        self.drop()

    def drop(self) -> None:
        """Break every connection at once, whatever is on its way."""
        for writer in list(self._writers):
            writer.transport.abort()

    def after_bytes(self, count: int) -> None:
        """Break every connection when ``count`` more bytes of answers have passed."""
        self._break_after = count

    def _passed(self, count: int) -> bool:
        """Note bytes that are to pass; False when the connections break instead."""
        if self._break_after is None:
            return True
        self._break_after -= count
        if self._break_after > 0:
            return True
        self._break_after = None
        self.drop()
        return False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(OSError):
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream_port)
            self._writers.add(up_writer)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pump(reader, up_writer, answers=False))
                tasks.create_task(self._pump(up_reader, writer, answers=True))
            self._writers.discard(up_writer)
        self._writers.discard(writer)
        writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                if self.mode is Mode.BLACKHOLE or (self.mode is Mode.HALF_OPEN and answers):
                    continue
                if answers and not self._passed(len(data)):
                    continue
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
