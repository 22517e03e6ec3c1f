// The box that looks for a text in everything: a dialog with the list of the page of searches.
const PAUSE = 120;
let dialog, input, list, status, timer, asking;

function build(address) {
  dialog = Object.assign(document.createElement("dialog"), { id: "search-box" });
  dialog.setAttribute("aria-label", "Search everything");
  const form = Object.assign(document.createElement("form"), { action: address, method: "get" });
  input = Object.assign(document.createElement("input"), { type: "search", name: "q", maxLength: 200, placeholder: "Name, id, tag or alias", autocomplete: "off", spellcheck: false });
  input.setAttribute("aria-label", "Search everything");
  list = Object.assign(document.createElement("div"), { className: "list" });
  status = Object.assign(document.createElement("p"), { className: "soft" });
  status.setAttribute("role", "status");
  form.append(input);
  dialog.append(form, list, status);
  document.body.append(dialog);
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  dialog.addEventListener("keydown", pressed);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside the box
  dialog.addEventListener("close", () => {
    clearTimeout(timer);
    asking?.abort();
  });
  // Enter while the list is of an earlier text opens the page of the new one
  form.addEventListener("submit", (event) => {
    if (list.dataset.of !== input.value || !links().length) return;
    event.preventDefault();
    (links().find((link) => link.classList.contains("chosen")) ?? links()[0]).click();
  });
}

const links = () => [...list.querySelectorAll("li a")];

// Only the answer to the last question is shown: those before it are not waited for.
async function ask() {
  asking?.abort();
  const mine = (asking = new AbortController());
  const text = input.value;
  try {
    const answer = await fetch(`${dialog.querySelector("form").action}?q=${encodeURIComponent(text)}`, { signal: mine.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== asking) return;
    list.replaceChildren(...(page.getElementById("found")?.childNodes ?? []));
    list.dataset.of = text;
    choose(0);
    status.textContent = `${links().length || "No"} ${links().length === 1 ? "result" : "results"}. Arrows choose, Enter opens, Escape closes.`;
  } catch (error) {
    if (error.name !== "AbortError") status.textContent = "The server does not answer.";
  }
}

function choose(place) {
  for (const [number, link] of links().entries()) link.classList.toggle("chosen", number === place);
  links()[place]?.scrollIntoView({ block: "nearest" });
}

function pressed(event) {
  const all = links();
  if (event.key === "Escape") {
    event.preventDefault(); // the box would only be emptied, and the list stay
    dialog.close();
    return;
  }
  if (!["ArrowDown", "ArrowUp"].includes(event.key) || !all.length) return;
  event.preventDefault();
  const at = all.findIndex((link) => link.classList.contains("chosen"));
  const next = (at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length;
  choose(next);
  if (document.activeElement !== input) all[next].focus();
  status.textContent = `${all[next].textContent}, ${next + 1} of ${all.length}`;
}

// With what was typed while this was loaded.
export function openSearch(address, typed) {
  if (!dialog) build(address);
  if (dialog.open) return;
  if (typed) input.value = typed;
  dialog.showModal();
  if (!typed) input.select();
  ask();
}
