// One view of the table follows the other without a new page: what is chosen goes along, the focus stays where it was,
// and Back shows the rows of its address at once.
import { keepFocus } from "./focus.js";

const MOST_SEEN = 20;

export function keepView(id, carry, writeAddress) {
  const seen = new Map();
  const view = () => document.getElementById(id);
  const here = () => {
    const url = new URL(location.href);
    for (const name of ["selection", "chosen", "dropped"]) url.searchParams.delete(name);
    return url.search;
  };
  const remember = () => {
    seen.delete(here());
    seen.set(here(), view().innerHTML);
    if (seen.size > MOST_SEEN) seen.delete(seen.keys().next().value);
  };

  document.addEventListener("htmx:config:request", (event) => {
    const { request } = event.detail.ctx;
    if (new URL(request.action, location.href).pathname === location.pathname) request.action = carry(request.action);
  });

  keepFocus(id);
  document.addEventListener("htmx:before:history:update", remember);

  // The address has changed already: rows of another one must not stand below it, where a key would choose them.
  addEventListener(
    "popstate",
    () => {
      const rows = seen.get(here());
      if (rows === undefined) view().inert = true;
      else view().innerHTML = rows;
      writeAddress();
    },
    true,
  );
}
