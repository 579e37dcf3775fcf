// All batches: those at work first, with a strip of their photos.

import { api } from "./api.js";
import { fill, h, icon } from "./dom.js";
import { factLine, isUnfinished, panel, titleOf } from "./panel.js";
import { all, refreshAll, watch } from "./store.js";
import { tell } from "./talk.js";
import { shownOf, thumb } from "./tile.js";
import { t } from "./words.js";
import { workersSection } from "./workers.js";

const STRIP = 10;

/** Photos of a batch in a row: the first ones, developed where they are. */
function strip(batch) {
  const element = h("a", { class: "strip", href: `#/batch/${batch.batch_id}`, tabindex: "-1", "aria-hidden": "true" });
  const thumbs = [];
  let seen = -1;
  let reading = false;
  const update = async (status) => {
    const ended = status.processed_count + status.skipped_count + status.failed_count;
    if (reading || ended === seen || !element.isConnected) return;
    reading = true;
    try {
      const { items } = await api.items(status.batch_id, { limit: STRIP });
      const settled = items.every((item) => !["pending", "running", "staged"].includes(item.status));
      seen = settled ? Infinity : ended; // nothing more will change here
      items.forEach((item, at) => {
        if (!thumbs[at]) element.append((thumbs[at] = thumb()).element);
        thumbs[at].element.dataset.status = item.status;
        thumbs[at].set(shownOf(status.batch_id, item));
      });
    } catch {
      // the strip is an ornament: the numbers beside it are read on their own
    } finally {
      reading = false;
    }
  };
  return { element, update: (status) => seen !== Infinity && update(status), drop: () => thumbs.forEach((each) => each.drop()) };
}

function card(batch, world) {
  const pictures = strip(batch);
  const board = panel(batch);
  const title = h("h3", {}, h("a", { href: `#/batch/${batch.batch_id}` }, titleOf(batch, world.sessions)));
  const element = h(
    "article",
    { class: "card", data: { batch: batch.batch_id } },
    pictures.element,
    h("div", { class: "cardhead" }, title, factLine(batch, world.presets)),
    board.element,
  );
  const update = (status) => {
    board.update(status);
    pictures.update(status);
  };
  return { element, update, drop: pictures.drop };
}

function nothingYet() {
  return h(
    "div",
    { class: "empty" },
    h("h2", {}, t("batches.none")),
    h("p", {}, t("batches.none.text")),
    h("p", { class: "row" }, h("a", { class: "button", href: "#/photos" }, icon("folder"), t("nav.photos")),
      h("a", { class: "button main", href: "#/new" }, icon("plus"), t("nav.new"))),
  );
}

function section(title) {
  const list = h("div", { class: "cards" });
  return { list, element: h("section", { hidden: true }, h("h2", {}, title), list) };
}

/** The view. `world` has the names of sessions and presets. */
export async function batchesView(root, world) {
  const cards = new Map();
  const work = section(t("batches.work"));
  const ended = section(t("batches.ended"));
  const none = h("div", { hidden: true }, nothingYet());
  const workers = workersSection();
  const more = h("button", { type: "button", hidden: true }, t("more"));
  const arrange = () => {
    const shown = all();
    for (const batch of shown) {
      const made = cards.get(batch.batch_id) ?? card(batch, world);
      cards.set(batch.batch_id, made);
      const list = isUnfinished(batch) ? work.list : ended.list;
      if (made.element.parentNode !== list) list.append(made.element);
    }
    for (const list of [work.list, ended.list]) inOrder(list, shown.map((batch) => cards.get(batch.batch_id).element));
    for (const part of [work, ended]) part.element.hidden = !part.list.children.length;
    none.hidden = shown.length > 0;
  };
  const unwatch = watch((batch) => {
    arrange();
    cards.get(batch.batch_id).update(batch);
  });
  fill(root, [h("h1", { class: "spoken", tabindex: "-1" }, t("nav.batches")), none, work.element, workers.element, ended.element, more]);
  const read = async (cursor) => {
    const next = await refreshAll(cursor);
    arrange();
    more.hidden = next === null;
    more.onclick = () => read(next).catch(tell);
  };
  await read(null);
  return { leave: () => (unwatch(), workers.leave(), cards.forEach((each) => each.drop())), again: () => read(null) };
}

/** Move only what is not in its place, so that nothing loses the focus. */
function inOrder(list, elements) {
  const wanted = elements.filter((each) => each.parentNode === list);
  wanted.forEach((element, at) => {
    if (list.children[at] !== element && !element.contains(document.activeElement)) {
      list.insertBefore(element, list.children[at] ?? null);
    }
  });
}
