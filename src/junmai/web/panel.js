// A batch at a glance: state, bar, rate, time left, and what can be done with it.

import { api } from "./api.js";
import { fill, h, icon, mark, say } from "./dom.js";
import { refresh, touched } from "./store.js";
import { acting, ask, toast } from "./talk.js";
import { count, decimal, duration, moment, t } from "./words.js";

const UNFINISHED = new Set(["pending", "running", "paused"]);
const MAY_RETRY = new Set(["completed", "failed"]);
export const isUnfinished = (batch) => UNFINISHED.has(batch.status);

/** What a batch is called: its session, else its photos. */
export function titleOf(batch, sessions) {
  const session = sessions?.get(batch.session_id);
  return session?.name ?? t("photos.count", { n: batch.total_photos });
}

export function lookOf(batch, presets) {
  const name = String(batch.preset ?? "").replace(/@\d+$/, "");
  const title = presetTitle(presets?.get(name) ?? { name });
  const blend = batch.config?.blend;
  return blend === undefined || blend === null || blend === 100 ? title : `${title}, ${decimal(blend, 0)} %`;
}

/** The name of a preset in the user's language where it is a built-in one. */
export function presetTitle(preset) {
  const known = t(`preset.${preset.name}`);
  return known === `preset.${preset.name}` ? preset.title || preset.name : known;
}

function stateText(batch) {
  if (batch.status === "paused") return t(`paused.${batch.pause_reason ?? "user"}`);
  return t(`status.${batch.status}`);
}

/** Whether photos are still measured for a match, before any of them is developed. */
function isMeasuring(batch) {
  return batch.matching === "measuring" && (batch.status === "running" || batch.status === "paused");
}

function countText(batch) {
  const ended = batch.total_photos - batch.remaining_count - (batch.cancelled_count ?? 0);
  const parts = [t("progress.of", { done: ended, total: batch.total_photos })];
  if (isMeasuring(batch)) parts.unshift(t("progress.measured", { done: batch.measured_count, total: batch.total_photos }));
  if (batch.failed_count) parts.push(t("progress.failed", { n: batch.failed_count }));
  if (batch.skipped_count) parts.push(t("progress.skipped", { n: batch.skipped_count }));
  return parts.join(" · ");
}

function paceText(batch) {
  if (batch.status !== "running" || batch.remaining_count === 0) return batch.completed_at ? moment(batch.completed_at) : "";
  const parts = [];
  const rate = batch.photos_per_second;
  if (rate >= 0.95) parts.push(t("pace.second", { rate: decimal(rate) }));
  else if (rate) parts.push(t("pace.minute", { rate: decimal(rate * 60, rate * 60 < 10 ? 1 : 0) }));
  if (batch.eta_seconds !== null && batch.eta_seconds !== undefined) {
    parts.push(t("pace.left", { time: duration(batch.eta_seconds) }));
  } else parts.push(t("pace.measuring"));
  return parts.join(" · ");
}

function rangeText(batch) {
  if (batch.status !== "running" || !batch.eta_high_seconds) return null;
  return t("pace.range", { low: duration(batch.eta_low_seconds ?? 0), high: duration(batch.eta_high_seconds) });
}

// --- bar -----------------------------------------------------------------------------------------------------

function bar() {
  const good = h("span", { class: "good" });
  const bad = h("span", { class: "bad" });
  const element = h(
    "div",
    { class: "bar", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100", "aria-label": t("progress") },
    good,
    bad,
  );
  const update = (batch) => {
    const share = (value) => `${batch.total_photos ? (100 * value) / batch.total_photos : 0}%`;
    good.style.width = share(batch.processed_count + (batch.skipped_count ?? 0));
    bad.style.width = share(batch.failed_count);
    mark(element, "aria-valuenow", Math.round(batch.progress_percent));
    mark(element, "aria-valuetext", countText(batch));
  };
  return { element, update };
}

// --- actions -------------------------------------------------------------------------------------------------

async function pause(batch) {
  await api.pause(batch.batch_id);
  toast(t("did.paused"), { undo: () => acting(() => document.body, () => resume(batch))() });
}

async function resume(batch) {
  await api.resume(batch.batch_id);
  toast(t("did.resumed"));
  touched(batch.batch_id);
}

async function cancel(batch) {
  const text = t("cancel.text", { n: batch.remaining_count });
  if (!(await ask(t("cancel.title"), text, t("cancel.yes"), t("cancel.no")))) return;
  await api.cancel(batch.batch_id);
  toast(t("did.cancelled"));
}

/** Try failed photos again, all of them or those of one kind. */
export async function retry(batch, kind = null) {
  const answer = await api.retry(batch.batch_id, kind);
  toast(t("did.retried", { n: answer.retried_count }));
  await refresh(batch.batch_id);
}

async function prioritise(batch, priority) {
  const former = batch.priority;
  await api.priority(batch.batch_id, priority);
  const undo = async () => {
    await api.priority(batch.batch_id, former);
    touched(batch.batch_id);
  };
  toast(t("did.priority", { n: priority }), { undo: () => acting(() => document.body, undo)() });
}

function prioritySelect(current, id) {
  const text = (n) => (n === 10 ? t("priority.first") : n === 5 ? t("priority.normal") : n === 1 ? t("priority.last") : n);
  const options = Array.from({ length: 10 }, (_, at) => h("option", { value: String(10 - at) }, text(10 - at)));
  const select = h("select", { id });
  select.append(...options);
  const label = h("label", { class: "priority", for: id }, t("priority"), select);
  const change = async () => {
    const batch = current();
    await prioritise(batch, Number(select.value));
    await refresh(batch.batch_id);
  };
  select.addEventListener("change", acting(() => select, change));
  return { element: label, update: (batch) => document.activeElement !== select && (select.value = String(batch.priority)) };
}

function actions(current) {
  const button = (name, mark_, act, kind = "") => {
    const run = acting(
      () => made,
      async () => {
        const batch = current();
        await act(batch);
        await refresh(batch.batch_id);
      },
    );
    const made = h("button", { type: "button", class: kind, data: { act: name }, on: { click: run } }, icon(mark_), t(`act.${name}`));
    return made;
  };
  const all = {
    pause: button("pause", "pause", pause),
    resume: button("resume", "play", resume, "main"),
    retry: button("retry", "retry", (batch) => retry(batch)),
    cancel: button("cancel", "stop", cancel, "quiet"),
  };
  const priority = prioritySelect(current, `priority-${current().batch_id}`);
  const element = h("div", { class: "row actions" }, Object.values(all), priority.element);
  const update = (batch) => {
    const held = document.activeElement;
    all.pause.hidden = batch.status !== "running";
    all.resume.hidden = batch.status !== "paused";
    all.cancel.hidden = !isUnfinished(batch);
    all.retry.hidden = !(MAY_RETRY.has(batch.status) && batch.failed_count > 0);
    priority.element.hidden = !isUnfinished(batch);
    priority.update(batch);
    // the button that was pressed is gone: the keyboard goes on where its opposite stands now
    if (element.contains(held) && held.hidden) element.querySelector("button:not([hidden])")?.focus();
  };
  return { element, update };
}

/** The panel of a batch; `update(status)` shows what changed and nothing else. */
export function panel(first) {
  let batch = first;
  const state = h("span", { class: "status" });
  const counts = h("span", { class: "counts" });
  const pace = h("span", { class: "pace" });
  const progress = bar();
  const buttons = actions(() => batch);
  const update = (status) => {
    batch = status;
    mark(element, "data-status", status.status);
    say(state, stateText(status));
    say(counts, countText(status));
    say(pace, paceText(status));
    mark(pace, "title", rangeText(status));
    progress.update(status);
    buttons.update(status);
  };
  const line = h("div", { class: "row facts" }, state, counts, pace);
  const element = h("div", { class: "panel" }, line, progress.element, buttons.element);
  update(first);
  return { element, update };
}

/** The words over a batch: when, look, output. */
export function factsOf(batch, presets) {
  const output = batch.config?.output ?? {};
  const format = t(`format.${output.format ?? "jpeg"}`);
  const edge = output.long_edge ?? output.size;
  const size = edge ? t("output.edge", { n: String(edge) }) : t("output.full");
  return [lookOf(batch, presets), `${format}, ${size}`, moment(batch.created_at)];
}

export const factLine = (batch, presets) =>
  fill(h("p", { class: "dim" }), factsOf(batch, presets).filter(Boolean).join(" · "));
export const numberOf = count;
