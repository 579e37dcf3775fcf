// What happens on the server, as it happens: server-sent events read with fetch.
// EventSource gives up for good on an answer that is no stream, and does not tell the server's heartbeat, by which
// a connection that died in silence (a closed lid, a changed network) is known.

const SILENCE_MS = 40000;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15000;
const HIDDEN_MS = 60000; // a browser has six connections to a host, for all its tabs together

export class Live {
  #url;
  #onEvent;
  #onState;
  #lastId = null;
  #abort = null;
  #timer = null;
  #watch = null;
  #hidden = null;
  #wait = FIRST_WAIT_MS;

  /** `onEvent(type, data)`; `onState("live" | "lost", retryMilliseconds)`. */
  constructor(url, onEvent, onState) {
    this.#url = url;
    this.#onEvent = onEvent;
    this.#onState = onState;
  }

  start() {
    addEventListener("online", () => this.now());
    addEventListener("offline", () => this.#lost());
    document.addEventListener("visibilitychange", () => this.#seen());
    this.#connect();
  }

  /** Try again at once. */
  now() {
    this.#wait = FIRST_WAIT_MS;
    this.#connect();
  }

  #seen() {
    clearTimeout(this.#hidden);
    if (document.hidden) this.#hidden = setTimeout(() => this.#end(), HIDDEN_MS);
    else if (this.#abort === null) this.now();
  }

  #end() {
    clearTimeout(this.#timer);
    clearTimeout(this.#watch);
    this.#abort?.abort();
    this.#abort = null;
  }

  #lost() {
    this.#end();
    this.#onState("lost", this.#wait);
    this.#timer = setTimeout(() => this.#connect(), this.#wait);
    this.#wait = Math.min(LONGEST_WAIT_MS, this.#wait * 2);
  }

  async #connect() {
    this.#end();
    const abort = new AbortController();
    this.#abort = abort;
    this.#heard();
    try {
      const headers = { Accept: "text/event-stream" };
      if (this.#lastId !== null) headers["Last-Event-ID"] = this.#lastId;
      const answer = await fetch(this.#url, { headers, signal: abort.signal, cache: "no-store" });
      if (!answer.ok || !answer.body) throw new Error(`HTTP ${answer.status}`);
      this.#wait = FIRST_WAIT_MS;
      this.#onState("live", 0);
      await this.#read(answer.body.pipeThrough(new TextDecoderStream()).getReader());
    } catch {
      // refused, cut off or aborted: the same for whoever looks at the page
    }
    if (this.#abort === abort) this.#lost();
  }

  #heard() {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#lost(), SILENCE_MS);
  }

  async #read(reader) {
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      this.#heard();
      const blocks = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) this.#take(block);
    }
  }

  #take(block) {
    const event = { type: "message", data: [] };
    for (const line of block.split("\n")) {
      const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line);
      if (name === "id") this.#lastId = value;
      else if (name === "event") event.type = value;
      else if (name === "data") event.data.push(value);
    }
    if (!event.data.length) return;
    let data;
    try {
      data = JSON.parse(event.data.join("\n"));
    } catch {
      return; // not ours
    }
    this.#onEvent(event.type, data);
  }
}
