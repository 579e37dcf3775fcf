// Picking photos: by session, collection, dates and rating, all of which must hold.

import { fill, h } from "./dom.js";
import { days, t } from "./words.js";

function choice(id, word, options) {
  const select = h("select", { id }, options.map(([value, text]) => h("option", { value }, text)));
  return { select, element: h("div", { class: "field" }, h("label", { for: id }, t(word)), select) };
}

function day(id, word) {
  const input = h("input", { type: "date", id });
  return { input, element: h("div", { class: "field" }, h("label", { for: id }, t(word)), input) };
}

function rating() {
  const stars = [1, 2, 3, 4, 5].map((n) => [String(n), n === 5 ? t("pick.only", { stars: "★".repeat(n) }) : t("pick.least", { stars: "★".repeat(n) })]);
  return choice("pick-rating", "pick.rating", [["", t("pick.any")], ...stars]);
}

/** The form. `changed(selection)` is called with what `GET /photos` takes. `first` is what is chosen at the beginning. */
export function pickForm({ sessions, collections, first = {}, changed }) {
  const named = (each) => [String(each.session_id), `${each.name} (${t("photos.count", { n: each.photo_count })})`];
  const session = choice("pick-session", "pick.session", [["", t("pick.all")], ...sessions.map(named)]);
  const gathered = collections.map((each) => [each.name, `${each.name} (${t("photos.count", { n: each.photo_count })})`]);
  const collection = choice("pick-collection", "pick.collection", [["", t("pick.any")], ...gathered]);
  const from = day("pick-from", "pick.from");
  const to = day("pick-to", "pick.to");
  const stars = rating();
  const total = h("p", { class: "total", role: "status" });
  const span = h("p", { class: "dim" });
  session.select.value = first.session_id ?? "";
  collection.select.value = first.collection ?? "";
  const selection = () => ({
    session_id: session.select.value || null,
    collection: collection.select.value || null,
    from: from.input.value || null,
    to: to.input.value || null,
    min_rating: stars.select.value || null,
  });
  const tellSpan = () => {
    const chosen = sessions.find((each) => String(each.session_id) === session.select.value);
    fill(span, chosen ? days(chosen.first_at, chosen.last_at) : null);
  };
  const form = h(
    "form",
    { class: "pick", "aria-labelledby": "pick-title", on: { submit: (event) => event.preventDefault(), change: () => (tellSpan(), changed(selection())) } },
    h("h2", { id: "pick-title" }, t("pick.title")),
    session.element,
    span,
    collection.element,
    h("div", { class: "two" }, from.element, to.element),
    stars.element,
    total,
  );
  tellSpan();
  return { element: form, selection, total };
}
