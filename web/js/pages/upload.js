// @ts-check
/** Uploading a recording: in pieces that go on after a break, then the meeting's page. */

import { ApiError, call } from "../lib/api.js";
import { size, spell } from "../lib/format.js";
import { h, setText } from "../lib/h.js";
import { openDialog } from "../view/dialog.js";

const POLL_MS = 1000;
const RETRY_MS = 3000;
const PIECE_TIMEOUT_MS = 120000;

/** @typedef {{upload: string, offset: number, chunk_bytes: number, state: string, meeting?: string | null, imported_s?: number, detail?: string}} Upload */

/** Lets a person choose a file and uploads it. @param {import("../app.js").App} app */
export function chooseRecording(app) {
  const input = h("input", { type: "file", accept: "audio/*,video/*,.flac,.mka,.opus", hidden: true });
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    input.remove();
    if (file) void upload(app, file);
  });
  document.body.append(input);
  input.click();
}

/** @param {import("../app.js").App} app @param {File} file */
async function upload(app, file) {
  const said = h("p", { role: "status" }, "Starting…");
  const bar = h("progress", { class: "bar", max: 1, value: 0, "aria-label": "Uploaded" });
  const away = h("button", { type: "button", class: "button", onclick: () => dialog.close("") }, "Cancel");
  const { dialog, closed } = openDialog({
    title: "Upload a recording",
    body: [h("p", { dir: "auto" }, `${file.name}, ${size(file.size)}`), bar, said],
    footer: [away],
  });
  const failed = (/** @type {string} */ why) => {
    bar.hidden = true;
    said.classList.add("bad");
    setText(said, why.charAt(0).toUpperCase() + why.slice(1));
    setText(away, "Close");
  };
  let open = true;
  /** @type {Upload | null} */
  let state = null;
  void closed.then(() => (open = false));
  try {
    state = await begin(file);
    while (open && state.state !== "failed" && !state.meeting) {
      setText(said, words(state, file));
      bar.value = file.size ? state.offset / file.size : 0;
      state = await step(state, file);
    }
    if (open && state.state === "failed") failed(state.detail || "This file could not be read as a recording.");
    else if (open && state.meeting) {
      dialog.close("done");
      app.go(`/live.html#${state.meeting}`);
    } else await call("DELETE", `/v1/uploads/${state.upload}`);
  } catch (fault) {
    failed(fault instanceof Error ? fault.message : "The upload failed.");
  }
}

/** @param {File} file @returns {Promise<Upload>} */
function begin(file) {
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return call("POST", "/v1/uploads", { name: file.name, size_bytes: file.size, title: file.name.replace(/\.[^.]+$/, "").slice(0, 200), timezone });
}

/** Sends the next piece, or asks how far the server is. @param {Upload} state @param {File} file @returns {Promise<Upload>} */
async function step(state, file) {
  const path = `/v1/uploads/${state.upload}`;
  if (state.offset >= file.size || state.state !== "receiving") {
    await pause(POLL_MS);
    return call("GET", path);
  }
  const piece = file.slice(state.offset, state.offset + state.chunk_bytes);
  const headers = { "Upload-Offset": String(state.offset), "Content-Type": "application/octet-stream" };
  const answer = await fetch(path, { method: "PATCH", headers, body: piece, signal: AbortSignal.timeout(PIECE_TIMEOUT_MS) }).catch(() => null);
  if (answer?.ok) return answer.json();
  if (answer && answer.status !== 409 && answer.status < 500) {
    const problem = await answer.json().catch(() => ({}));
    throw new ApiError(answer.status, problem.detail ?? "The server refused the file.");
  }
  await pause(answer?.status === 409 ? 0 : RETRY_MS);
  return call("GET", path).catch(() => state);
}

/** @param {number} wait_ms */
function pause(wait_ms) {
  return new Promise((resolve) => setTimeout(resolve, wait_ms));
}

/** @param {Upload} state @param {File} file */
function words(state, file) {
  if (state.offset < file.size) return `${Math.floor((100 * state.offset) / file.size)} % uploaded`;
  return state.imported_s ? `${spell(state.imported_s)} read so far` : "Uploaded; the server is reading it.";
}
