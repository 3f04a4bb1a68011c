"""What a file is by its first bytes: names and claimed types are not believed. Pure."""

from contracts.errors import BadInput

HEAD_BYTES = 4096
_MP3_SYNC = {0xFB, 0xFA, 0xF3, 0xF2, 0xE3, 0xE2}


def container_of(head: bytes) -> str:
    """The demuxer that may open the file: one of few, so that none that follows links is ever tried.

    Raises BadInput when it is no kind of recording that we take.
    """
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"fLaC":
        return "flac"
    if head[:4] == b"OggS":
        return "ogg"
    if head[4:8] == b"ftyp":
        return "mp4"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] in _MP3_SYNC):
        return "mp3"
    raise BadInput("this is no recording that we can read: wav, mp3, m4a, mp4, ogg, opus, flac, webm", source="client")
