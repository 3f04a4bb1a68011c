// @ts-check
/**
 * Notices sound that was lost on its way from the microphone because the computer was too busy: media time falls
 * behind the clock and stays there. A delay that is caught up later is none. Pure.
 */

const WINDOW = 34;
const LOST_MS = 500;
/** Clocks of sound cards differ from the computer's by up to this share: no loss. */
const SKEW = 0.0002;

/** One source's clock against the computer's. */
export class Drift {
  constructor() {
    /** @type {number[]} */
    this.lags = [];
    this.base = Infinity;
    this.at = 0;
  }

  reset() {
    this.lags = [];
    this.base = Infinity;
    this.at = 0;
  }

  /**
   * The milliseconds of sound that are missing by now, or 0.
   * @param {number} wall_ms when the newest sound was captured
   * @param {number} media_ms media time at its end
   */
  lost(wall_ms, media_ms) {
    this.lags.push(wall_ms - media_ms);
    if (this.lags.length < WINDOW) return 0;
    if (this.lags.length > WINDOW) this.lags.shift();
    const least = Math.min(...this.lags);
    this.base = Math.min(least, this.base + SKEW * (wall_ms - this.at));
    this.at = wall_ms;
    const lost = least - this.base;
    if (lost < LOST_MS) return 0;
    this.lags = this.lags.map((lag) => lag - lost);
    return lost;
  }
}
