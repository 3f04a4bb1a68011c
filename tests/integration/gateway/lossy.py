"""A UDP relay between two peers that loses, delays and reorders, by a seeded plan."""

import asyncio
import random
import re


class LossyPath(asyncio.DatagramProtocol):
    """Stands between a WebRTC client and one server address; RTP suffers, connection checks and DTLS pass."""

    def __init__(self, server: tuple[str, int], loss: float, jitter_s: float, seed: int) -> None:
        self._server = server
        self._loss = loss
        self._jitter_s = jitter_s
        self._random = random.Random(seed)
        self._client: tuple[str, int] | None = None
        self.sent = 0
        self.lost = 0
        self.cut = False

    def calm(self) -> None:
        """From here on nothing is lost and nothing comes late."""
        self._loss = self._jitter_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self.cut:
            return
        if addr == self._server:
            if self._client:
                self._transport.sendto(data, self._client)
            return
        self._client = addr
        is_rtp = 128 <= data[0] < 192 and not 192 <= data[1] < 224
        if not is_rtp:
            self._transport.sendto(data, self._server)
            return
        self.sent += 1
        if self._random.random() < self._loss:
            self.lost += 1
            return
        delay = self._random.uniform(0, self._jitter_s)
        asyncio.get_running_loop().call_later(delay, self._transport.sendto, data, self._server)


async def through(answer: str, loss: float, jitter_s: float, seed: int = 1) -> tuple[str, LossyPath]:
    """The answer with one candidate, which leads through a new lossy path."""
    lines = answer.splitlines()
    found = [
        m for line in lines if (m := re.match(r"a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host", line))
    ]
    server = (found[0][1], int(found[0][2]))
    path = LossyPath(server, loss, jitter_s, seed)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: path, local_addr=(server[0], 0))
    host, port = transport.get_extra_info("sockname")[:2]
    kept = [line for line in lines if not line.startswith("a=candidate:")]
    at = next(i for i, line in enumerate(kept) if line.startswith("a=end-of-candidates"))
    kept.insert(at, f"a=candidate:1 1 udp 2130706431 {host} {port} typ host")
    return "\r\n".join(kept) + "\r\n", path


def without_candidates(offer: str) -> str:
    """The offer of a client that nobody can reach but by answering it."""
    return "\r\n".join(line for line in offer.splitlines() if "candidate" not in line) + "\r\n"
