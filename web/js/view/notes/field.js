// @ts-check
/** A field that is edited where it stands: an input takes the place of the button that shows it. */

/** @typedef {HTMLInputElement | HTMLTextAreaElement} Input */

/**
 * Enter and leaving the field keep what was typed, Escape does not. ``over`` hears once which it was.
 * @param {HTMLElement} button
 * @param {Input} input
 * @param {(kept: boolean) => void} over
 */
export function editInPlace(button, input, over) {
  const before = input.value;
  let done = false;
  const finish = (/** @type {boolean} */ keep) => {
    if (done) return;
    done = true;
    const focused = input === document.activeElement;
    input.replaceWith(button);
    if (focused) button.focus();
    over(keep && input.value.trim() !== before.trim());
  };
  input.addEventListener("keydown", (event) => pressed(/** @type {KeyboardEvent} */ (event), finish));
  input.addEventListener("blur", () => finish(true));
  button.replaceWith(input);
  input.focus();
  if (input.type !== "date") input.select();
}

/** @param {KeyboardEvent} event @param {(keep: boolean) => void} finish */
function pressed(event, finish) {
  if (event.key === "Escape") {
    event.stopPropagation();
    finish(false);
  }
  if (event.key !== "Enter" || event.shiftKey) return;
  event.preventDefault();
  finish(true);
}
