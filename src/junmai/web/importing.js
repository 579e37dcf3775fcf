// The import of a folder, and how far every import is that runs on the server.

import { api } from "./api.js";
import { fill, h, icon } from "./dom.js";
import { acting } from "./talk.js";
import { t } from "./words.js";

const LEFT_OUT_SHOWN = 50;
const LOOK_MS = 300;

function outcome(result) {
  const shown = result.left_out.slice(0, LEFT_OUT_SHOWN);
  const rest = result.left_out.length - shown.length;
  const left = shown.length
    ? h("details", {}, h("summary", {}, t("import.left", { n: result.left_out.length })),
      h("ul", {}, shown.map((each) => h("li", {}, h("code", {}, each.path), " ", each.reason))),
      rest > 0 ? h("p", {}, t("failures.more", { n: rest })) : null)
    : null;
  return [h("p", {}, t("import.done", { n: result.imported }), " ", t("import.known", { n: result.known })), left];
}

/** One import that runs. */
function line({ folders, looked_at: done, total }) {
  const text = total === null ? t("import.scan") : t("import.at", { done, total });
  const part = total ? Math.round((done / total) * 100) : 0;
  const filled = h("span", { class: "good" });
  filled.style.width = `${part}%`;
  const bar = h("div", {
    class: "bar", role: "progressbar", "aria-label": t("import.progress"), "aria-valuemin": "0", "aria-valuemax": "100",
    "aria-valuenow": total === null ? null : part, "aria-valuetext": text,
  }, filled);
  return h("div", { class: "importing", data: { status: "running" } }, h("p", {}, h("code", {}, folders.join(", ")), " ", h("span", { class: "dim" }, text)), bar);
}

/** Every import that runs, asked for as long as there are any; `ended` when one that this page did not start is over. */
function runningPart(ended) {
  const element = h("div", {});
  let timer = null;
  let mine = 0;
  let shown = 0;
  let off = false;
  const look = async () => {
    clearTimeout(timer);
    try {
      const { imports } = await api.imports();
      if (off) return;
      fill(element, imports.map(line));
      const over = shown > imports.length && !mine;
      shown = imports.length;
      if (over) ended();
    } catch {
      // asked again, or the connection says so itself
    }
    clearTimeout(timer);
    if (!off && (mine || shown)) timer = setTimeout(look, LOOK_MS);
  };
  /** Carry out an import of this page, which is shown meanwhile. */
  const during = async (act) => {
    mine += 1;
    look();
    try {
      return await act();
    } finally {
      mine -= 1;
      shown = 0; // its end is told by its answer
      look();
    }
  };
  return { element, look, during, leave: () => ((off = true), clearTimeout(timer)) };
}

/** The form; `imported` is called when photos came in. */
export function importForm(imported) {
  const folder = h("input", { type: "text", id: "import-folder", required: true, autocomplete: "off", spellcheck: "false", placeholder: t("import.example") });
  const name = h("input", { type: "text", id: "import-name", autocomplete: "off" });
  const answer = h("div", { role: "status" });
  const button = h("button", { type: "submit", class: "main" }, icon("plus"), t("import.go"));
  const running = runningPart(imported);
  const run = acting(
    () => button,
    async () => {
      fill(answer, h("p", {}, t("import.running")));
      try {
        const result = await running.during(() => api.importFolders([folder.value.trim()], name.value.trim() || null));
        fill(answer, outcome(result));
        folder.value = "";
        await imported();
      } catch (error) {
        fill(answer, h("p", { class: "bad" }, error.message ? `${error.title} ${error.message}` : error.title));
      }
    },
  );
  const element = h(
    "form",
    { class: "import", "aria-labelledby": "import-title", on: { submit: run } },
    h("h2", { id: "import-title" }, t("import.title")),
    h("div", { class: "row" },
      h("div", { class: "field grow" }, h("label", { for: "import-folder" }, t("import.folder")), folder),
      h("div", { class: "field" }, h("label", { for: "import-name" }, t("import.name")), name),
      button),
    answer,
    running.element,
  );
  return { element, look: running.look, leave: running.leave };
}
