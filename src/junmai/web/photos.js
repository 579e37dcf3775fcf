// The library: sessions and collections, their photos with EXIF, and the import of folders.

import { allSessions, api, pictures } from "./api.js";
import { fill, h, icon, say } from "./dom.js";
import { photoGrid } from "./photogrid.js";
import { forgetSessions } from "./store.js";
import { acting } from "./talk.js";
import { thumb } from "./tile.js";
import { openViewer } from "./viewer.js";
import { days, t } from "./words.js";

const COVER = devicePixelRatio > 1.25 ? 640 : 320;
const LEFT_OUT_SHOWN = 50;

function cover(id, href, name, photoCount, line) {
  const picture = thumb();
  if (id) picture.set(pictures.photo(id, COVER));
  return h("a", { class: "cover", href }, picture.element, h("strong", {}, name), h("span", { class: "dim" }, [t("photos.count", { n: photoCount }), line].filter(Boolean).join(" · ")));
}

// --- import --------------------------------------------------------------------------------------------------

function outcome(result) {
  const shown = result.left_out.slice(0, LEFT_OUT_SHOWN);
  const rest = result.left_out.length - shown.length;
  const left = shown.length
    ? h("details", {}, h("summary", {}, t("import.left", { n: result.left_out.length })),
      h("ul", {}, shown.map((each) => h("li", {}, h("code", {}, each.path), " ", each.reason))),
      rest > 0 ? h("p", {}, t("failures.more", { n: rest })) : null)
    : null;
  return [h("p", {}, t("import.done", { n: result.imported }), " ", t("import.known", { n: result.known })), left];
}

function importForm(imported) {
  const folder = h("input", { type: "text", id: "import-folder", required: true, autocomplete: "off", spellcheck: "false", placeholder: t("import.example") });
  const name = h("input", { type: "text", id: "import-name", autocomplete: "off" });
  const answer = h("div", { role: "status" });
  const button = h("button", { type: "submit", class: "main" }, icon("plus"), t("import.go"));
  const run = acting(
    () => button,
    async () => {
      fill(answer, h("p", {}, t("import.running")));
      try {
        const result = await api.importFolders([folder.value.trim()], name.value.trim() || null);
        fill(answer, outcome(result));
        folder.value = "";
        await imported();
      } catch (error) {
        fill(answer, h("p", { class: "bad" }, error.message ? `${error.title} ${error.message}` : error.title));
      }
    },
  );
  const element = h(
    "form",
    { class: "import", "aria-labelledby": "import-title", on: { submit: run } },
    h("h2", { id: "import-title" }, t("import.title")),
    h("div", { class: "row" },
      h("div", { class: "field grow" }, h("label", { for: "import-folder" }, t("import.folder")), folder),
      h("div", { class: "field" }, h("label", { for: "import-name" }, t("import.name")), name),
      button),
    answer,
  );
  return { element };
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
  return { leave: () => {}, again: read };
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
