// One view of the table follows the other without a new page: what is chosen goes along, the focus stays where it was,
// and Back shows the rows of its address at once.
import { keepFocus } from "./focus.js";

const MOST_SEEN = 20;
// What scripts write into the address (CHARTS of ui/parts/list_state.py): another view keeps it, but for what its link sets
// itself; a saved view has its own.
const CHARTS = "charts charts_find charts_pattern charts_from charts_pin charts_fold x xlog y smooth outliers range band sofar zoom hide colour plots plots_brush plots_base".split(" ");

function withCharts(address, source) {
  if (source?.closest(".views .choices")) return address;
  const [url, here] = [new URL(address, location.href), new URLSearchParams(location.search)];
  const own = (source?.closest("[data-sets]")?.dataset.sets ?? "").split(" ");
  for (const name of CHARTS.filter((each) => !own.includes(each))) {
    url.searchParams.delete(name);
    for (const value of here.getAll(name)) url.searchParams.append(name, value);
  }
  return url.pathname + url.search + url.hash;
}

// The rows as they were sent: what is drawn beside them is drawn again.
function written(view) {
  if (!view.querySelector("charts-panel")) return view.innerHTML;
  const copy = view.cloneNode(true);
  for (const drawn of copy.querySelectorAll("line-chart, chart-legend")) drawn.remove();
  for (const made of copy.querySelectorAll("chart-settings, run-plots")) made.replaceChildren();
  return copy.innerHTML;
}

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
    seen.set(here(), written(view()));
    if (seen.size > MOST_SEEN) seen.delete(seen.keys().next().value);
  };

  document.addEventListener("htmx:config:request", (event) => {
    const { request, sourceElement } = event.detail.ctx;
    if (new URL(request.action, location.href).pathname === location.pathname) request.action = carry(withCharts(request.action, sourceElement));
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
