// What the page knows of the batches, kept fresh by the events.

import { api } from "./api.js";
import { throttled } from "./dom.js";

const FRESH_MS = 500;
const ONE_BY_ONE = 4;
const PAGE = 50;

const batches = new Map();
const listeners = new Set();
const dirty = new Set();

export const known = (id) => batches.get(id);
/** The batches that were read, the newest first. */
export const all = () => [...batches.values()].sort((a, b) => (a.created_at < b.created_at ? 1 : -1));

/** Be told of every batch that was read anew; returns what ends it. */
export function watch(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A batch as the server says it is now. */
export function take(status) {
  batches.set(status.batch_id, status);
  for (const listener of listeners) listener(status);
  return status;
}

/** Read one batch. */
export const refresh = async (id) => take(await api.status(id));

/** Read the newest batches; `cursor` goes on from an earlier answer. Returns the next cursor. */
export async function refreshAll(cursor = null) {
  const page = await api.batches({ limit: PAGE, cursor });
  page.batches.forEach(take);
  return page.next_cursor ?? null;
}

const flush = throttled(async () => {
  const ids = [...dirty];
  dirty.clear();
  try {
    if (ids.length <= ONE_BY_ONE) await Promise.all(ids.map(refresh));
    else await refreshAll();
  } catch {
    // the next event, or the connection that is mended, reads them again
  }
}, FRESH_MS);

/** An event told that something happened to a batch. */
export function touched(id) {
  dirty.add(id);
  flush();
}

let sessionNames = null;

/** Names of sessions by id, read once; `forgetSessions` after an import. */
export async function sessionsById(read) {
  sessionNames ??= read().then((sessions) => new Map(sessions.map((each) => [each.session_id, each])));
  try {
    return await sessionNames;
  } catch (error) {
    sessionNames = null;
    throw error;
  }
}

export const forgetSessions = () => {
  sessionNames = null;
};
