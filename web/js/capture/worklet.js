// @ts-check
/**
 * The part of the recording that runs on the audio thread: mono, 16 kHz, frames of 60 ms.
 * Frames go straight to the uplink's Worker through a port of their own, so that a busy page delays nothing.
 */

import { Framer, Resampler } from "./resample.js";

const LEVEL_EVERY_S = 0.08;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate);
    this.framer = new Framer();
    /** @type {MessagePort | null} */
    this.frames = null;
    this.peak = 0;
    this.levelAt = 0;
    this.running = true;
    /** Sound before this moment of the audio clock is not taken. */
    this.from_s = 0;
    this.port.onmessage = (event) => this.command(event.data);
  }

  /** @param {{frames?: MessagePort, from_s?: number, stop?: boolean}} message */
  command(message) {
    if (message.from_s !== undefined) this.from_s = message.from_s;
    if (message.frames) this.frames = message.frames;
    if (message.stop) this.stop();
  }

  stop() {
    const rest = this.framer.flush();
    this.frames?.postMessage({ type: "last", pcm: rest.buffer, wall: Date.now() }, [rest.buffer]);
    this.running = false;
  }

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    if (!this.running) return false;
    const mono = mixDown(inputs[0]);
    this.measure(mono);
    if (!this.frames || currentTime < this.from_s - 1e-6) return true;
    for (const frame of this.framer.push(this.resampler.push(mono))) {
      this.frames.postMessage({ type: "frame", pcm: frame.buffer, wall: Date.now() }, [frame.buffer]);
    }
    return true;
  }

  /** @param {Float32Array} samples */
  measure(samples) {
    for (const sample of samples) this.peak = Math.max(this.peak, Math.abs(sample));
    if (currentTime < this.levelAt) return;
    this.port.postMessage({ level: this.peak });
    this.peak = 0;
    this.levelAt = currentTime + LEVEL_EVERY_S;
  }
}

/** @param {Float32Array[]} channels */
function mixDown(channels) {
  if (!channels || channels.length === 0) return new Float32Array(128);
  if (channels.length === 1) return channels[0];
  const mono = new Float32Array(channels[0].length);
  for (const channel of channels) for (let i = 0; i < mono.length; i += 1) mono[i] += channel[i] / channels.length;
  return mono;
}

registerProcessor("rapporteur-capture", Capture);
