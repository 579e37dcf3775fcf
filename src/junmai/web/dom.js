// Elements made from data. Text goes in as text nodes only: file names and messages come from outside.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `props`: `class`, `on` (listeners by event), `data` (data-*), properties that are set as such
 * (`value`, `checked`, `disabled`, `hidden`, `htmlFor`, ...), everything else as attribute; null and false leave one out.
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    put(element, name, value);
  }
  fill(element, children, false);
  return element;
}

const AS_PROPERTY = new Set(["value", "checked", "disabled", "hidden", "htmlFor", "tabIndex", "selected", "open"]);

function put(element, name, value) {
  if (name === "on") {
    for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
  } else if (name === "data") {
    Object.assign(element.dataset, value);
  } else if (name === "class") {
    element.className = value;
  } else if (AS_PROPERTY.has(name)) {
    element[name] = value;
  } else if (value !== null && value !== undefined && value !== false) {
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** Replace what is in an element. Children are nodes, texts, lists of them; null and false are nothing. */
export function fill(element, children, empty = true) {
  if (empty) element.replaceChildren();
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/** Change the text of an element only where it differs, so that screen readers are not told what they know. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Set an attribute only where it differs; null takes it away. */
export function mark(element, name, value) {
  if (value === null || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}

const ICONS = {
  pause: "M7 5v14M17 5v14",
  play: "M8 5l11 7-11 7z",
  stop: "M6 6l12 12M18 6L6 18",
  retry: "M5 12a7 7 0 1 0 2.3-5.2M5 4v4h4",
  plus: "M12 5v14M5 12h14",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  check: "M5 13l4 4L19 7",
  warn: "M12 4l9 16H3zM12 10v4M12 17v.5",
  theme: "M12 4a8 8 0 1 0 8 8 6 6 0 0 1-8-8z",
  folder: "M3 7h7l2 2h9v10H3z",
  photo: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4",
};

/** A decorative icon: what it means stands beside it as text or in the button's label. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", "aria-hidden": "true", class: "icon" })) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A call of `act` at most once in `milliseconds`, the last one never lost. */
export function throttled(act, milliseconds) {
  let timer = null;
  let last = -Infinity;
  const run = () => {
    timer = null;
    last = performance.now();
    act();
  };
  const call = () => {
    if (timer === null) timer = setTimeout(run, Math.max(0, last + milliseconds - performance.now()));
  };
  call.stop = () => clearTimeout(timer);
  return call;
}

/** A call of `act` when nothing asked for it for `milliseconds`. */
export function debounced(act, milliseconds) {
  let timer = null;
  const call = (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...given), milliseconds);
  };
  call.stop = () => clearTimeout(timer);
  return call;
}
