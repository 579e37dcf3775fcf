// The shell: header, routes, the live connection, language and theme.

import { allSessions, api, onLocked } from "./api.js";
import { batchView } from "./batch.js";
import { batchesView } from "./batches.js";
import { fill, h, icon, say, throttled } from "./dom.js";
import { Live } from "./live.js";
import { libraryView, photosView } from "./photos.js";
import { startView } from "./start.js";
import { sessionsById, take, touched } from "./store.js";
import { askToken, tell, toast } from "./talk.js";
import { choose, current, LANGUAGES, loadWords, t } from "./words.js";

const HEALTH_MS = 30000;
const main = document.getElementById("main");
const world = { sessions: new Map(), presets: new Map(), renew: readWorld };
let view = null;
let turn = 0;
let state = "connecting";

async function readWorld() {
  const [sessions, { presets }] = await Promise.all([sessionsById(allSessions), api.presets()]);
  world.sessions = sessions;
  world.presets = new Map(presets.map((each) => [each.name, each]));
}

// --- routes --------------------------------------------------------------------------------------------------

function routed(hash) {
  const [path, query] = hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = path.split("/").map(decodeURIComponent);
  const given = Object.fromEntries(new URLSearchParams(query ?? ""));
  if (name === "batch" && rest[0]) return ["batches", () => batchView(main, world, rest[0])];
  if (name === "new") return ["new", () => startView(main, world, given)];
  if (name === "photos") return ["photos", () => libraryView(main, world)];
  if (name === "session") return ["photos", () => photosView(main, world, sessionRoute(rest[0]))];
  if (name === "collection") return ["photos", () => photosView(main, world, collectionRoute(rest.join("/")))];
  return ["batches", () => batchesView(main, world)];
}

function sessionRoute(id) {
  const title = world.sessions.get(Number(id))?.name ?? t("library.sessions");
  return { title, selection: { session_id: id }, develop: `#/new?session_id=${encodeURIComponent(id)}` };
}

function collectionRoute(name) {
  return { title: name, selection: { collection: name }, develop: `#/new?collection=${encodeURIComponent(name)}` };
}

async function go(byUser = true) {
  const mine = (turn += 1);
  view?.leave();
  view = null;
  const [part, open] = routed(location.hash);
  header(part);
  scrollTo(0, 0);
  fill(main, h("p", { class: "dim wait" }, t("reading")));
  try {
    const opened = await open();
    if (mine !== turn) return opened.leave();
    view = opened;
    const title = main.querySelector("h1");
    document.title = title ? `${title.textContent} · Junmai` : "Junmai";
    if (byUser) title?.focus({ preventScroll: true });
  } catch (error) {
    if (mine === turn) failed(error);
  }
}

function failed(error) {
  const again = h("button", { type: "button", on: { click: () => go() } }, icon("retry"), t("again"));
  fill(main, h("div", { class: "empty", role: "alert" }, h("h1", { tabindex: "-1" }, error.title ?? t("error.other")), h("p", {}, error.message), again));
  if (!("status" in error)) throw error; // a fault of the page, for the console
}

// --- header --------------------------------------------------------------------------------------------------

function header(part) {
  const link = (name, href, kind = "") =>
    h("a", { href, class: kind, "aria-current": part === name ? "page" : null }, name === "new" ? icon("plus") : null, t(`nav.${name}`));
  const language = h("select", { "aria-label": t("language"), id: "language" }, Object.entries(LANGUAGES).map(([code, name]) => h("option", { value: code, selected: code === current(), lang: code }, name)));
  language.addEventListener("change", () => choose(language.value).then(() => go(false)).then(() => document.getElementById("language").focus(), tell));
  const theme = h("button", { type: "button", class: "quiet", "aria-label": t("theme"), title: t("theme"), id: "theme", on: { click: turnTheme } }, icon("theme"));
  fill(document.getElementById("top"), [
    h("a", { class: "brand", href: "#/batches" }, "Junmai"),
    h("nav", { "aria-label": t("nav") }, link("batches", "#/batches"), link("photos", "#/photos"), link("new", "#/new", "new")),
    h("span", { id: "live", role: "status" }),
    language,
    theme,
  ]);
  say(document.getElementById("skip"), t("skip"));
  showState();
}

function turnTheme() {
  const next = document.documentElement.dataset.theme === "light" ? "dark" : "light";
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem("junmai.theme", next);
  } catch {
    // it holds for this visit
  }
}

function showState() {
  const light = document.getElementById("live");
  if (!light) return;
  light.dataset.state = state;
  light.title = t(`live.${state}`);
  fill(light, h("span", { class: "lamptext" }, t(`live.${state}`)));
}

// --- live ----------------------------------------------------------------------------------------------------

const lost = { shown: false, runner: true };

function notice() {
  const box = document.getElementById("notice");
  if (lost.shown) {
    const now = h("button", { type: "button", on: { click: () => live.now() } }, t("lost.now"));
    fill(box, h("div", { class: "notice bad" }, icon("warn"), h("span", {}, t("lost.text")), now));
  } else if (!lost.runner) fill(box, h("div", { class: "notice" }, icon("warn"), h("span", {}, t("no.runner"))));
  else fill(box, null);
}

async function askHealth() {
  try {
    const { runners } = await api.health();
    const alive = runners.some((each) => each.workers > 0); // who only offers photos to workers develops none
    if (lost.runner !== alive) {
      lost.runner = alive;
      notice();
    }
  } catch {
    // the connection says so itself
  }
}

const again = throttled(() => {
  askHealth();
  if (view) view.again().catch(tell);
  else go(false);
}, 200);

function onState(now) {
  const back = now === "live" && state === "lost";
  if (now !== state) {
    state = now;
    showState();
    lost.shown = now === "lost";
    notice();
  }
  if (back) {
    toast(t("lost.back"));
    readWorld().catch(() => {});
    again(); // what was missed while away
  }
}

function onEvent(type, data) {
  if (data.status === "batch_progress") take(data.details);
  else if (type === "system_status" && data.batch_id) touched(data.batch_id); // a new state: read it whole
  if (type === "resource_warning" && data.message) toast(data.message, { bad: true });
  view?.event?.(type, data);
}

const live = new Live("/events", onEvent, onState);

async function begin() {
  await loadWords();
  onLocked(() => askToken(api.login));
  try {
    await readWorld();
  } catch (error) {
    header("batches");
    failed(error);
  }
  addEventListener("hashchange", () => go());
  live.start(); // first, so that nothing falls between what is read and what is told
  await go(false);
  askHealth();
  setInterval(() => document.hidden || askHealth(), HEALTH_MS);
}

begin();
