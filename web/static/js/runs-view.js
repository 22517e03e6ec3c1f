// One view of the table follows the other without a new page: what is chosen goes along, the focus stays where it was,
// and Back shows the rows of its address at once.
const MOST_SEEN = 20;

export function keepView(id, carry, writeAddress) {
  const seen = new Map();
  const view = () => document.getElementById(id);
  const here = () => {
    const url = new URL(location.href);
    for (const name of ["selection", "chosen", "dropped"]) url.searchParams.delete(name);
    return url.search;
  };
  let focused = null;

  const remember = () => {
    seen.delete(here());
    seen.set(here(), view().innerHTML);
    if (seen.size > MOST_SEEN) seen.delete(seen.keys().next().value);
  };

  document.addEventListener("htmx:config:request", (event) => {
    const { request } = event.detail.ctx;
    if (new URL(request.action, location.href).pathname === location.pathname) request.action = carry(request.action);
  });

  document.addEventListener("htmx:before:swap", () => {
    focused = view().contains(document.activeElement) ? traitsOf(document.activeElement) : null;
  });
  document.addEventListener("htmx:after:swap", () => {
    document.querySelector("main > .notice")?.remove(); // it spoke of the view before
    if (focused) focusAgain(view(), focused);
    focused = null;
  });
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

// What tells a control from the others, so that its like is found in the next view.
function traitsOf(control) {
  return {
    filter: control.closest(".filter") !== null,
    rel: control.getAttribute("rel"),
    text: control.textContent.trim(),
    label: control.getAttribute("aria-label"),
    inHead: control.closest("thead") !== null,
    tag: control.tagName,
  };
}

function focusAgain(view, { filter, rel, text, label, inHead, tag }) {
  const alike = [...view.querySelectorAll(tag.toLowerCase())].filter((other) => (other.closest("thead") !== null) === inHead);
  const rows = view.querySelector("#runs-table tbody a");
  const wrong = view.querySelector("[aria-invalid]");
  let next = filter ? (wrong ?? rows) : alike.find((other) => other.getAttribute("rel") === rel && other.textContent.trim() === text && other.getAttribute("aria-label") === label);
  next ??= rows ?? view.querySelector("#filter");
  next?.focus({ preventScroll: true });
}
