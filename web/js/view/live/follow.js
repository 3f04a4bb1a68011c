// @ts-check
/** The column that follows the speech until a person scrolls up, and again when they come back. */

const NEAR_END_PX = 120;

export class Follower {
  /** @param {HTMLElement} column @param {HTMLElement} content @param {HTMLElement} jumpButton @param {() => boolean} over whether nothing more will be said */
  constructor(column, content, jumpButton, over) {
    this.column = column;
    this.jumpButton = jumpButton;
    this.over = over;
    this.following = true;
    this.top = 0;
    this.grown = new ResizeObserver(() => this.stick());
    this.grown.observe(content);
  }

  /** Shows the newest words, if they are being followed. */
  stick() {
    if (this.following) this.column.scrollTop = this.column.scrollHeight;
  }

  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.column;
    // Only a person scrolls up; a page that is still being laid out merely has not arrived yet.
    if (scrollHeight - scrollTop - clientHeight < NEAR_END_PX) this.following = true;
    else if (scrollTop < this.top - 2) this.following = false;
    this.top = scrollTop;
    this.jumpButton.hidden = this.following || this.over();
  }

  jump() {
    this.following = true;
    this.jumpButton.hidden = true;
    this.stick();
  }

  stop() {
    this.following = false;
  }

  close() {
    this.grown.disconnect();
  }
}
