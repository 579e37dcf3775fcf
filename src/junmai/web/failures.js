// Photos that failed, grouped by cause: what it is, what to do, and the photos where they can be shown.

import { api, pictures } from "./api.js";
import { fill, h, icon } from "./dom.js";
import { retry } from "./panel.js";
import { acting } from "./talk.js";
import { thumb } from "./tile.js";
import { has, t } from "./words.js";

const SIZE = 320;

export const kindTitle = (kind) => (has(`kind.${kind}`) ? t(`kind.${kind}`) : kind);
export const helpOf = (kind) => (has(`help.${kind}`) ? t(`help.${kind}`) : t("help.other"));

function photos(group, open) {
  return group.photo_ids.map((id) => {
    const picture = thumb();
    picture.set(pictures.photo(id, SIZE));
    const label = t("failures.photo", { id });
    return h("button", { type: "button", class: "tile small", "aria-label": label, on: { click: () => open(id) } }, picture.element);
  });
}

function groupElement(batch, group, open) {
  const may = ["completed", "failed"].includes(batch.status);
  const act = acting(
    () => button,
    () => retry(batch, group.error_kind),
  );
  const button = h(
    "button",
    { type: "button", disabled: !may, data: { kind: group.error_kind }, on: { click: act } },
    icon("retry"),
    t("failures.retry", { n: group.count }),
  );
  const more = group.count - group.photo_ids.length;
  return h(
    "article",
    { class: "failure", data: { kind: group.error_kind } },
    h("div", { class: "row" }, h("h3", {}, kindTitle(group.error_kind)), h("span", { class: "dim" }, t("photos.count", { n: group.count })), button),
    h("p", {}, helpOf(group.error_kind)),
    h("p", { class: "dim said" }, group.error_message),
    may ? null : h("p", { class: "dim" }, t("failures.wait")),
    h("div", { class: "shots" }, photos(group, open), more > 0 ? h("span", { class: "dim" }, t("failures.more", { n: more })) : null),
  );
}

/** The groups of a batch; `update(status)` reads them again where their number changed. */
export function failuresPart(open) {
  const element = h("section", { class: "failures", hidden: true, "aria-labelledby": "failures-title" });
  let shown = null;
  const update = async (batch) => {
    const wanted = `${batch.batch_id} ${batch.failed_count} ${["completed", "failed"].includes(batch.status)}`;
    if (wanted === shown) return;
    shown = wanted;
    element.hidden = batch.failed_count === 0;
    if (element.hidden) return;
    try {
      const { failures } = await api.failures(batch.batch_id);
      if (wanted !== shown) return;
      fill(element, [h("h2", { id: "failures-title" }, t("failures.title", { n: batch.failed_count })), failures.map((group) => groupElement(batch, group, open))]);
    } catch {
      shown = null; // read with the next event, or when the connection is back
    }
  };
  return { element, update };
}
