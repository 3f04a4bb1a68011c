"""The bus: a thin layer over nats-py, and the only package that imports it.

What it guarantees: an ``append`` that returns is on disk (with ``sync_interval: always`` on the server);
a fenced append either is the next message of its subject or raises ``Fenced``; a ``Reader`` delivers each
message of one subject filter once, in stream order, across restarts of the server.
"""

from contracts.bus.connection import Bus
from contracts.bus.lease import Lease
from contracts.bus.reader import Reader
from contracts.bus.translate import Entry, Stored, stream_of

__all__ = ["Bus", "Entry", "Lease", "Reader", "Stored", "stream_of"]
