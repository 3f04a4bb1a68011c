// @ts-check
/** One source on its way: its Worker, which sends the sound, and the nodes through which the sound comes. */

import { Captured } from "./captured.js";
import { openSample } from "./sources.js";

/** @typedef {import("../uplink/store.js").Recording} Recording */

const FINISH_WAIT_MS = 1500;
const SAMPLE_LEAD_S = 0.15;
const QUANTUM = 128;

/** One source on its way. */
export class Track extends Captured {
  /** @param {import("./recorder.js").Recorder} recorder @param {Recording} recording */
  constructor(recorder, recording) {
    super(recorder, recording);
    /** Media sample at which the sound goes on; only the worker knows what an earlier page got into the store. @type {(start: number) => void} */
    this.begun = () => undefined;
    /** @type {Promise<number>} */
    this.start = new Promise((resolve) => (this.begun = resolve));
    this.worker = new Worker(new URL("../uplink/worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = (event) => this.told(event.data);
    this.worker.postMessage({ type: "start", recording, continuous: recording.source === "sample" });
  }

  /** Tells the worker. @param {object} message */
  post(message) {
    this.worker.postMessage(message);
  }

  /** @param {any} message */
  told(message) {
    if (message.type === "status") this.status = message.status;
    else if (message.type === "started") this.begun(message.start);
    else if (message.type === "fault") this.recorder.fault = message.detail;
    this.recorder.changed();
  }

  /** Connects the sound; from here on it is recorded. @param {MediaStream | null} stream */
  async connect(stream) {
    const context = this.recorder.context;
    const node = new AudioWorkletNode(context, "rapporteur-capture", { numberOfInputs: 1, numberOfOutputs: 1 });
    node.connect(context.destination);
    node.port.onmessage = (event) => (this.level = Math.max(event.data.level, this.level * 0.7));
    const channel = new MessageChannel();
    this.worker.postMessage({ type: "frames", port: channel.port1 }, [channel.port1]);
    this.node = node;
    if (this.recording.source === "sample") await this.playSample(node);
    else if (stream) this.plug(stream);
    // A file is played and recorded from the same sample on, so that it goes on seamlessly after a reload.
    const { currentTime, sampleRate } = context;
    const from_s = this.sample ? (Math.ceil(((currentTime + SAMPLE_LEAD_S) * sampleRate) / QUANTUM) * QUANTUM) / sampleRate : 0;
    node.port.postMessage({ from_s, frames: channel.port2 }, [channel.port2]);
    this.sample?.start(from_s);
  }

  /** @param {AudioNode} node */
  async playSample(node) {
    this.sample = await openSample(this.recorder.context, (await this.start) / 16000);
    this.sample.node.connect(node);
    this.sample.node.onended = () => void this.recorder.end();
  }

  /** @param {AudioNode} input */
  flow(input) {
    if (this.node) input.connect(this.node);
  }

  missing() {
    this.worker.postMessage({ type: "pause", cause: "dropped" });
  }

  /** No more sound; the rest travels on. */
  finish() {
    if (this.recorder.context.state === "running" && this.node) this.node.port.postMessage({ stop: true });
    setTimeout(() => this.worker.postMessage({ type: "finish" }), this.node ? FINISH_WAIT_MS : 0);
  }

  release() {
    super.release();
    if (this.sample) this.sample.node.onended = null;
    this.sample?.node.disconnect();
    this.node?.disconnect();
  }
}
