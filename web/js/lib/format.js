// @ts-check
/** Times, dates and amounts as people read them. Pure. */

/** 754.3 → "12:34"; over an hour "1:02:03". @param {number} seconds */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** 754.3 → "12 min 34 s"; 40 → "40 s"; 3723 → "1 h 02 min". @param {number} seconds */
export function spell(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  if (hours) return `${hours} h ${String(minutes).padStart(2, "0")} min`;
  if (minutes) return `${minutes} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${whole} s`;
}

/** A length for a list: "48 s", "12 min", "1 h 02 min". @param {number} seconds */
export function roughly(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return spell(seconds);
}

/** 1536000 → "1.5 MB". @param {number} bytes */
export function size(bytes) {
  const units = ["bytes", "kB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit += 1) value /= 1000;
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/**
 * The heading of a day in the list of meetings.
 * @param {Date} day
 * @param {Date} today
 * @param {string} [locale]
 */
export function dayName(day, today, locale) {
  const days = Math.round((midnight(today) - midnight(day)) / 86_400_000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  const sameYear = day.getFullYear() === today.getFullYear();
  return day.toLocaleDateString(locale, { weekday: "long", day: "numeric", month: "long", ...(sameYear ? {} : { year: "numeric" }) });
}

/** The day of something in the past, short: "12 May", "12 May 2025". @param {Date} day @param {Date} today @param {string} [locale] */
export function shortDay(day, today, locale) {
  const sameYear = day.getFullYear() === today.getFullYear();
  return day.toLocaleDateString(locale, { day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) });
}

/** @param {Date} date */
function midnight(date) {
  return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
}

/** "14:05" in the reader's way. @param {Date} date @param {string} [locale] */
export function timeOfDay(date, locale) {
  return date.toLocaleTimeString(locale, { hour: "numeric", minute: "2-digit" });
}

/** What a new meeting is called until somebody names it. @param {Date} now @param {string} [locale] */
export function defaultTitle(now, locale) {
  return `Meeting, ${now.toLocaleDateString(locale, { weekday: "long" })} ${timeOfDay(now, locale)}`;
}

/** "2026-03-21" → "21 March" (or as it was said, when no date could be made of it). @param {string | null | undefined} due @param {string | null | undefined} words @param {string} [locale] */
export function dueText(due, words, locale) {
  if (!due) return words ?? "";
  const date = /^\d{4}-\d{2}-\d{2}$/.test(due) ? new Date(`${due}T12:00:00`) : null;
  if (!date || Number.isNaN(date.getTime())) return due;
  return date.toLocaleDateString(locale, { weekday: "short", day: "numeric", month: "short" });
}

/** 1 → "1 action item". @param {number} count @param {string} one @param {string} [many] */
export function plural(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

/** The name of a language in the reader's language, or the code. @param {string} code */
export function languageName(code) {
  try {
    const name = new Intl.DisplayNames(undefined, { type: "language" }).of(code) ?? code;
    return name.charAt(0).toUpperCase() + name.slice(1);
  } catch {
    return code;
  }
}
