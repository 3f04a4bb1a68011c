// @ts-check
/** What every source has on this page, whichever way its sound travels: its stream, its level, and its state. */

/** @typedef {import("../uplink/store.js").Recording} Recording */
/** @typedef {import("../feed/health.js").LinkStatus} LinkStatus */

export class Captured {
  /** @param {import("./recorder.js").Recorder} recorder @param {Recording} recording */
  constructor(recorder, recording) {
    this.recorder = recorder;
    this.recording = recording;
    /** @type {LinkStatus | null} */
    this.status = null;
    this.level = 0;
    /** @type {MediaStream | null} */
    this.stream = null;
    /** @type {AudioNode | null} */
    this.input = null;
    /** @type {AudioWorkletNode | null} */
    this.node = null;
    /** @type {Awaited<ReturnType<typeof import("./sources.js").openSample>> | null} */
    this.sample = null;
    /** Whether the device is gone. */
    this.lost = false;
  }

  /** Takes the sound of this stream from here on. @param {MediaStream} stream */
  plug(stream) {
    this.input?.disconnect();
    this.stream = stream;
    this.lost = false;
    this.input = this.recorder.context.createMediaStreamSource(stream);
    this.flow(this.input);
    stream.getAudioTracks()[0].addEventListener("ended", () => this.unplugged());
  }

  /** Where the sound goes on this page. @param {AudioNode} _input */
  flow(_input) {}

  unplugged() {
    if (this.recorder.ending) return;
    this.lost = true;
    this.missing();
    this.recorder.changed();
  }

  /** The device is gone: what is told about it. */
  missing() {}

  /** @param {boolean} on */
  hear(on) {
    for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = on;
  }

  release() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.input?.disconnect();
  }
}
