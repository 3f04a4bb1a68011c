"""Puts RTP packets in order again and decides how long a missing one is waited for. No I/O; time is an argument.

What is complete leaves at once, so that delay is only ever added behind a hole and is gone when the hole is
closed or given up. Only what is missing is skipped, and it is said (``Lost``).
"""

from dataclasses import dataclass

DEADLINE_S = (0.06, 0.12)
"""Shortest and longest wait for a missing packet."""
STEP_S = 0.02
CALM_S = 10.0
"""After so long without a packet that came too late the wait gets shorter again."""
HELD_MAX = 256
JUMP = 1000
"""A sequence number that far away is a sender that began anew."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet in order. ``timestamp`` counts on over the wrap of the 32-bit RTP field."""

    timestamp: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Lost:
    """``packets`` that did not come in time."""

    packets: int


@dataclass(frozen=True, slots=True)
class Restart:
    """The sender began anew; timestamps after this have nothing to do with those before."""


Item = Packet | Lost | Restart


class JitterBuffer:
    """Order, deadline and gaps of one stream of packets."""

    def __init__(self) -> None:
        self.deadline_s = DEADLINE_S[0]
        """How long the next hole will be waited for."""
        self.late = 0
        """Packets that came after their place was given up."""
        self._expected: int | None = None
        self._timestamp = 0
        self._held: dict[int, tuple[Packet, float]] = {}
        """Packets behind a hole, and when each came."""
        self._hole_since: float | None = None
        self._late_at = 0.0

    def push(self, sequence: int, timestamp: int, payload: bytes, now: float) -> list[Item]:
        """Take a packet with its 16-bit sequence number and 32-bit timestamp; what is in order now."""
        ready: list[Item] = []
        if self._expected is None:
            self._expected, self._timestamp = sequence, timestamp
        number = self._expected + _nearest(sequence - self._expected, 16)
        if abs(number - self._expected) > JUMP:
            ready = [*self._flush(), Restart()]
            self._expected, self._timestamp, number = sequence, timestamp, sequence
        if number < self._expected:
            self._too_late(now)
            return ready
        full = self._timestamp + _nearest(timestamp - self._timestamp, 32)
        self._held.setdefault(number, (Packet(full, payload), now))
        ready += self._drain()
        if len(self._held) >= HELD_MAX:
            ready += self._skip()
        self._note()
        return ready

    def tick(self, now: float) -> list[Item]:
        """What may go on because a hole was waited for long enough."""
        if now - self._late_at > CALM_S and self.deadline_s > DEADLINE_S[0]:
            self.deadline_s, self._late_at = max(DEADLINE_S[0], self.deadline_s - STEP_S), now
        if self._hole_since is None or now - self._hole_since < self.deadline_s:
            return []
        ready = self._skip()
        self._note()
        return ready

    def due(self) -> float | None:
        """When ``tick`` has something to decide, if no packet comes."""
        return None if self._hole_since is None else self._hole_since + self.deadline_s

    def finish(self) -> list[Item]:
        """Everything that is held, with its holes: no more packets come."""
        return self._flush()

    def _too_late(self, now: float) -> None:
        self.late += 1
        self.deadline_s = min(DEADLINE_S[1], self.deadline_s + STEP_S)
        self._late_at = now

    def _drain(self) -> list[Item]:
        ready: list[Item] = []
        while self._expected in self._held:
            packet, _ = self._held.pop(self._expected)
            self._timestamp = packet.timestamp
            ready.append(packet)
            self._expected += 1
        return ready

    def _skip(self) -> list[Item]:
        """Give up the first hole."""
        if not self._held or self._expected is None:
            return []
        first = min(self._held)
        lost = Lost(first - self._expected)
        self._expected = first
        return [lost, *self._drain()]

    def _flush(self) -> list[Item]:
        ready: list[Item] = []
        while self._held:
            ready += self._skip()
        self._hole_since = None
        return ready

    def _note(self) -> None:
        """A hole is open since the first packet behind it came."""
        self._hole_since = min((came for _, came in self._held.values()), default=None)


def _nearest(difference: int, bits: int) -> int:
    """The difference of two numbers that wrap at ``bits``, as the shortest way."""
    half = 1 << (bits - 1)
    return (difference + half) % (1 << bits) - half
