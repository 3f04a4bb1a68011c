// @ts-check
/** Server-sent events out of an answer to a POST, which EventSource cannot make. */

/** @typedef {{event: string, data: string}} ServerEvent */

/** Splits a text of events; what is not complete yet is the rest. Pure. @param {string} text @returns {{events: ServerEvent[], rest: string}} */
export function parseEvents(text) {
  const parts = text.replaceAll("\r\n", "\n").split("\n\n");
  const rest = parts.pop() ?? "";
  return { events: parts.map(parseEvent).filter((event) => event.data !== ""), rest };
}

/** @param {string} block @returns {ServerEvent} */
function parseEvent(block) {
  let event = "message";
  /** @type {string[]} */
  const data = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    const value = line.slice(colon + 1).replace(/^ /, "");
    if (colon > 0 && line.startsWith("event")) event = value;
    if (colon > 0 && line.startsWith("data")) data.push(value);
  }
  return { event, data: data.join("\n") };
}

/** The events of an answer as they arrive. @param {Response} answer @returns {AsyncGenerator<ServerEvent>} */
export async function* eventsOf(answer) {
  if (!answer.body) return;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    const { events, rest } = parseEvents(text + (done ? "\n\n" : value));
    yield* events;
    if (done) return;
    text = rest;
  }
}
