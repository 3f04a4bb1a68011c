"""What a WHIP client may send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import BadInput
from gateway.ingest.offer import Unprocessable, check_offer, parse_fragment, text

HEAD = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
AUDIO = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=sendonly\r\na=rtpmap:111 opus/48000/2\r\n"
VIDEO = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=sendonly\r\na=rtpmap:96 VP8/90000\r\n"


@pytest.mark.parametrize("sdp", [HEAD + AUDIO, HEAD + AUDIO + VIDEO, HEAD + AUDIO.replace("sendonly", "sendrecv")])
def test_one_opus_track_that_is_sent_is_accepted(sdp: str) -> None:
    assert check_offer(sdp) == sdp


@pytest.mark.parametrize(
    "sdp",
    [
        HEAD,
        HEAD + VIDEO,
        HEAD + AUDIO + AUDIO,
        HEAD + AUDIO.replace("sendonly", "recvonly"),
        HEAD + AUDIO.replace("sendonly", "inactive"),
        HEAD + AUDIO.replace("opus/48000/2", "PCMU/8000"),
        HEAD + AUDIO + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
    ],
)
def test_what_cannot_be_served_is_unprocessable(sdp: str) -> None:
    with pytest.raises(Unprocessable):
        check_offer(sdp)


@given(st.binary(max_size=300))
def test_any_bytes_are_an_offer_or_a_bad_input(body: bytes) -> None:
    for read in (check_offer, parse_fragment):
        try:
            read(text(body))
        except BadInput:
            continue


def test_a_fragment_names_candidates_by_media_line() -> None:
    fragment = parse_fragment(
        "a=ice-ufrag:abcd\r\na=ice-pwd:x\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"
        "a=candidate:1 1 udp 2130706431 192.0.2.1 3478 typ host\r\na=end-of-candidates\r\n"
    )
    assert fragment.ufrag == "abcd"
    assert fragment.candidates == (("0", "1 1 udp 2130706431 192.0.2.1 3478 typ host"),)
    assert fragment.complete
