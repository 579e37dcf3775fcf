// The library: sessions and collections, and their photos with EXIF.

import { allSessions, api, pictures } from "./api.js";
import { fill, h, icon, say } from "./dom.js";
import { importForm } from "./importing.js";
import { photoGrid } from "./photogrid.js";
import { forgetSessions } from "./store.js";
import { thumb } from "./tile.js";
import { openViewer } from "./viewer.js";
import { days, t } from "./words.js";

const COVER = devicePixelRatio > 1.25 ? 640 : 320;

function cover(id, href, name, photoCount, line) {
  const picture = thumb();
  if (id) picture.set(pictures.photo(id, COVER));
  return h("a", { class: "cover", href }, picture.element, h("strong", {}, name), h("span", { class: "dim" }, [t("photos.count", { n: photoCount }), line].filter(Boolean).join(" · ")));
}

// --- sessions ------------------------------------------------------------------------------------------------

/** All sessions and collections. */
export async function libraryView(root, world) {
  const sessionList = h("div", { class: "covers" });
  const collectionPart = h("section", { hidden: true });
  const read = async () => {
    const [sessions, { collections }] = await Promise.all([allSessions(), api.collections()]);
    const newest = [...sessions].sort((a, b) => ((a.first_at ?? "") < (b.first_at ?? "") ? 1 : -1));
    fill(sessionList, newest.length
      ? newest.map((each) => cover(each.cover_photo_id, `#/session/${each.session_id}`, each.name, each.photo_count, days(each.first_at, each.last_at)))
      : h("p", { class: "dim" }, t("library.none")));
    collectionPart.hidden = !collections.length;
    fill(collectionPart, [
      h("h2", {}, t("library.collections")),
      h("div", { class: "covers" }, collections.map((each) => cover(each.cover_photo_id, `#/collection/${encodeURIComponent(each.name)}`, each.name, each.photo_count, null))),
    ]);
  };
  const form = importForm(async () => {
    forgetSessions();
    await world.renew();
    await read();
  });
  fill(root, [
    h("h1", { class: "spoken", tabindex: "-1" }, t("nav.photos")),
    form.element,
    h("section", {}, h("h2", {}, t("library.sessions")), sessionList),
    collectionPart,
  ]);
  await read();
  form.look();
  return { leave: form.leave, again: () => (form.look(), read()) };
}

/** The photos of one session or collection. `selection` is what `GET /photos` takes. */
export async function photosView(root, world, { title, selection, develop }) {
  const total = h("p", { class: "dim", role: "status" });
  const view = photoGrid({
    label: title,
    wide: () => (innerWidth < 600 ? 108 : 188),
    high: (width) => Math.round(width * 0.75) + 30,
    open: (index) =>
      openViewer({
        index,
        total: () => view.grid.total,
        at: async (at) => view.at(at),
        closed: (where) => view.grid.focus(where),
      }),
    counted: (count) => say(total, t("photos.count", { n: count })),
  });
  fill(root, [
    h("div", { class: "head" },
      h("a", { class: "back", href: "#/photos" }, icon("left"), t("nav.photos")),
      h("div", { class: "row" }, h("h1", { tabindex: "-1" }, title), h("a", { class: "button main", href: develop }, t("library.develop"))),
      total),
    view.element,
  ]);
  await view.show(selection);
  return { leave: view.leave, again: async () => {} };
}
