// @ts-check
/** Where sound comes from: a microphone, a shared tab, the sample recording. Failures say what a person can do. */

export const SAMPLE_URL = "/sample/planning.flac";

/** Why there is no sound, in words for people. */
export class SourceError extends Error {
  /** @param {string} message @param {string} cause */
  constructor(message, cause) {
    super(message);
    this.reason = cause;
  }
}

/** @returns {SourceError | null} */
export function unsupported() {
  if (!window.isSecureContext) {
    return new SourceError("Browsers allow recording only over https or on localhost. Open this page through one of them.", "insecure");
  }
  if (!navigator.mediaDevices || !window.AudioWorkletNode) {
    return new SourceError("This browser cannot record sound. A current Chrome, Edge, Firefox or Safari can.", "unsupported");
  }
  return null;
}

/** @param {unknown} fault @returns {SourceError} */
function explain(fault) {
  const name = fault instanceof DOMException ? fault.name : "";
  if (name === "NotAllowedError") {
    return new SourceError("The microphone is blocked: allow it in the address bar, then press Try again.", "blocked");
  }
  if (name === "NotFoundError" || name === "OverconstrainedError") {
    return new SourceError("No microphone was found. Plug one in, then press Try again.", "missing");
  }
  if (name === "NotReadableError") {
    return new SourceError("Another program is using the microphone. Close it, then press Try again.", "busy");
  }
  return new SourceError("The microphone could not be opened. Press Try again.", "failed");
}

/**
 * Opens a microphone.
 * @param {string} [deviceId]
 * @returns {Promise<MediaStream>}
 */
export async function openMicrophone(deviceId) {
  const fault = unsupported();
  if (fault) throw fault;
  const exact = deviceId ? { deviceId: { exact: deviceId } } : {};
  const audio = { ...exact, echoCancellation: true, autoGainControl: true, noiseSuppression: false, channelCount: 1 };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    if (deviceId && error instanceof DOMException && error.name !== "NotAllowedError") return openMicrophone();
    throw explain(error);
  }
}

/**
 * Asks for a tab or the system's sound. Null: the person closed the chooser. A stream without sound is refused.
 * @returns {Promise<MediaStream | null>}
 */
export async function openTab() {
  const fault = unsupported();
  if (fault) throw fault;
  let stream;
  try {
    stream = await navigator.mediaDevices.getDisplayMedia({ video: true, audio: { echoCancellation: false, autoGainControl: false, noiseSuppression: false } });
  } catch {
    return null;
  }
  for (const track of stream.getVideoTracks()) track.stop();
  if (stream.getAudioTracks().length > 0) return stream;
  throw new SourceError("What you shared carries no sound. Choose a tab, and switch on “Also share tab audio”.", "silent");
}

/** The microphones that can be chosen; names are known only once one was allowed. */
export async function microphones() {
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  return devices.filter((device) => device.kind === "audioinput" && device.deviceId !== "communications");
}

/**
 * The sample recording as a source that plays aloud, from a given second on.
 * @param {AudioContext} context
 * @param {number} from_s
 */
export async function openSample(context, from_s) {
  const answer = await fetch(SAMPLE_URL);
  if (!answer.ok) throw new SourceError("The sample recording is missing on this server.", "missing");
  const buffer = await context.decodeAudioData(await answer.arrayBuffer());
  const node = new AudioBufferSourceNode(context, { buffer });
  const loudness = new GainNode(context, { gain: 0.8 });
  node.connect(loudness).connect(context.destination);
  return { node, loudness, start: (/** @type {number} */ at_s) => node.start(at_s, Math.min(from_s, buffer.duration)) };
}
