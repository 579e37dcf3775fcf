// Who develops, on whatever machine, with the photos in hand; and the queue of the broker.

import { api } from "./api.js";
import { fill, h } from "./dom.js";
import { t } from "./words.js";

const LOOK_MS = 3000;

function worker(one) {
  const processes = one.workers ? t("workers.processes", { n: one.workers }) : t("workers.offers");
  const photos = one.photos.map((photo) =>
    h("li", {}, h("a", { href: `#/batch/${photo.batch_id}` }, photo.file_name)));
  return h("li", {},
    h("p", { class: "row" }, h("strong", {}, one.host), h("span", { class: "dim" }, [processes, ...one.roots].join(" · "))),
    photos.length ? h("ul", { class: "held" }, photos) : null);
}

function waits(one) {
  return h("p", {}, h("a", { href: `#/batch/${one.batch_id}` }, one.batch_id), " ",
    t("workers.waits", { roots: one.roots.join(", ") }));
}

function queue(found) {
  if (found.queue_error) return h("p", { class: "dim path" }, found.queue_error);
  if (found.queue_depth === null) return null;
  return h("p", { class: "dim" }, t("workers.queue", { n: found.queue_depth }));
}

/** The section; it is shown where more than this server develops, or messages offer photos. */
export function workersSection() {
  const list = h("ul", { class: "workers" });
  const waiting = h("div", {});
  const element = h("section", { hidden: true, id: "workers" }, h("h2", {}, t("workers.title")), list, waiting);
  const look = async () => {
    if (document.hidden) return;
    try {
      const found = await api.workers();
      element.hidden = found.workers.length < 2 && found.queue_depth === null && found.queue_error === null
        && !found.waiting.length;
      fill(list, found.workers.map(worker));
      fill(waiting, [...found.waiting.map(waits), queue(found)]);
    } catch {
      // the connection says so itself
    }
  };
  const timer = setInterval(look, LOOK_MS);
  look();
  return { element, leave: () => clearInterval(timer) };
}
