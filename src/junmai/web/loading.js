// Pictures of tiles, a few at a time. A browser has six connections to a host: without a queue forty tiles of RAW photos
// keep the commands and the status waiting behind them.

const AT_ONCE = 3;
const waiting = [];
let busy = 0;

/** Load `url` into an image when it is its turn, the newest wish first. Returns what calls it off. */
export function load(image, url, { onError = () => {} } = {}) {
  const wish = { image, url, onError, off: false, started: false };
  waiting.push(wish);
  pump();
  return () => {
    if (wish.off) return;
    wish.off = true;
    const index = waiting.indexOf(wish);
    if (index >= 0) waiting.splice(index, 1);
    if (wish.started) wish.end();
  };
}

function pump() {
  while (busy < AT_ONCE && waiting.length) begin(waiting.pop());
}

function begin(wish) {
  const { image } = wish;
  busy += 1;
  wish.started = true;
  const end = () => {
    if (wish.ended) return;
    wish.ended = true;
    busy -= 1;
    image.removeEventListener("load", good);
    image.removeEventListener("error", bad);
    pump();
  };
  const good = () => {
    image.classList.add("there");
    end();
  };
  const bad = () => {
    if (!wish.off) wish.onError();
    end();
  };
  wish.end = () => {
    if (!image.complete) image.removeAttribute("src"); // the browser lets the request go
    end();
  };
  image.addEventListener("load", good);
  image.addEventListener("error", bad);
  image.src = wish.url;
}
