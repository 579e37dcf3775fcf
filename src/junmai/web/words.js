// The words of the page: one table a language, words-en.json and words-ja.json, held equal by a test.

export const LANGUAGES = { en: "English", ja: "日本語" };
let language = "en";
let table = {};
let plural = new Intl.PluralRules("en");

function wanted() {
  let kept = null;
  try {
    kept = localStorage.getItem("junmai.language");
  } catch {
    // storage is forbidden: the browser's language is asked
  }
  if (kept in LANGUAGES) return kept;
  return navigator.languages.map((each) => each.slice(0, 2)).find((each) => each in LANGUAGES) ?? "en";
}

/** Read the table of the language that is wanted. */
export async function loadWords(chosen = wanted()) {
  const answer = await fetch(new URL(`./words-${chosen}.json`, import.meta.url));
  table = await answer.json();
  language = chosen;
  plural = new Intl.PluralRules(chosen);
  document.documentElement.lang = chosen;
}

/** Choose a language and keep it. */
export async function choose(chosen) {
  try {
    localStorage.setItem("junmai.language", chosen);
  } catch {
    // it holds for this visit
  }
  await loadWords(chosen);
}

export const current = () => language;
export const has = (key) => key in table;

/**
 * The text of a key. `{name}` is filled from `given`; where `given.n` is there, "one photo|{n} photos" chooses by it.
 * Numbers are written as the language writes them.
 */
export function t(key, given = {}) {
  const text = table[key];
  if (text === undefined) return key;
  const forms = text.split("|");
  const form = forms.length > 1 && plural.select(given.n ?? 2) === "one" ? forms[0] : forms.at(-1);
  return form.replace(/\{(\w+)\}/g, (whole, name) => shown(given[name] ?? whole));
}

const shown = (value) => (typeof value === "number" ? count(value) : String(value));
export const count = (value) => new Intl.NumberFormat(language).format(value);
export const decimal = (value, digits = 1) =>
  new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

/** A day and time of the contract (UTC, with Z) on the user's clock. */
export function moment(text) {
  if (!text) return "";
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(text));
}

/** A time of capture: the camera's clock, which has no zone, as it is written. */
export function captured(text) {
  if (!text) return "";
  const day = new Date(`${text.slice(0, 19)}Z`);
  if (Number.isNaN(day.getTime())) return text;
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" }).format(day);
}

/** The days that a session spans. */
export function days(first, last) {
  if (!first) return "";
  const format = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" });
  const [from, to] = [first, last ?? first].map((text) => new Date(`${text.slice(0, 10)}T00:00:00Z`));
  if (Number.isNaN(from.getTime()) || Number.isNaN(to.getTime())) return "";
  return format.formatRange(from, to);
}

/** Seconds as people say them. */
export function duration(seconds) {
  if (seconds < 50) return t("time.seconds", { n: Math.max(1, Math.round(seconds)) });
  if (seconds < 3570) return t("time.minutes", { n: Math.max(1, Math.round(seconds / 60)) });
  const minutes = Math.round(seconds / 60);
  return t("time.hours", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}
