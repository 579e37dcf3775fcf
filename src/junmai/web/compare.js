// Before and after in one frame, with a slider that mouse, finger and keyboard move alike.

import { picture } from "./api.js";
import { h, say } from "./dom.js";
import { t } from "./words.js";

/** One picture of the frame, loaded so that a refusal has its sentence and a later wish calls off an earlier one. */
function layer(name) {
  const image = h("img", { class: name, alt: "", draggable: "false" });
  let abort = null;
  let url = null;
  let shown = null;
  const drop = () => {
    abort?.abort();
    if (shown) URL.revokeObjectURL(shown);
    shown = null;
  };
  const set = async (next) => {
    if (next === url) return;
    abort?.abort();
    url = next;
    if (!next) {
      image.hidden = true;
      return;
    }
    abort = new AbortController();
    const mine = abort;
    const made = await picture(next, mine.signal);
    if (mine.signal.aborted || abort !== mine) {
      URL.revokeObjectURL(made);
      return;
    }
    if (shown) URL.revokeObjectURL(shown);
    shown = made;
    image.src = made;
    image.hidden = false;
    await image.decode().catch(() => {});
  };
  const forget = () => {
    url = null;
  };
  return { image, set, drop, forget };
}

/**
 * The frame. `show(before, after, blank)` takes addresses; where one is null only the other is shown. `blank` is what is
 * said of a picture that cannot be shown; without it the server's sentence is. `names` stand over the two.
 */
export function compareFrame({ label, names = [t("compare.before"), t("compare.after")] }) {
  const before = layer("before");
  const after = layer("after");
  const range = h("input", { type: "range", min: "0", max: "100", value: "50", step: "1", class: "split", "aria-label": label });
  const note = h("p", { class: "note", hidden: true, role: "status" });
  const tags = [h("span", { class: "tag left" }, names[0]), h("span", { class: "tag right" }, names[1])];
  const box = h("div", { class: "frame" }, after.image, before.image, h("span", { class: "line" }), tags, range);
  const element = h("div", { class: "stage" }, box, note);
  const move = () => {
    box.style.setProperty("--split", `${range.value}%`);
    range.setAttribute("aria-valuetext", t("compare.value", { n: `${range.value} %` }));
  };
  const fit = () => {
    const image = [after.image, before.image].find((each) => !each.hidden && each.naturalWidth);
    if (!image || !element.clientWidth) return;
    const scale = Math.min(element.clientWidth / image.naturalWidth, element.clientHeight / image.naturalHeight);
    box.style.width = `${Math.floor(image.naturalWidth * scale)}px`;
    box.style.height = `${Math.floor(image.naturalHeight * scale)}px`;
  };
  const resize = new ResizeObserver(fit);
  resize.observe(element);
  range.addEventListener("input", move);
  move();

  const put = async (part, url, blank) => {
    try {
      await part.set(url);
      fit();
      return true;
    } catch (error) {
      if (error.name === "AbortError") return null;
      part.image.hidden = true;
      part.forget();
      note.hidden = false;
      say(note, blank ?? (error.message || error.title));
      return false;
    }
  };
  const show = async (left, right, blank = null) => {
    element.setAttribute("aria-busy", "true");
    note.hidden = true;
    const mine = (show.turn = (show.turn ?? 0) + 1);
    const good = await Promise.all([put(before, left, blank), put(after, right, blank)]);
    if (mine !== show.turn) return;
    element.removeAttribute("aria-busy");
    const both = Boolean(left && right) && good.every(Boolean);
    box.classList.toggle("both", both);
    range.hidden = !both;
    fit();
  };
  const flip = () => {
    range.value = Number(range.value) > 50 ? "0" : "100";
    move();
  };
  const leave = () => {
    resize.disconnect();
    before.drop();
    after.drop();
  };
  return { element, range, show, flip, leave };
}
