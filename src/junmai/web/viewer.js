// One photo over the whole window: before and after, what is known of it, and its neighbours.

import { api, pictures } from "./api.js";
import { compareFrame } from "./compare.js";
import { fill, h, icon, say } from "./dom.js";
import { helpOf, kindTitle } from "./failures.js";
import { captured, decimal, t } from "./words.js";

const SIZE = 1600;
const DEVELOPED = new Set(["processed", "skipped"]);

function shutter(seconds) {
  return seconds >= 0.4 ? `${decimal(seconds, seconds >= 10 ? 0 : 1)} s` : `1/${Math.round(1 / seconds)} s`;
}

/** EXIF as pairs of word and text; what is not known is left out. */
export function exifOf(photo) {
  const facts = { ...(photo.facts ?? {}), ...photo };
  const place = facts.latitude === null || facts.latitude === undefined
    ? null : `${decimal(facts.latitude, 4)}, ${decimal(facts.longitude, 4)}`;
  const pairs = [
    ["captured", captured(facts.captured_at)],
    ["camera", facts.camera],
    ["lens", facts.lens],
    ["shutter", facts.shutter_seconds ? shutter(facts.shutter_seconds) : null],
    ["aperture", facts.aperture ? `f/${decimal(facts.aperture, facts.aperture < 10 ? 1 : 0)}` : null],
    ["iso", facts.iso],
    ["focal", facts.focal_length_mm ? `${decimal(facts.focal_length_mm, 0)} mm` : null],
    ["size", facts.width ? `${facts.width} × ${facts.height}` : null],
    ["rating", facts.rating > 0 ? "★".repeat(facts.rating) : null],
    ["label", facts.label],
    ["keywords", facts.keywords?.length ? facts.keywords.join(", ") : null],
    ["place", place],
    ["path", facts.path],
    ["unsupported", facts.unsupported],
  ];
  return pairs.filter(([, text]) => text !== null && text !== undefined && text !== "");
}

function facts(pairs) {
  return h("dl", { class: "exif" }, pairs.map(([word, text]) => [h("dt", {}, t(`exif.${word}`)), h("dd", {}, text)]));
}

async function known(id) {
  try {
    return await api.photo(id);
  } catch {
    return null; // it is not in the library any more; the item still tells its name
  }
}

function failure(item) {
  if (item?.status !== "failed") return null;
  return h("div", { class: "why" }, h("h3", {}, kindTitle(item.error_kind)), h("p", {}, item.error_message), h("p", {}, helpOf(item.error_kind)));
}

/**
 * Open the viewer. `at(index)` gives `{photo_id, item?, batch?, before?, after?}` (addresses of other pictures than
 * the source and the output) or a promise of it; `total` how many there are.
 * `closed(index)` is told where the user left.
 */
export function openViewer({ index, total, at, names, closed = () => {} }) {
  let now = index;
  let turn = 0;
  const frame = compareFrame({ label: t("compare.label"), names });
  const title = h("h2", { id: "viewer-title" });
  const place = h("span", { class: "dim" });
  const side = h("div", { class: "side" });
  const step = (by) => go(Math.max(0, Math.min(total() - 1, now + by)));
  const button = (name, mark, act, kind = "") =>
    h("button", { type: "button", class: `quiet ${kind}`, "aria-label": t(`viewer.${name}`), title: t(`viewer.${name}`), on: { click: act } }, icon(mark));
  const left = button("previous", "left", () => step(-1));
  const right = button("next", "right", () => step(1));
  const dialog = h(
    "dialog",
    { class: "viewer", "aria-labelledby": "viewer-title" },
    h("header", { class: "row" }, title, place, left, right, button("close", "stop", () => dialog.close())),
    h("div", { class: "body" }, frame.element, side),
  );

  const go = async (next) => {
    now = next;
    const mine = (turn += 1);
    const one = await at(now);
    if (mine !== turn || !one) return;
    const { item, batch } = one;
    const developed = item && DEVELOPED.has(item.status) ? pictures.developed(batch, item.photo_id, SIZE) : null;
    const state = item ? h("p", { class: "status", data: { status: item.status } }, t(`item.${item.status}`)) : null;
    say(place, t("viewer.place", { at: now + 1, of: total() }));
    left.disabled = now === 0;
    right.disabled = now + 1 >= total();
    say(title, item?.file_name ?? one.file_name ?? t("photo.number", { id: one.photo_id }));
    fill(side, [state, failure(item)]);
    const after = one.after ?? developed;
    frame.show(one.before ?? pictures.photo(one.photo_id, SIZE), after, item?.status === "failed" ? t("viewer.blank") : null);
    const photo = await known(one.photo_id);
    if (mine !== turn) return;
    const pairs = photo ? exifOf(photo) : [];
    if (item?.output_path) pairs.push(["output", item.output_path]);
    fill(side, [state, failure(item), facts(pairs), h("p", { class: "dim keys" }, t(after ? "viewer.keys" : "viewer.keys.one"))]);
  };
  dialog.addEventListener("keydown", (event) => {
    const moves = { PageDown: 1, PageUp: -1 };
    const arrows = event.target === frame.range ? {} : { ArrowRight: 1, ArrowLeft: -1 };
    const by = { ...moves, ...arrows }[event.key];
    if (by) event.preventDefault(), step(by);
    else if (event.key === "b" || event.key === "B") frame.flip();
  });
  dialog.addEventListener("close", () => {
    turn += 1;
    frame.leave();
    dialog.remove();
    closed(now);
  });
  document.body.append(dialog);
  dialog.showModal();
  go(index);
}
