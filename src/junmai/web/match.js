// What matching does to the photos of a batch: scene by scene, each photo without its match and with it.

import { api, pictures } from "./api.js";
import { fill, h, say } from "./dom.js";
import { tell } from "./talk.js";
import { SIZE, thumb } from "./tile.js";
import { openViewer } from "./viewer.js";
import { count, decimal, t } from "./words.js";

const PAGE = 48;
const LARGE = 1600;
const AHEAD = "300px";

const signed = (value, digits) => `${value < 0 ? "−" : "+"}${decimal(Math.abs(value), digits)}`;
const mean = (values) => values.reduce((sum, each) => sum + each, 0) / values.length;

/** What a photo was brought to, in words: the choice that the batch was started with. */
export function matchText(match) {
  if (!match) return null;
  const to = { session: t("match.session"), collection: t("match.collection") }[match.to ?? "session"] ?? t("match.photo.id", { id: String(match.to) });
  const strength = match.strength ?? 100;
  return strength === 100 ? to : `${to}, ${decimal(strength, 0)} %`;
}

function apartText(rows) {
  const known = rows.filter((row) => row.distance_before !== null && row.distance_after !== null);
  if (!known.length) return "";
  return t("match.apart", {
    before: decimal(mean(known.map((row) => row.distance_before))),
    after: decimal(mean(known.map((row) => row.distance_after))),
  });
}

function gainsText(row) {
  if (row.off) return t("match.off");
  const text = t("match.gains", { ev: signed(row.exposure, 2), red: decimal(row.red, 2), blue: decimal(row.blue, 2) });
  return row.capped ? `${text} · ${t("match.capped")}` : text;
}

/** Asks for pictures when they come near the window, and not before. */
function lazily() {
  const wanted = new Map();
  const drops = new Set();
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        watcher.unobserve(target);
        wanted.get(target)();
      }
    },
    { rootMargin: AHEAD },
  );
  const add = (element, pairs) => {
    for (const [picture] of pairs) drops.add(picture.drop);
    wanted.set(element, () => pairs.forEach(([picture, url]) => picture.set(url)));
    watcher.observe(element);
  };
  const leave = () => {
    watcher.disconnect();
    for (const drop of drops) drop();
    drops.clear();
    wanted.clear();
  };
  return { add, leave };
}

/** One photo: a button with its two pictures, and what is done to it. */
function pairElement(batch, row, lazy, open) {
  const side = (word, matched) => {
    const picture = thumb();
    const half = h("span", { class: "half" }, picture.element, h("span", { class: "tag" }, word));
    return { half, pair: [picture, pictures.matched(batch, row.photo_id, SIZE, matched)] };
  };
  const [before, after] = [side(t("match.before"), false), side(t("match.after"), true)];
  const name = row.file_name ?? t("photo.number", { id: row.photo_id });
  const button = h("button", { type: "button", class: "pair", "aria-label": t("match.open", { name }), on: { click: open } }, before.half, after.half);
  lazy.add(button, [after.pair, before.pair]);
  const distance = row.distance_before === null
    ? null
    : h("span", { class: "distance", title: t("match.distance") }, `${decimal(row.distance_before)} → ${decimal(row.distance_after)}`);
  return h(
    "figure",
    { class: "matched", data: { photo: row.photo_id } },
    button,
    h("figcaption", {},
      h("span", { class: "row" }, h("span", { class: "name", title: name }, name), distance),
      h("span", { class: "dim" }, gainsText(row)),
      row.why ? h("span", { class: "dim" }, t("match.why"), h("span", { class: "spoken" }, ` ${row.why}`)) : null),
  );
}

/** The scenes, filled as pages are read. */
function sheet(batch, lazy, open) {
  const element = h("div", { class: "scenes" });
  const scenes = new Map();
  const scene = (number) => {
    if (!scenes.has(number)) {
      const apart = h("span", { class: "dim" });
      const box = h("div", { class: "sheet" });
      const part = h("section", { class: "scene", "aria-label": t("match.scene", { n: number + 1 }) },
        h("div", { class: "row" }, h("h3", {}, t("match.scene", { n: number + 1 })), apart), box);
      scenes.set(number, { part, box, apart, rows: [] });
      const later = [...scenes.keys()].filter((each) => each > number).sort((a, b) => a - b)[0];
      element.insertBefore(part, later === undefined ? null : scenes.get(later).part);
    }
    return scenes.get(number);
  };
  const add = (rows) => {
    for (const row of rows) {
      const one = scene(row.scene);
      one.rows.push(row);
      one.box.append(pairElement(batch, row, lazy, () => open(row)));
    }
    for (const one of scenes.values()) {
      say(one.apart, [t("photos.count", { n: one.rows.length }), apartText(one.rows)].filter(Boolean).join(" · "));
    }
  };
  return { element, add };
}

/** The section of a batch; `update(status)` shows it once the batch is matched. */
export function matchPart(first) {
  const batch = first.batch_id;
  const lazy = lazily();
  const rows = [];
  const order = () => [...rows].sort((a, b) => a.scene - b.scene || a.position - b.position);
  const open = (row) => {
    const all = order();
    const names = [t("match.before"), t("match.after")];
    openViewer({ index: all.indexOf(row), total: () => all.length, at: (index) => shown(all[index]), names });
  };
  const shown = (row) => ({
    photo_id: row.photo_id,
    file_name: row.file_name,
    before: pictures.matched(batch, row.photo_id, LARGE, false),
    after: pictures.matched(batch, row.photo_id, LARGE, true),
  });
  const scenes = sheet(batch, lazy, open);
  const rest = h("button", { type: "button", data: { act: "more" }, hidden: true, on: { click: () => read() } });
  const what = h("span", { class: "dim" });
  const element = h("details", { class: "match", hidden: true },
    h("summary", {}, h("h2", {}, t("match.title")), what),
    scenes.element, rest);
  let cursor = null;
  let begun = false;
  const read = async () => {
    rest.disabled = true;
    try {
      const page = await api.match(batch, { limit: PAGE, cursor });
      const found = page.photos.filter((row) => row.scene !== null);
      cursor = page.next_cursor;
      rows.push(...found);
      scenes.add(found);
    } catch (error) {
      if (!rows.length) begun = false; // read when it is opened again
      tell(error);
    }
    rest.hidden = cursor === null;
    rest.disabled = false;
    fill(rest, t("match.more", { n: rows.length }));
  };
  element.addEventListener("toggle", () => {
    if (!element.open || begun) return;
    begun = true;
    read();
  });
  const update = (status) => {
    const solved = status.matching === "solved";
    if (solved && element.hidden) {
      say(what, matchText(status.config?.match) ?? "");
      // pictures without the match are developed for it: not while the batch needs the machine itself
      element.open = status.status !== "running";
    }
    element.hidden = !solved;
  };
  update(first);
  return { element, update, leave: lazy.leave };
}

/** What the photos are brought to, and how much. `shown()` is the photo that is looked at, which may be the reference. */
export function matchForm(shown) {
  const choices = { none: t("match.none"), session: t("match.session"), collection: t("match.collection"), photo: t("match.photo") };
  const select = h("select", { id: "match-to" }, Object.entries(choices).map(([value, text]) => h("option", { value }, text)));
  const said = h("output", { for: "match-strength" }, "100 %");
  const range = h("input", { type: "range", id: "match-strength", min: "0", max: "100", step: "5", value: "100" });
  const note = h("p", { class: "dim", role: "status" });
  const strength = h("div", { class: "field" }, h("div", { class: "row" }, h("label", { for: "match-strength" }, t("match.strength")), said), range);
  const draw = () => {
    const to = select.value;
    strength.hidden = to === "none";
    note.hidden = to === "none";
    say(note, to === "photo" ? (shown() ? t("match.reference", { name: shown().file_name }) : "") : t("match.help"));
    fill(said, `${count(Number(range.value))} %`);
    range.setAttribute("aria-valuetext", `${range.value} %`);
  };
  select.addEventListener("change", draw);
  range.addEventListener("input", draw);
  draw();
  const element = h("div", { class: "field matchform" }, h("label", { for: "match-to" }, t("match.title")), select, note, strength);
  const value = () => {
    if (select.value === "none") return null;
    const to = select.value === "photo" ? shown()?.photo_id : select.value;
    return to === undefined ? null : { to, strength: Number(range.value) };
  };
  return { element, draw, value };
}
