// @ts-check
/** A call to the server by WHIP (RFC 9725), with a ticket for one track. */

/** @typedef {{peer: RTCPeerConnection, sender: RTCRtpSender, address: string, bearer: string}} Call */

const GATHER_MS = 2000;
const ANSWER_MS = 15000;
const CONNECT_MS = 10000;

/** What a refusal means for the whole recording. */
export const FATAL_STATUS = new Map([[403, "forbidden"], [404, "unknown"], [409, "ended"]]);

/** Sound from the stream to the track, as soon as it is connected. @param {string} meeting @param {string} track @param {string} bearer @param {MediaStream} stream @returns {Promise<Call>} */
export async function dial(meeting, track, bearer, stream) {
  const peer = new RTCPeerConnection();
  try {
    const { sender } = peer.addTransceiver(stream.getAudioTracks()[0], { direction: "sendonly", streams: [stream] });
    await peer.setLocalDescription();
    await until(peer, "icegatheringstatechange", () => peer.iceGatheringState === "complete", GATHER_MS).catch(() => undefined);
    const answer = await fetch(`/v1/meetings/${meeting}/whip?track=${track}`, {
      method: "POST",
      headers: { "Content-Type": "application/sdp", Authorization: `Bearer ${bearer}` },
      body: peer.localDescription?.sdp,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (answer.status !== 201) throw Object.assign(new Error("refused"), { status: answer.status });
    const call = { peer, sender, address: answer.headers.get("Location") ?? "", bearer };
    await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    await until(peer, "connectionstatechange", () => peer.connectionState === "connected", CONNECT_MS);
    return call;
  } catch (fault) {
    peer.close();
    throw fault;
  }
}

/** Ends the call, and with ``goodbye`` the track. @param {Call} call @param {boolean} goodbye */
export async function hangUp({ peer, address, bearer }, goodbye) {
  const headers = { Authorization: `Bearer ${bearer}` };
  if (goodbye) await fetch(address, { method: "DELETE", headers, signal: AbortSignal.timeout(ANSWER_MS) }).catch(() => undefined);
  peer.close();
}

/** @param {RTCPeerConnection} peer @param {string} event @param {() => boolean} holds @param {number} within_ms @returns {Promise<void>} */
function until(peer, event, holds, within_ms) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("no connection")), within_ms);
    const look = () => {
      if (!holds()) return;
      clearTimeout(late);
      peer.removeEventListener(event, look);
      resolve();
    };
    peer.addEventListener(event, look);
    look();
  });
}
