// Everything that is asked of the server, in one place.

import { has, t } from "./words.js";

/** The server refused, or could not be reached (`status` 0). */
export class Refused extends Error {
  constructor(status, body) {
    super(body?.error ?? body?.detail ?? "");
    this.status = status;
    this.code = body?.code ?? (status === 0 ? "offline" : "");
  }

  /** What is said to the user: in their language where the table knows the code, the server's sentence after it. */
  get title() {
    return has(`error.${this.code}`) ? t(`error.${this.code}`) : t("error.other");
  }
}

let locked = () => {};
/** Called when the server asks for the token. */
export const onLocked = (listener) => {
  locked = listener;
};

async function send(method, path, { body, headers = {}, signal } = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      signal,
      headers: { Accept: "application/json", ...(body ? { "Content-Type": "application/json" } : {}), ...headers },
      body: body ? JSON.stringify(body) : undefined,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, null);
  }
  if (answer.status === 401) locked();
  if (!answer.ok) throw new Refused(answer.status, await answer.json().catch(() => null));
  return answer;
}

const json = async (method, path, options) => (await send(method, path, options)).json();
const get = (path, signal) => json("GET", path, { signal });
const post = (path, body, headers) => json("POST", path, { body, headers });

function query(given) {
  const pairs = Object.entries(given).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return pairs.length ? `?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}` : "";
}

const batchPath = (id) => `/batch/${encodeURIComponent(id)}`;

export const api = {
  health: () => get("/health"),
  workers: () => get("/workers"),
  login: (token) => post("/login", { token }),
  batches: (given) => get(`/batch/list${query(given)}`),
  status: (id) => get(`${batchPath(id)}/status`),
  items: (id, given, signal) => get(`${batchPath(id)}/items${query(given)}`, signal),
  match: (id, given) => get(`${batchPath(id)}/match${query(given)}`),
  failures: (id) => get(`${batchPath(id)}/failures`),
  start: (order, key) => post("/batch/start", order, { "Idempotency-Key": key }),
  pause: (id) => post(`${batchPath(id)}/pause`),
  resume: (id) => post(`${batchPath(id)}/resume`),
  cancel: (id) => post(`${batchPath(id)}/cancel`),
  priority: (id, priority) => post(`${batchPath(id)}/priority`, { priority }),
  retry: (id, kind) => post(`${batchPath(id)}/retry-failed`, kind ? { error_kind: kind } : undefined),
  sessions: (given) => get(`/sessions${query(given)}`),
  collections: () => get("/collections"),
  presets: () => get("/presets"),
  photos: (given, signal) => get(`/photos${query(given)}`, signal),
  photo: (id) => get(`/photos/${id}`),
  imports: () => get("/imports"),
  importFolders: (folders, session) => post("/photos/import", session ? { folders, session } : { folders }),
};

/** Addresses of pictures. `size` is the long edge in pixels. */
export const pictures = {
  photo: (id, size) => `/photos/${id}/preview${query({ size })}`,
  developed: (batch, id, size) => `${batchPath(batch)}/items/${id}/preview${query({ size })}`,
  matched: (batch, id, size, matched) => `${batchPath(batch)}/match/${id}/preview${query({ size, matched })}`,
  look: (id, size, preset, blend) => `/photos/${id}/preview${query({ size, preset, blend })}`,
};

/** A picture as an object URL; the caller revokes it. Throws `Refused` with the server's sentence. */
export async function picture(path, signal) {
  const answer = await send("GET", path, { signal, headers: { Accept: "image/*, application/json" } });
  return URL.createObjectURL(await answer.blob());
}

/** Every session, a page after the other. */
export async function allSessions() {
  const found = [];
  let cursor = null;
  do {
    const page = await api.sessions({ limit: 500, cursor });
    found.push(...page.sessions);
    cursor = page.next_cursor;
  } while (cursor);
  return found;
}
