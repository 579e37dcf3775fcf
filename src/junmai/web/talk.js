// Talking with the user: short messages, and questions that must be answered.

import { fill, h } from "./dom.js";
import { t } from "./words.js";

const LONG_ENOUGH_MS = 7000;

/** A message at the edge that goes by itself; `undo` is what its button does. */
export function toast(text, { undo = null, bad = false } = {}) {
  const box = document.getElementById("toasts");
  const close = () => note.remove();
  const button = undo
    ? h("button", { class: "quiet", type: "button", on: { click: () => (close(), undo()) } }, t("undo"))
    : null;
  const note = h("div", { class: bad ? "toast bad" : "toast" }, h("span", {}, text), button);
  box.append(note);
  while (box.children.length > 4) box.firstChild.remove();
  setTimeout(close, bad ? LONG_ENOUGH_MS * 2 : LONG_ENOUGH_MS);
}

/** Tell what the server refused, in a toast. */
export function tell(error) {
  if (error.name === "AbortError") return;
  const title = error.title ?? t("error.other");
  toast(error.message ? `${title} ${error.message}` : title, { bad: true });
}

/** Ask; resolves to whether the answer was yes. Escape and a click beside it are no. */
export function ask(title, text, yes, no = t("no")) {
  return new Promise((resolve) => {
    const answer = (value) => () => dialog.close(value);
    const keep = h("button", { type: "button", on: { click: answer("no") } }, no);
    const dialog = h(
      "dialog",
      { class: "ask", "aria-labelledby": "ask-title", "aria-describedby": "ask-text" },
      h("h2", { id: "ask-title" }, title),
      h("p", { id: "ask-text" }, text),
      h("div", { class: "row end" }, keep, h("button", { type: "button", class: "bad", on: { click: answer("yes") } }, yes)),
    );
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close("no"));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
    keep.focus();
  });
}

/** Ask for the access token until the server takes it. */
export function askToken(login) {
  if (document.getElementById("token-dialog")) return;
  const field = h("input", { type: "password", id: "token", autocomplete: "current-password", required: true });
  const fault = h("p", { class: "bad", role: "alert" });
  const enter = async (event) => {
    event.preventDefault();
    try {
      await login(field.value.trim());
      location.reload();
    } catch (error) {
      fill(fault, t("token.wrong"));
    }
  };
  const dialog = h(
    "dialog",
    { class: "ask", id: "token-dialog", "aria-labelledby": "token-title" },
    h("h2", { id: "token-title" }, t("token.title")),
    h("p", {}, t("token.text")),
    h(
      "form",
      { on: { submit: enter } },
      h("label", { for: "token" }, t("token.label")),
      field,
      fault,
      h("div", { class: "row end" }, h("button", { class: "main", type: "submit" }, t("token.enter"))),
    ),
  );
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  document.body.append(dialog);
  dialog.showModal();
}

/** A button whose act is running is busy and cannot be pressed again; what is refused is told. */
export function acting(button, act) {
  return async (event) => {
    event?.preventDefault?.();
    if (button().getAttribute("aria-busy") === "true") return;
    button().setAttribute("aria-busy", "true");
    try {
      await act(event);
    } catch (error) {
      tell(error);
    } finally {
      button().removeAttribute("aria-busy");
    }
  };
}
