"""Settings of the WHIP process (prefix ``WHIP_``)."""

import msgspec


class WhipSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One process that takes WebRTC sound; more than ``max_tracks`` need another process."""

    host: str = "127.0.0.1"
    """Address of the HTTP part; media uses its own UDP ports on all addresses."""
    port: int = 8711
    """Port of the HTTP part."""
    gateway_url: str = "http://127.0.0.1:8710"
    """Where the gateway answers: it knows who may send sound to which meeting."""
    max_tracks: int = 25
    """Tracks at once; one takes about 2 % of a core."""
    overflow_url: str = ""
    """Base address of another WHIP process that takes what is too much here; empty = 503."""
    ice_servers: tuple[str, ...] = ()
    """STUN and TURN for us and for clients: ``stun:host:port`` or ``turn:host:port|user|password``."""
    allowed_origins: tuple[str, ...] = ()
    """Browser pages beside our own that may send here."""
    connect_s: float = 30.0
    """A peer that is not connected after this long is given up."""
    posts_per_minute: int = 60
    """New tracks and changes per client address."""
    log_level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""
