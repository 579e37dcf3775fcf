// A new batch: pick photos, see them, try a look on one of them, start.

import { allSessions, api, pictures } from "./api.js";
import { compareFrame } from "./compare.js";
import { debounced, fill, h, say } from "./dom.js";
import { blendSlider, outputForm, presetList, settingsFrom } from "./look.js";
import { matchForm } from "./match.js";
import { presetTitle } from "./panel.js";
import { photoGrid } from "./photogrid.js";
import { pickForm } from "./pick.js";
import { acting, toast } from "./talk.js";
import { t } from "./words.js";

const SIZE = 1024;
const PATIENCE_MS = 250;

/** A key for one wish to start: sent again after a lost answer, it never starts two batches. */
const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** What was picked for `GET /photos`, as `POST /batch/start` calls it. */
function selectionOf({ session_id: session, collection, from, to, min_rating: rating }) {
  const given = { session_id: session && Number(session), collection, first: from, last: to, min_rating: rating && Number(rating) };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined));
}

/** The photo that the look is tried on, with what it was before. */
function tryOut(choice) {
  const frame = compareFrame({ label: t("compare.label") });
  const name = h("p", { class: "dim", role: "status" });
  const draw = () => {
    const { photo, preset, blend } = choice;
    if (!photo) return;
    say(name, t("look.on", { name: photo.file_name, preset: presetTitle(preset), n: blend }));
    frame.show(pictures.photo(photo.photo_id, SIZE), pictures.look(photo.photo_id, SIZE, preset.name, blend));
  };
  const later = debounced(draw, PATIENCE_MS);
  const leave = () => (later.stop(), frame.leave());
  return { element: h("div", { class: "try" }, frame.element, name), draw, later, leave };
}

function sendPart(choice, parts) {
  const fault = h("p", { class: "bad", role: "alert" });
  let key = newKey();
  const send = async () => {
    fill(fault, null);
    if (!parts.output.valid()) return;
    const config = { preset: choice.preset.name, blend: choice.blend, output: parts.output.value() };
    const match = parts.match.value();
    if (match) config.match = match;
    if (parts.from.value() !== "preset") config.settings_from = parts.from.value();
    try {
      const answer = await api.start({ selection: selectionOf(choice.selection), config }, key);
      key = newKey();
      toast(t("did.started", { n: answer.photo_count }));
      location.hash = `#/batch/${answer.batch_id}`;
    } catch (error) {
      if (error.status !== 0) key = newKey(); // refused: whatever is sent next is another wish
      fill(fault, error.message ? `${error.title} ${error.message}` : error.title);
    }
  };
  const button = h("button", { type: "button", class: "main big", disabled: true, data: { act: "start" } });
  button.addEventListener("click", acting(() => button, send));
  const counted = (total) => {
    say(button, total ? t("start.go", { n: total }) : t("start.nothing"));
    button.disabled = !total;
  };
  const changed = () => {
    key = newKey();
  };
  counted(0);
  return { element: h("div", { class: "send" }, fault, button), counted, changed };
}

function filmstrip(choice, picked) {
  const box = h("div", { class: "film", tabindex: "-1" });
  const strip = photoGrid({
    label: t("start.photos"),
    wide: () => 96,
    high: (width) => Math.round(width * 0.72),
    scroller: box,
    open: (index, photo) => picked(photo),
    pressed: (photo) => photo.photo_id === choice.photo?.photo_id,
    counted: (total, source) => strip.counted(total, source),
  });
  box.append(strip.element);
  const press = () => {
    for (const [index, tile] of strip.grid.drawn()) tile.element.setAttribute("aria-pressed", strip.rows()[index]?.photo_id === choice.photo?.photo_id);
  };
  return { box, strip, press };
}

async function known() {
  const [sessions, { collections }, { presets }] = await Promise.all([allSessions(), api.collections(), api.presets()]);
  return { sessions, collections, presets };
}

/** The view. `first` is what is picked at the beginning: `{session_id}` or `{collection}`. */
export async function startView(root, world, first) {
  const { sessions, collections, presets } = await known();
  const newest = sessions.reduce((best, each) => ((best?.first_at ?? "") < (each.first_at ?? "") ? each : best), sessions[0]);
  const begin = Object.keys(first).length ? first : { session_id: newest?.session_id };
  const preset = presets.find((each) => each.name === "warm-portrait") ?? presets[0];
  const choice = { selection: {}, photo: null, preset, blend: 100 };
  const trial = tryOut(choice);
  const output = outputForm();
  const from = settingsFrom();
  const match = matchForm(() => choice.photo);
  const send = sendPart(choice, { output, from, match });
  const list = presetList(presets, preset.name, (name) => {
    choice.preset = presets.find((each) => each.name === name);
    trial.draw();
  });
  const blend = blendSlider((value) => {
    choice.blend = value;
    trial.later();
  });
  const { box, strip, press } = filmstrip(choice, (photo) => take(photo));
  const take = (photo) => {
    choice.photo = photo;
    press();
    match.draw();
    trial.draw();
    list.show(photo.photo_id);
  };
  const choose = async (selection) => {
    choice.selection = selection;
    choice.photo = null;
    send.counted(0);
    say(pick.total, "");
    await strip.show(selection);
    if (!strip.rows().length) say(pick.total, t("pick.none"));
  };
  strip.counted = (total, source) => {
    say(pick.total, t("photos.count", { n: total }));
    send.counted(total);
    if (!choice.photo && source.rows.length) take(source.rows[0]);
  };
  const pick = pickForm({ sessions, collections, first: begin, changed: choose });
  const look = h("div", { class: "look" }, list.element, blend, match.element, from.element, output.element, send.element);
  look.addEventListener("change", send.changed);
  fill(root, [
    h("h1", { class: "spoken", tabindex: "-1" }, t("nav.new")),
    h("div", { class: "darkroom" }, pick.element, h("div", { class: "see" }, trial.element, box), look),
  ]);
  await choose(pick.selection());
  return { leave: () => (trial.leave(), list.leave(), strip.leave()), again: async () => {} };
}
