// What can be changed on a run's page without leaving it.
import "./stars.js";

const show = () => {
  for (const button of document.querySelectorAll("[data-edit-run]")) button.hidden = false;
  for (const menu of document.querySelectorAll(".no-scripts")) menu.hidden = true; // the editor does what it does
};

document.addEventListener("click", ({ target }) => target.closest?.("[data-edit-run]") && import("./run-editor.js").then(({ editHere }) => editHere()));
new MutationObserver(show).observe(document.getElementById("main"), { childList: true });
show();
