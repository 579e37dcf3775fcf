// Long lists, read by the page where they are looked at.

const SIZE = 100;
const KEPT = 60;

/** Rows that can be read from any position: items of a batch. `read(position, limit, signal)` gives rows. */
export class ByPosition {
  #read;
  #pages = new Map();
  #reading = new Map();
  #onRows;

  constructor(read, onRows) {
    this.#read = read;
    this.#onRows = onRows;
  }

  at(position) {
    return this.#pages.get(Math.floor(position / SIZE))?.[position % SIZE];
  }

  /** See to it that the rows are here; with `again` also where they were read already. */
  want(first, last, again = false) {
    for (let page = Math.floor(first / SIZE); page * SIZE < last; page += 1) {
      if (!this.#reading.has(page) && (again || !this.#pages.has(page))) this.#fetch(page);
    }
    const [from, to] = [Math.floor(first / SIZE), Math.floor(last / SIZE)];
    for (const [page, abort] of this.#reading) {
      if (page < from - 1 || page > to + 1) abort.abort(); // scrolled past
    }
  }

  async #fetch(page) {
    const abort = new AbortController();
    this.#reading.set(page, abort);
    try {
      const rows = await this.#read(page * SIZE, SIZE, abort.signal);
      this.#pages.delete(page);
      this.#pages.set(page, rows);
      for (const old of [...this.#pages.keys()].slice(0, Math.max(0, this.#pages.size - KEPT))) this.#pages.delete(old);
      this.#onRows(page * SIZE, page * SIZE + rows.length);
    } catch {
      // read again when it is looked at again, or when the connection is back
    } finally {
      this.#reading.delete(page);
    }
  }

  leave() {
    for (const abort of this.#reading.values()) abort.abort();
    this.#onRows = () => {};
  }
}

/** Rows that can only be read one page after the other: photos. `read(cursor)` gives `{rows, next, total}`. */
export class ByCursor {
  #read;
  #cursor = null;
  #busy = false;
  #off = false;

  constructor(read, onRows) {
    this.#read = read;
    this.rows = [];
    this.total = 0;
    this.ended = false;
    this.onRows = onRows;
  }

  at(index) {
    return this.rows[index];
  }

  /** Read on until there are `count` rows, or no more. */
  async want(count) {
    if (this.#busy || this.ended) return;
    this.#busy = true;
    try {
      while (!this.#off && !this.ended && this.rows.length < Math.max(1, count)) {
        const { rows, next, total } = await this.#read(this.#cursor);
        if (this.#off) return;
        this.rows.push(...rows);
        this.#cursor = next ?? null;
        this.ended = this.#cursor === null;
        this.total = total ?? Math.max(this.total, this.rows.length);
        this.onRows(this);
      }
    } finally {
      this.#busy = false;
    }
  }

  leave() {
    this.#off = true;
  }
}
