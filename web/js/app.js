// @ts-check
/** The root of the pages: who is signed in, which page is shown, and the recording that outlives a page. */

import { Recorder } from "./capture/recorder.js";
import { unfinished } from "./capture/unfinished.js";
import { ApiError, api } from "./lib/api.js";
import { fill, h } from "./lib/h.js";
import { Toasts } from "./view/dialog.js";
import { plainPage } from "./view/plain.js";

/**
 * What every page gets.
 * @typedef {object} App
 * @property {HTMLElement} root
 * @property {Toasts} toasts
 * @property {Record<string, any>} me
 * @property {(path: string) => void} go
 * @property {(error: unknown) => void} complain
 * @property {Recorder | null} recorder
 * @property {() => void} dressFor shows the pages as they are for whoever is signed in
 */
/** @typedef {{close: () => void}} Page */

const PAGES = {
  "/live.html": () => import("./pages/live.js"),
  "/join.html": () => import("./pages/join.js"),
  "/recap.html": () => import("./pages/recap.js"),
  "/actions.html": () => import("./pages/actions.js"),
  "/voices.html": () => import("./pages/voices.js"),
  "/": () => import("./pages/home.js"),
};

const GUEST_PAGES = ["/live.html", "/join.html"];

/** @type {Page | null} */
let page = null;
const root = h("div", { id: "page" });
document.body.append(h("a", { class: "skip", href: "#main" }, "Skip to the content"), root);

/** @type {App} */
const app = {
  root,
  toasts: new Toasts(),
  me: {},
  go,
  complain: (error) => app.toasts.show(error instanceof Error ? error.message : String(error)),
  recorder: null,
  dressFor: () => void (document.body.dataset.role = app.me.role ?? ""),
};

/** Shows another page without leaving this document: a recording goes on. @param {string} path */
function go(path) {
  history.pushState(null, "", path);
  void show();
}

async function show() {
  page?.close();
  page = null;
  const path = location.pathname.replace(/index\.html$/, "");
  if (app.me.role === "guest" && !GUEST_PAGES.includes(path)) return plainPage(root, "You are a guest", h("p", null, "The link you came by opens one meeting. To come back to it, open the link again."));
  const load = PAGES[/** @type {keyof typeof PAGES} */ (path)] ?? PAGES["/"];
  const module = await load();
  fill(root);
  scrollTo(0, 0);
  page = await module.mount(app, decodeURIComponent(location.hash.slice(1)));
}

/** Links between the pages stay in this document. @param {MouseEvent} event */
function follow(event) {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const url = new URL(link.href);
  if (link.target || link.hasAttribute("download") || url.origin !== location.origin || !(url.pathname in PAGES)) return;
  if (link.getAttribute("href")?.startsWith("#")) {
    event.preventDefault();
    const target = document.getElementById(url.hash.slice(1));
    target?.scrollIntoView({ block: "start" });
    target?.focus({ preventScroll: true });
    return;
  }
  event.preventDefault();
  go(url.pathname + url.hash);
}

function signedOut() {
  plainPage(
    root,
    "Sign in",
    h("p", null, "Rapporteur is running, but this browser is not signed in."),
    h("p", null, "Open the sign-in link that ", h("code", null, "rapporteur up"), " (or ", h("code", null, "make run"), ") printed in its terminal. A link works once; the same command prints a new one."),
    h("p", null, h("button", { type: "button", class: "button primary", onclick: () => location.reload() }, "Try again")),
  );
  document.title = "Sign in · Rapporteur";
}

/** @param {unknown} fault */
function unreachable(fault) {
  const text = fault instanceof Error ? fault.message : "";
  plainPage(root, "No answer", h("p", null, `${text} This page tries again by itself.`));
  setTimeout(() => void begin(), 2000);
}

async function begin() {
  try {
    app.me = await api.me();
  } catch (fault) {
    const signed_out = fault instanceof ApiError && fault.status === 401;
    if (!signed_out) return unreachable(fault);
    // Who comes by a link has no account: the page itself lets them in.
    return location.pathname.endsWith("/join.html") ? show() : signedOut();
  }
  app.dressFor();
  await takeUp();
  return show();
}

/** After a reload in a meeting that was being recorded here, the recording goes on before anything is shown. */
async function takeUp() {
  const meeting = location.pathname.endsWith("/live.html") ? decodeURIComponent(location.hash.slice(1)) : "";
  const recordings = meeting ? await unfinished(meeting) : [];
  if (recordings.length === 0) return;
  const recorder = new Recorder(meeting, { guest: app.me.role === "guest" });
  app.recorder = recorder;
  void recorder.goOn(recordings).then((mine) => {
    if (mine) return;
    recorder.letGo();
    if (app.recorder === recorder) app.recorder = null;
    app.toasts.show("This meeting is being recorded in another window.");
  });
}

document.addEventListener("click", follow);
addEventListener("popstate", () => void show());
void begin();
