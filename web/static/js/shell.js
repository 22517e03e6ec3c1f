// What every page has: the theme button, menus that close, the keyboard, code that can be copied.
import { startKeys } from "./keys.js";

const stored = {
  get(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  },
  set(name, value) {
    try {
      value === null ? localStorage.removeItem(name) : localStorage.setItem(name, value);
    } catch {
      // storage is switched off: the choice holds for this page only
    }
  },
};

// The theme is in a cookie, so that pages come with it.
function startTheme() {
  const button = document.getElementById("theme-button");
  const order = ["", "light", "dark"];
  const { dataset } = document.documentElement;
  const show = (theme) => {
    const icon = theme === "light" ? "sun" : theme === "dark" ? "moon" : "sun-moon";
    const use = button.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${icon}`));
    button.title = `Theme: ${theme || "as the system"}`;
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    const theme = order[(order.indexOf(dataset.theme ?? "") + 1) % order.length];
    document.cookie = `runyard-theme=${theme}; path=${document.body.dataset.home}; max-age=${theme ? 31536000 : 0}; samesite=lax`;
    if (theme) dataset.theme = theme;
    else delete dataset.theme;
    show(theme);
    document.dispatchEvent(new CustomEvent("themechange"));
  });
  show(dataset.theme);
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== except) menu.open = false;
}

function startMenus() {
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  document.addEventListener(
    "toggle",
    (event) => {
      if (event.target.matches?.("details.menu[open]")) event.target.querySelector(".sheet :is(input:not([type=hidden]), textarea)")?.focus();
    },
    true,
  );
}

// What scrolls can be scrolled by keyboard. What is folded away is left so: to look at it, it would be laid out.
function startScrolling() {
  const reach = () => {
    for (const box of document.querySelectorAll(".box, pre, table")) {
      if (box.checkVisibility() && (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight)) box.tabIndex = 0;
    }
  };
  reach();
  addEventListener("resize", reach);
  document.addEventListener("toggle", reach, true);
  document.addEventListener("htmx:after:swap", reach);
}

// <copy-code>, <copy-text>: what is inside of <code> can be copied.
class Copyable extends HTMLElement {
  connectedCallback() {
    if (!navigator.clipboard || this.querySelector("button")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = this.getAttribute("look") ?? "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(this.querySelector("code").textContent);
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
    this.append(button);
  }
}

customElements.define("copy-code", Copyable);
customElements.define("copy-text", class extends Copyable {});

// The box that searches everything is loaded when it is first opened; without scripts its link leads to a page.
function startSearch() {
  const link = document.getElementById("search-link");
  const open = (event) => {
    event.preventDefault();
    let typed = ""; // until the box is there
    const keep = (event) => {
      if (event.key.length > 1 || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      typed += event.key;
    };
    addEventListener("keydown", keep, true);
    import("./search.js")
      .then(({ openSearch }) => openSearch(link.href, typed))
      .finally(() => removeEventListener("keydown", keep, true));
  };
  link.addEventListener("click", (event) => event.ctrlKey || event.metaKey || event.shiftKey || open(event));
  addEventListener("keydown", (event) => event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && open(event));
}

// Notes can be looked at before they are saved, in menus that have a field for one.
document.addEventListener("toggle", ({ target }) => target.open && target.querySelector("note-preview") && import("./note-preview.js"), true);

// What completes filters is loaded once somebody writes one.
document.addEventListener("focusin", ({ target }) => target.closest?.("filter-box") && import("./filter-box.js"));

startTheme();
startMenus();
startSearch();
startScrolling();
startKeys(stored);
