// One photo in a grid: a button with the picture, its name and what became of it.

import { pictures } from "./api.js";
import { h, icon, mark, say } from "./dom.js";
import { load } from "./loading.js";
import { t } from "./words.js";

export const SIZE = devicePixelRatio > 1.25 ? 640 : 320;
const DEVELOPED = new Set(["processed", "skipped"]);
const MARKS = { failed: "warn", processed: "check", skipped: "check" };

/** The address of what an item shows: the developed photo where there is one, else the source. */
export const shownOf = (batch, item) =>
  DEVELOPED.has(item.status) ? pictures.developed(batch, item.photo_id, SIZE) : pictures.photo(item.photo_id, SIZE);

/** A picture that says so when it cannot be shown. `set(url)` changes it; the former one stays until the new is there. */
export function thumb() {
  const box = h("span", { class: "thumb" });
  let off = () => {};
  let url = null;
  const set = (next) => {
    if (next === url) return;
    url = next;
    off();
    if (!next) return;
    const image = h("img", { alt: "", decoding: "async", draggable: "false" });
    image.addEventListener("load", () => box.replaceChildren(image));
    off = load(image, next, { onError: () => box.replaceChildren(h("span", { class: "blank" }, icon("photo"))) });
  };
  return { element: box, set, drop: () => off() };
}

/** A tile of an item of a batch. `item()` gives its row, undefined while it is being read. */
export function itemTile({ batch, item, open }) {
  const picture = thumb();
  const name = h("span", { class: "name" });
  const state = h("span", { class: "state" });
  const element = h("button", { class: "tile", type: "button", on: { click: open } }, picture.element, name, state);
  let shown = null;
  const update = () => {
    const row = item();
    if (!row) return;
    mark(element, "data-status", row.status);
    picture.set(shownOf(batch, row));
    say(name, row.file_name ?? t("photo.number", { id: row.photo_id }));
    mark(name, "title", row.file_name);
    if (shown !== row.status) {
      shown = row.status;
      state.replaceChildren(...(row.status in MARKS ? [icon(MARKS[row.status])] : []));
      state.append(h("span", { class: row.status in MARKS ? "spoken" : "" }, t(`item.${row.status}`)));
    }
  };
  update();
  return { element, update, drop: picture.drop };
}

/** A tile of a photo of the library. */
export function photoTile({ photo, open, pressed = null }) {
  const picture = thumb();
  picture.set(pictures.photo(photo.photo_id, SIZE));
  const stars = photo.rating > 0 ? h("span", { class: "state stars" }, "★".repeat(photo.rating)) : null;
  if (stars) stars.append(h("span", { class: "spoken" }, t("photo.stars", { n: photo.rating })));
  const element = h(
    "button",
    { class: "tile", type: "button", title: photo.file_name, "aria-pressed": pressed, on: { click: open } },
    picture.element,
    h("span", { class: "name" }, photo.file_name),
    stars,
  );
  return { element, update: () => {}, drop: picture.drop };
}
