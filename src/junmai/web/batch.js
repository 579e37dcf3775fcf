// One batch: its panel, what failed, and a grid of its photos that fills as they are developed.

import { api } from "./api.js";
import { fill, h, icon, throttled } from "./dom.js";
import { failuresPart } from "./failures.js";
import { Grid } from "./grid.js";
import { matchPart } from "./match.js";
import { ByPosition } from "./pages.js";
import { factLine, isUnfinished, panel, titleOf } from "./panel.js";
import { refresh, watch } from "./store.js";
import { itemTile } from "./tile.js";
import { openViewer } from "./viewer.js";
import { t } from "./words.js";

const FRESH_MS = 900;
const WIDE = () => (innerWidth < 600 ? 108 : 188);
const high = (width) => Math.round(width * 0.75) + 30;

/** The grid of the items, and what keeps it fresh. */
function photosPart(id, total) {
  let range = [0, 0];
  const rows = new ByPosition(
    async (position, limit, signal) => (await api.items(id, { position, limit }, signal)).items,
    (first, last) => {
      for (const [index, tile] of grid.drawn()) if (index >= first && index < last) tile.update();
    },
  );
  const at = async (index) => {
    if (!rows.at(index)) {
      const { items } = await api.items(id, { position: index, limit: 1 });
      return { photo_id: items[0].photo_id, item: items[0], batch: id };
    }
    const item = rows.at(index);
    return { photo_id: item.photo_id, item, batch: id };
  };
  const open = (index) => openViewer({ index, total: () => grid.total, at, closed: (where) => grid.focus(where) });
  const grid = new Grid({
    wide: WIDE,
    high,
    label: t("batch.photos"),
    make: (index) => itemTile({ batch: id, item: () => rows.at(index), open: () => open(index) }),
    seen: (first, last) => {
      range = [first, last];
      rows.want(first, last);
    },
  });
  grid.size = total;
  const fresh = throttled(() => rows.want(...range, true), FRESH_MS);
  const leave = () => (fresh.stop(), rows.leave(), grid.leave());
  return { element: grid.element, grid, rows, fresh, open, leave };
}

/** Open the viewer on a photo that failed, wherever it stands. */
async function openFailed(id, photoId) {
  let cursor = null;
  const found = [];
  do {
    const page = await api.items(id, { status: "failed", limit: 500, cursor });
    found.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor && !found.some((item) => item.photo_id === photoId));
  const index = Math.max(0, found.findIndex((item) => item.photo_id === photoId));
  openViewer({ index, total: () => found.length, at: (at) => ({ photo_id: found[at].photo_id, item: found[at], batch: id }) });
}

/** The view of the batch with that id. */
export async function batchView(root, world, id) {
  const batch = await refresh(id);
  const board = panel(batch);
  const failures = failuresPart((photoId) => openFailed(id, photoId));
  const match = matchPart(batch);
  const photos = photosPart(id, batch.total_photos);
  const folder = batch.config?.output?.folder;
  let former = batch;
  const show = (status) => {
    board.update(status);
    failures.update(status);
    match.update(status);
    photos.grid.size = status.total_photos;
    if (JSON.stringify(status) !== JSON.stringify(former)) photos.fresh();
    former = status;
  };
  fill(root, [
    h("div", { class: "head" },
      h("a", { class: "back", href: "#/batches" }, icon("left"), t("nav.batches")),
      h("h1", { tabindex: "-1" }, titleOf(batch, world.sessions)),
      factLine(batch, world.presets),
      folder ? h("p", { class: "dim path" }, t("batch.into", { folder })) : null),
    h("div", { class: "sticky" }, board.element),
    failures.element,
    match.element,
    h("h2", { class: "spoken" }, t("batch.photos")),
    photos.element,
  ]);
  failures.update(batch);
  const unwatch = watch((status) => status.batch_id === id && show(status));
  return {
    leave: () => (unwatch(), match.leave(), photos.leave()),
    again: async () => (await refresh(id), photos.fresh()),
    event: (type, data) => {
      const about = data.batch_id ?? data.job_id ?? data.details?.batch_id;
      if (about === id && isUnfinished(former)) photos.fresh();
    },
  };
}
