// @ts-check
/** The board of action items: what is asked for, as an address has it, and the groups that it is shown in. Pure. */

import { groupBy } from "../lib/group.js";

/** @typedef {import("./fold.js").Note} Note */
/** @typedef {{meeting: string, title: string, started_at: number, item: Note, overdue: boolean}} BoardItem */
/** @typedef {{owner: string | null, open: number, overdue: number}} OwnerCount */
/** @typedef {{items: BoardItem[], total: number, next: number | null, counts: Record<string, number>, owners: OwnerCount[]}} Board */
/** @typedef {{status: "open" | "done" | "all", owner: string | null, by: "date" | "person"}} Asked owner null: everybody; "": nobody's */
/** @typedef {{key: string, title: string, items: BoardItem[]}} Shelf */

const PAGE = 100;

/** @param {string} hash @returns {Asked} */
export function askedOf(hash) {
  const given = new URLSearchParams(hash);
  const status = given.get("status");
  return { status: status === "done" || status === "all" ? status : "open", owner: given.get("owner"), by: given.get("by") === "person" ? "person" : "date" };
}

/** The address of what is asked for; the usual things are left out. @param {Asked} asked */
export function hashOf({ status, owner, by }) {
  const given = new URLSearchParams();
  if (status !== "open") given.set("status", status);
  if (owner !== null) given.set("owner", owner);
  if (by !== "date") given.set("by", by);
  return given.toString();
}

/** What the server is asked. @param {Asked} asked @param {number} offset */
export function filtersOf({ status, owner }, offset) {
  const filters = new URLSearchParams({ limit: String(PAGE), offset: String(offset) });
  if (status !== "all") filters.set("status", status);
  if (owner !== null) filters.set("owner", owner);
  return filters;
}

/** @param {BoardItem[]} items @param {Asked["by"]} by @param {Date} today @returns {Shelf[]} */
export function shelvesOf(items, by, today) {
  return by === "person" ? byPerson(items) : byDate(items, today);
}

/** @param {BoardItem[]} items */
function byPerson(items) {
  const owners = groupBy(items, ({ item }) => item.owner ?? "");
  const shelves = [...owners].map(([owner, owned]) => ({ key: `person-${owner}`, title: owner || "Nobody yet", items: owned }));
  return shelves.sort((a, b) => Number(a.key === "person-") - Number(b.key === "person-") || a.title.localeCompare(b.title));
}

/** @type {[string, string][]} */
const DATES = [["overdue", "Overdue"], ["week", "In the next seven days"], ["later", "Later"], ["undated", "No date"], ["done", "Done"]];

/** @param {BoardItem[]} items @param {Date} today */
function byDate(items, today) {
  const week = isoDay(new Date(today.getFullYear(), today.getMonth(), today.getDate() + 7));
  const dated = groupBy(items, (entry) => dateShelf(entry, week));
  return DATES.map(([key, title]) => ({ key, title, items: dated.get(key) ?? [] })).filter((shelf) => shelf.items.length);
}

/** @param {BoardItem} entry @param {string} week the last day of the coming week @returns {string} */
function dateShelf({ item, overdue }, week) {
  if (item.status === "done") return "done";
  if (overdue) return "overdue";
  if (!/^\d{4}-\d{2}-\d{2}$/.test(item.due ?? "")) return "undated";
  return String(item.due) <= week ? "week" : "later";
}

/** "2026-03-07", by the clock of the reader. @param {Date} day */
export function isoDay(day) {
  return `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, "0")}-${String(day.getDate()).padStart(2, "0")}`;
}

/** Whether an open item's day has passed, for one that was just changed here. @param {Note} note @param {Date} today */
export function isLate({ status, due }, today) {
  return (status ?? "open") === "open" && /^\d{4}-\d{2}-\d{2}$/.test(due ?? "") && String(due) < isoDay(today);
}
