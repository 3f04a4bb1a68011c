// @ts-check
/** The invitation: a link that lets guests in for a while, copied or stopped. It is kept only in this window. */

import { api } from "../../lib/api.js";
import { timeOfDay } from "../../lib/format.js";
import { h, setText } from "../../lib/h.js";
import { openDialog } from "../dialog.js";

/** @typedef {{invite: string, code: string, expires_at: number}} Link */

const TTL_S = 12 * 3600;
const LOCAL = ["localhost", "127.0.0.1", "[::1]"];
/** The link of each meeting that was made in this window. @type {Map<string, Link>} */
const made = new Map();

/** @param {import("../../app.js").App} app @param {string} meeting */
export async function openInvite(app, meeting) {
  let link = made.get(meeting);
  if (!link || link.expires_at * 1000 < Date.now()) {
    try {
      link = /** @type {Link} */ (await api.invite(meeting, TTL_S));
    } catch (fault) {
      return app.complain(fault);
    }
    made.set(meeting, link);
  }
  show(app, meeting, link);
}

/** @param {import("../../app.js").App} app @param {string} meeting @param {Link} link */
function show(app, meeting, link) {
  const url = `${location.origin}/join.html#${link.code}`;
  const field = h("input", { type: "text", id: "invite-link", readOnly: true, value: url, onfocus: () => field.select() });
  const said = h("span", { class: "small", role: "status" }, "");
  const copy = h("button", { type: "button", class: "button primary", onclick: async () => {
    await navigator.clipboard.writeText(url).then(() => setText(said, "Copied."), () => setText(said, "Press Ctrl+C to copy."));
    field.select();
  } }, "Copy the link");
  const stop = h("button", { type: "button", class: "button danger", onclick: async () => {
    await api.stopInvite(meeting, link.invite).catch(app.complain);
    made.delete(meeting);
    dialog.close("");
    app.toasts.show("The link lets nobody in any more. Who is here stays.");
  } }, "Stop the link");
  const { dialog } = openDialog({
    title: "Invite people",
    body: [
      h("p", null, `Whoever opens this link before ${timeOfDay(new Date(link.expires_at * 1000))} can join with a name and a microphone of their own, after agreeing to being transcribed.`),
      h("div", { class: "field" }, h("label", { htmlFor: "invite-link" }, "Link"), field, said),
      h("p", { class: "small" }, "Guests read along and speak in this meeting. They cannot change anything, and see no other meeting."),
      LOCAL.includes(location.hostname) ? h("div", { class: "notice warn" }, h("p", null, "This address works only on this computer. For others Rapporteur has to be reached by https: put a proxy in front of it.")) : null,
    ],
    footer: [stop, copy],
    onSubmit: () => undefined,
  });
}
