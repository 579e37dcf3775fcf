// Photos of the library in a grid that reads on as it is scrolled.

import { api } from "./api.js";
import { Grid } from "./grid.js";
import { ByCursor } from "./pages.js";
import { tell } from "./talk.js";
import { photoTile } from "./tile.js";

const PAGE = 200;
const AHEAD = 200;

/**
 * A grid over a selection. `wide()` and `high(width)` as `Grid` has them; `open(index, photo)` when one is chosen;
 * `counted(total, rows)` when more is known.
 */
export function photoGrid({ label, wide, high, open, counted = () => {}, scroller = null, pressed = null }) {
  let rows = new ByCursor(async () => ({ rows: [], next: null, total: 0 }), () => {});
  let abort = null;
  const grid = new Grid({
    wide,
    high,
    label,
    scroller,
    make: (index) => {
      const photo = rows.at(index);
      return photoTile({ photo, open: () => open(index, photo), pressed: pressed && String(pressed(photo)) });
    },
    seen: (first, last) => more(last + AHEAD),
  });
  const more = (count) => rows.want(count).catch(tell);

  /** Show another selection; resolves when its first photos are here. */
  const show = async (selection) => {
    rows.leave();
    abort?.abort();
    abort = new AbortController();
    const { signal } = abort;
    grid.size = 0;
    rows = new ByCursor(
      async (cursor) => {
        const page = await api.photos({ ...selection, limit: PAGE, cursor }, signal);
        return { rows: page.photos, next: page.next_cursor, total: page.total };
      },
      (source) => {
        grid.size = source.rows.length;
        counted(source.total, source);
      },
    );
    await more(1);
  };
  const at = async (index) => {
    await rows.want(index + 1);
    return rows.at(index);
  };
  const leave = () => (rows.leave(), abort?.abort(), grid.leave());
  return { element: grid.element, grid, show, at, leave, rows: () => rows.rows };
}
