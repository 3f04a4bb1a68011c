"""What the gateway counts, in a registry of its own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_LATENCY_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class IngestMetrics:
    """Counters of the audio sockets."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.sockets = Gauge("rapporteur_audio_sockets", "Open audio sockets", registry=registry)
        self.frames = Counter("rapporteur_audio_frames", "Frames that clients sent", registry=registry)
        self.gaps = Counter("rapporteur_audio_gaps", "Gap frames", registry=registry)
        self.stored_s = Histogram(
            "rapporteur_audio_store_seconds", "Time to store one frame", buckets=_LATENCY_S, registry=registry
        )
        self.open_sockets = 0

    def opened(self) -> None:
        """An audio socket was opened."""
        self.open_sockets += 1
        self.sockets.set(self.open_sockets)

    def closed(self) -> None:
        """One was closed."""
        self.open_sockets -= 1
        self.sockets.set(self.open_sockets)


class FeedMetrics:
    """Counters of the feeds."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.subscribers = Gauge("rapporteur_feed_subscribers", "Open feeds", registry=registry)
        self.messages = Counter("rapporteur_feed_messages", "Messages to subscribers", registry=registry)
        self.dropped = Counter("rapporteur_feed_dropped", "Subscribers that were too slow", registry=registry)


class Metrics:
    """Everything that ``/metrics`` shows."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.ingest = IngestMetrics(self.registry)
        self.feed = FeedMetrics(self.registry)
        self.projection_seq = Gauge("rapporteur_projection_seq", "Cursor of the projector", registry=self.registry)
        self.projection_lag = Gauge("rapporteur_projection_lag", "Records that wait", registry=self.registry)
        self.free_bytes = Gauge("rapporteur_disk_free_bytes", "Free space of the data folder", registry=self.registry)
