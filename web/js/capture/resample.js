// @ts-check
/**
 * Streaming band-limited resampling to 16 kHz: a windowed-sinc low-pass, evaluated only where a sample is due.
 * Pure: no audio API. The sum of all output is as long as the input to within one sample.
 */

import { FRAME_SAMPLES, SAMPLE_RATE_HZ } from "../uplink/frames.js";

const ZERO_CROSSINGS = 16;
const ROLL_OFF = 0.945;

/** @param {number} a @param {number} b @returns {number} */
function gcd(a, b) {
  return b ? gcd(b, a % b) : a;
}

/** Converts mono sound of one rate to another, block by block. */
export class Resampler {
  /**
   * @param {number} fromHz
   * @param {number} toHz
   */
  constructor(fromHz, toHz = SAMPLE_RATE_HZ) {
    const divisor = gcd(fromHz, toHz);
    this.up = toHz / divisor;
    this.down = fromHz / divisor;
    const cutoff = Math.min(1, toHz / fromHz) * ROLL_OFF;
    this.half = fromHz === toHz ? 0 : Math.ceil(ZERO_CROSSINGS / cutoff);
    this.phases = Array.from({ length: this.up }, (_, phase) => this.taps(phase / this.up, cutoff));
    this.history = new Float32Array(this.half);
    /** Position of the next output, in input samples from the start of the history, times ``up``. */
    this.position = this.half * this.up;
  }

  /** The filter for an output that lies ``fraction`` of a sample after an input. @param {number} fraction @param {number} cutoff */
  taps(fraction, cutoff) {
    if (this.half === 0) return new Float32Array([1]);
    const taps = new Float32Array(2 * this.half + 1);
    let sum = 0;
    for (let index = 0; index < taps.length; index += 1) {
      const x = index - this.half - fraction;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / (this.half + 1));
      const arc = Math.PI * x * cutoff;
      taps[index] = (x === 0 ? 1 : Math.sin(arc) / arc) * window;
      sum += taps[index];
    }
    return taps.map((tap) => tap / sum);
  }

  /**
   * The output that the input so far makes possible.
   * @param {Float32Array} input
   * @returns {Float32Array}
   */
  push(input) {
    const { half, up, down } = this;
    const samples = new Float32Array(this.history.length + input.length);
    samples.set(this.history);
    samples.set(input, this.history.length);
    const output = [];
    let position = this.position;
    for (; Math.floor(position / up) + half < samples.length; position += down) {
      const centre = Math.floor(position / up);
      const taps = this.phases[position % up];
      let value = 0;
      for (let index = 0; index < taps.length; index += 1) value += taps[index] * samples[centre - half + index];
      output.push(value);
    }
    const done = Math.max(0, Math.min(samples.length, Math.floor(position / up) - half));
    this.history = samples.slice(done);
    this.position = position - done * up;
    return Float32Array.from(output);
  }
}

/** Collects sound into frames of 60 ms of PCM16. */
export class Framer {
  constructor() {
    this.frame = new Int16Array(FRAME_SAMPLES);
    this.filled = 0;
  }

  /**
   * The frames that are complete with these samples (-1 to 1).
   * @param {Float32Array} samples
   * @returns {Int16Array[]}
   */
  push(samples) {
    const complete = [];
    for (const sample of samples) {
      const clipped = Math.max(-1, Math.min(1, sample));
      this.frame[this.filled] = Math.round(clipped * (clipped < 0 ? 0x8000 : 0x7fff));
      this.filled += 1;
      if (this.filled === FRAME_SAMPLES) {
        complete.push(this.frame);
        this.frame = new Int16Array(FRAME_SAMPLES);
        this.filled = 0;
      }
    }
    return complete;
  }

  /** What is left of an unfinished frame; may be empty. */
  flush() {
    const rest = this.frame.slice(0, this.filled);
    this.filled = 0;
    return rest;
  }
}
