// The focus stays where it was when one view of a list follows the other without a new page.
export function keepFocus(id) {
  const view = () => document.getElementById(id);
  let focused = null;

  document.addEventListener("htmx:before:swap", () => {
    focused = view().contains(document.activeElement) ? traitsOf(document.activeElement) : null;
  });
  document.addEventListener("htmx:after:swap", () => {
    document.querySelector("main > .notice")?.remove(); // it spoke of the view before
    if (focused) focusAgain(view(), focused);
    focused = null;
  });
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
    run: control.closest("tr")?.querySelector("[name=runs]")?.value,
    menu: menus().indexOf(control.closest("details.menu")),
  };
}

const menus = () => [...document.querySelectorAll("#runs details.menu, #list details.menu")];

function focusAgain(view, { filter, rel, text, label, inHead, tag, run, menu }) {
  const row = run && view.querySelector(`[name=runs][value="${CSS.escape(run)}"]`)?.closest("tr");
  const inRow = row && [...row.querySelectorAll(tag.toLowerCase())].find((other) => other.getAttribute("aria-label") === label);
  if (inRow) return inRow.focus({ preventScroll: true });
  const alike = [...view.querySelectorAll(tag.toLowerCase())].filter((other) => (other.closest("thead") !== null) === inHead);
  const rows = view.querySelector("[data-rows] tbody a");
  const wrong = view.querySelector("[aria-invalid]");
  let next = filter ? (wrong ?? rows) : alike.find((other) => other.getAttribute("rel") === rel && other.textContent.trim() === text && other.getAttribute("aria-label") === label);
  if (menu >= 0 && !next?.checkVisibility()) next = (next?.closest("details.menu") ?? menus()[menu])?.querySelector("summary"); // it has closed
  next ??= rows ?? view.querySelector("#filter");
  next?.focus({ preventScroll: true });
}
