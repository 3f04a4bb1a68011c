"""The gateway's settings (prefix ``GATEWAY_``)."""

from pathlib import Path

import msgspec

from contracts.settings import models_dir
from gateway.index.memory import SearchPlace


class GatewaySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that a person may set about the gateway; a misspelt name stops the start."""

    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 = all (put TLS in front)."""
    port: int = 8710
    """Port of the pages and the API."""
    data: str = "data"
    """The data folder: database, archive, owner token."""
    models: str = ""
    """The model folder; empty = the user's cache folder."""
    web: str = ""
    """Folder of the pages; empty = the installed one."""
    database_url: str = ""
    """SQLAlchemy URL; empty = SQLite in the data folder."""
    public_url: str = ""
    """How browsers reach us, when a proxy stands in front; empty = host and port."""
    allowed_origins: tuple[str, ...] = ()
    """Origins beside our own that may write and open sockets."""
    log_level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""
    session_ttl_s: float = 30 * 24 * 3600.0
    """How long a browser stays signed in."""
    link_ttl_s: float = 15 * 60.0
    """How long a sign-in link works."""
    ticket_ttl_s: float = 30.0
    """How long a ticket for a socket works."""
    idle_end_s: float = 600.0
    """A live meeting from which nothing came for this long is ended."""
    drain_grace_s: float = 15.0
    """After the end of a meeting, a track that sent nothing for this long is closed."""
    gap_wait_s: float = 2.0
    """How long a missing frame is waited for before it becomes an explicit gap."""
    socket_idle_s: float = 30.0
    """An audio socket without any message for this long is closed."""
    min_free_bytes: int = 500 * 1024**2
    """Below this much free disk nothing new is recorded."""
    warn_free_bytes: int = 2 * 1024**3
    """Below this much free disk the status warns."""
    audio_retention_days: int = 30
    """Recordings older than this are removed; 0 = kept for ever."""
    transcript_retention_days: int = 0
    """Words of meetings older than this are removed with their sound; notes and recap stay; 0 = kept for ever."""
    notes_retention_days: int = 0
    """Whole meetings older than this are deleted; 0 = kept for ever."""
    tickets_per_minute: int = 120
    """Per user."""
    sign_ins_per_minute: int = 20
    """Per client address."""
    joins_per_minute: int = 120
    """Looks at and uses of invitations, per client address."""
    sockets_per_minute: int = 240
    """New sockets per client address."""
    whip_url: str = ""
    """Where the process that takes WebRTC sound answers; empty = there is none."""
    feed_backlog: int = 256
    """Messages that may wait for one feed subscriber."""
    search_threads: int = 1
    """Threads that embed text; speech comes first on a small machine."""
    weaviate_url: str = ""
    """Weaviate server for search; empty = the embedded index in the data folder."""
    weaviate_api_key: str = ""
    """Key of that server, when it wants one."""
    weaviate_grpc_port: int = 50051
    """Port of its gRPC interface, on the same host."""
    speed: float = 4.0
    """How many times real time a track may be sent in the long run."""

    @property
    def data_path(self) -> Path:
        """The data folder."""
        return Path(self.data).expanduser()

    @property
    def archive_path(self) -> Path:
        """Root of the recordings."""
        return self.data_path / "archive"

    @property
    def search_place(self) -> SearchPlace:
        """Where the search index lies and what it uses."""
        models = Path(self.models).expanduser() if self.models else models_dir({})
        return SearchPlace(
            self.data_path / "search.db",
            models,
            self.search_threads,
            self.weaviate_url,
            self.weaviate_api_key,
            self.weaviate_grpc_port,
        )

    @property
    def web_path(self) -> Path:
        """Folder of the pages."""
        return Path(self.web) if self.web else Path(__file__).resolve().parent.parent / "web"

    @property
    def url(self) -> str:
        """The address that people open."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def https(self) -> bool:
        """Whether browsers reach us by TLS."""
        return self.public_url.startswith("https://")
