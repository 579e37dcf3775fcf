// A grid of which only what is seen is drawn: 100,000 photos cost as much as forty.

import { h } from "./dom.js";

const ROWS_BEYOND = 2;
const TALLEST = 8_000_000; // pixels; Firefox ends at about 17.8 million, Chrome at 33

export class Grid {
  #make;
  #tiles = new Map();
  #wide;
  #high;
  #across = 1;
  #focused = 0;
  #frame = 0;
  #resize;

  /**
   * `make(index)` gives `{element, drop()}`, the element being a button. `wide` is the least width of a tile;
   * `high(width)` its height. `label` names the grid, `seen(first, last)` is told what is drawn.
   */
  constructor({ make, wide, high, label, seen = () => {}, scroller = null }) {
    this.#make = make;
    this.#wide = wide;
    this.#high = high;
    this.seen = seen;
    this.total = 0;
    this.scroller = scroller;
    this.element = h("div", { class: "grid", role: "list", "aria-label": label, on: { keydown: (e) => this.#key(e) } });
    this.element.addEventListener("focusin", (event) => this.#remember(event.target));
    this.draw = this.draw.bind(this);
    this.later = this.later.bind(this);
    this.#resize = new ResizeObserver(this.later);
    this.#resize.observe(this.element);
    (scroller ?? window).addEventListener("scroll", this.later, { passive: true });
    addEventListener("resize", this.later);
  }

  /** How many tiles there are. */
  set size(total) {
    if (total === this.total) return;
    this.total = total;
    for (const index of [...this.#tiles.keys()]) if (index >= total) this.#drop(index);
    this.later();
  }

  later() {
    if (!this.#frame) this.#frame = requestAnimationFrame(this.draw);
  }

  /** Draw anew what is seen, from data that changed. */
  renew() {
    for (const index of [...this.#tiles.keys()]) this.#drop(index);
    this.later();
  }

  tile(index) {
    return this.#tiles.get(index);
  }

  drawn() {
    return this.#tiles.entries();
  }

  leave() {
    cancelAnimationFrame(this.#frame);
    this.#resize.disconnect();
    removeEventListener("resize", this.later);
    (this.scroller ?? window).removeEventListener("scroll", this.later);
    for (const index of [...this.#tiles.keys()]) this.#drop(index);
  }

  #measure() {
    const gap = 8;
    const width = this.element.clientWidth;
    this.#across = Math.max(1, Math.floor((width + gap) / (this.#wide() + gap)));
    const tile = Math.floor((width - gap * (this.#across - 1)) / this.#across);
    const row = this.#high(tile) + gap;
    const natural = Math.ceil(this.total / this.#across) * row;
    const tall = Math.min(natural, TALLEST);
    this.element.style.height = `${tall}px`;
    const view = this.scroller ? this.scroller.clientHeight : innerHeight;
    const start = this.scroller ? this.scroller.getBoundingClientRect().top : 0;
    const scrolled = Math.max(0, start - this.element.getBoundingClientRect().top);
    const stretch = natural > tall ? (natural - view) / Math.max(1, tall - view) : 1;
    return { gap, tile, row, view, scrolled, top: scrolled * stretch };
  }

  draw() {
    this.#frame = 0;
    if (!this.element.isConnected || !this.element.clientWidth) return;
    const place = this.#measure();
    const first = Math.max(0, Math.floor(place.top / place.row) - ROWS_BEYOND) * this.#across;
    const rows = Math.ceil(place.view / place.row) + 2 * ROWS_BEYOND + 1;
    const last = Math.min(this.total, first + rows * this.#across);
    for (const index of [...this.#tiles.keys()]) {
      if ((index < first || index >= last) && !this.#holdsFocus(index)) this.#drop(index);
    }
    for (let index = first; index < last; index += 1) this.#put(index, place);
    if (last > first) this.seen(first, last);
  }

  #put(index, { gap, tile, row, scrolled, top }) {
    let made = this.#tiles.get(index);
    if (!made) {
      made = this.#make(index);
      made.item = h("div", { role: "listitem", class: "cell" }, made.element);
      made.item.setAttribute("aria-posinset", index + 1);
      made.element.dataset.index = index;
      this.#tiles.set(index, made);
      this.#insert(made.item, index);
    }
    made.item.setAttribute("aria-setsize", this.total);
    made.element.tabIndex = index === Math.min(this.#focused, this.total - 1) ? 0 : -1;
    const style = made.item.style;
    style.width = `${tile}px`;
    style.height = `${row - gap}px`;
    const x = (index % this.#across) * (tile + gap);
    const y = Math.floor(index / this.#across) * row - top + scrolled;
    style.transform = `translate(${x}px, ${Math.round(y)}px)`;
  }

  /** In the order of the photos, which is the order of reading aloud. */
  #insert(item, index) {
    const after = this.#tiles.get(index + 1)?.item;
    const before = this.#tiles.get(index - 1)?.item;
    if (before) before.after(item);
    else if (after) after.before(item);
    else this.element.append(item);
  }

  #holdsFocus(index) {
    return this.#tiles.get(index)?.item.contains(document.activeElement);
  }

  #drop(index) {
    const made = this.#tiles.get(index);
    made.drop();
    made.item.remove();
    this.#tiles.delete(index);
  }

  #remember(target) {
    const index = Number(target.closest("[data-index]")?.dataset.index);
    if (Number.isNaN(index)) return;
    const former = this.#tiles.get(this.#focused);
    if (former) former.element.tabIndex = -1;
    this.#focused = index;
    this.#tiles.get(index).element.tabIndex = 0;
  }

  #key(event) {
    const page = this.#across * Math.max(1, Math.floor(innerHeight / 2 / this.#high(this.#wide())));
    const steps = {
      ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.#across, ArrowUp: -this.#across,
      PageDown: page, PageUp: -page, Home: -this.total, End: this.total,
    };
    if (!(event.key in steps) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.focus(Math.max(0, Math.min(this.total - 1, this.#focused + steps[event.key])));
  }

  /** Bring a tile into view and focus it. */
  focus(index) {
    const { row, top, scrolled, view } = this.#measure();
    const y = Math.floor(index / this.#across) * row;
    const by = y < top ? y - top : y + row > top + view * 0.9 ? y + row - top - view * 0.9 : 0;
    if (by) {
      const stretch = top && scrolled ? top / scrolled : 1;
      (this.scroller ?? window).scrollBy({ top: by / stretch, behavior: "instant" });
    }
    cancelAnimationFrame(this.#frame);
    this.draw();
    this.#tiles.get(index)?.element.focus({ preventScroll: true });
  }
}
