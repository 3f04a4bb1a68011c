// @ts-check
/** Follows a meeting: opens the feed, folds what comes, and after a break goes on where it was. */

import { ApiError, api } from "../lib/api.js";
import { BACKOFF_MS } from "../uplink/machine.js";
import { emptyState, fold } from "./fold.js";

const SILENT_MS = 45000;

/** One meeting's feed. ``onChange`` is called once per frame at most, with the changes put together. */
export class Feed {
  /**
   * @param {string} meeting
   * @param {(change: import("./fold.js").Change) => void} onChange
   */
  constructor(meeting, onChange) {
    this.meeting = meeting;
    this.onChange = onChange;
    this.state = emptyState();
    /** "connecting", "open", "waiting", "gone" (no such meeting), "signed-out" or "closed". */
    this.link = "connecting";
    this.lostAt = 0;
    this.attempt = 0;
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {import("./fold.js").Change | null} */
    this.pending = null;
    this.timer = 0;
    this.watchdog = 0;
    this.again = () => this.retryNow();
    addEventListener("online", this.again);
    void this.connect();
  }

  close() {
    this.link = "closed";
    removeEventListener("online", this.again);
    clearTimeout(this.timer);
    clearTimeout(this.watchdog);
    this.socket?.close(1000);
  }

  /** Seconds without a connection. */
  get lost_s() {
    return this.lostAt ? (Date.now() - this.lostAt) / 1000 : 0;
  }

  retryNow() {
    if (this.link !== "waiting") return;
    clearTimeout(this.timer);
    void this.connect();
  }

  async connect() {
    this.link = this.lostAt ? "waiting" : "connecting";
    try {
      const { ticket } = await api.ticket(this.meeting, "feed");
      if (this.link !== "closed") this.open(ticket);
    } catch (fault) {
      const status = fault instanceof ApiError ? fault.status : 0;
      if (status === 404 || status === 403 || status === 401) this.stop(status === 401 ? "signed-out" : "gone");
      else this.retry();
    }
  }

  /** @param {string} ticket */
  open(ticket) {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/v1/meetings/${encodeURIComponent(this.meeting)}/feed`);
    this.socket = socket;
    const since = this.state.loaded ? { since: this.state.seq } : {};
    socket.onopen = () => socket.send(JSON.stringify({ type: "subscribe", ticket, ...since }));
    socket.onmessage = (event) => this.socket === socket && this.take(JSON.parse(event.data), socket);
    socket.onclose = (event) => this.socket === socket && this.closed(event.code);
    this.watch();
  }

  /** @param {Record<string, any>} message @param {WebSocket} socket */
  take(message, socket) {
    this.watch();
    this.attempt = 0;
    if (this.link !== "open") {
      this.link = "open";
      this.lostAt = 0;
      this.changed({ meta: true, health: true });
    }
    if (message.type === "ping") return socket.send(JSON.stringify({ type: "ping" }));
    return this.changed(fold(this.state, message));
  }

  /** A socket that says nothing for long is a dead one, whatever the system thinks. */
  watch() {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => {
      const socket = this.socket;
      this.closed(1006);
      socket?.close(1000);
    }, SILENT_MS);
  }

  /** @param {number} code */
  closed(code) {
    this.socket = null;
    clearTimeout(this.watchdog);
    if (this.link === "closed") return;
    if (code === 4404 || code === 4403) this.stop("gone");
    else this.retry();
  }

  /** @param {string} link */
  stop(link) {
    this.link = link;
    this.changed({ meta: true, health: true });
  }

  retry() {
    if (this.link === "closed") return;
    this.link = "waiting";
    this.lostAt ||= Date.now();
    const step = Math.min(this.attempt, BACKOFF_MS.length - 1);
    this.attempt += 1;
    this.timer = setTimeout(() => void this.connect(), BACKOFF_MS[step] + (step >= 2 ? Math.random() * 1000 : 0));
    this.changed({ health: true });
  }

  /** Puts changes together until the next frame. @param {import("./fold.js").Change} change */
  changed(change) {
    if (!Object.keys(change).length) return;
    if (this.pending) {
      const spoken = [...(this.pending.spoken ?? []), ...(change.spoken ?? [])];
      Object.assign(this.pending, change, spoken.length ? { spoken } : {});
      return;
    }
    this.pending = { ...change };
    const deliver = () => {
      const pending = this.pending;
      this.pending = null;
      if (pending && this.link !== "closed") this.onChange(pending);
    };
    // A hidden page gets no frames, but its title and its pinned line must not grow stale.
    if (document.hidden) setTimeout(deliver, 100);
    else requestAnimationFrame(deliver);
  }
}
