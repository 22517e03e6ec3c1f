// Stars of runs: a click turns one in place. Without this script the button sends its form.
import { post } from "./store.js";

const TAG = "runyard.starred";

document.addEventListener("click", async (event) => {
  const star = event.target.closest?.("button[name=star]");
  if (!star) return;
  event.preventDefault();
  const starred = star.getAttribute("aria-pressed") === "true";
  star.setAttribute("aria-pressed", String(!starred));
  try {
    if (starred) await post("runyard/runs/tag-many", { run_ids: [star.value], removed_keys: [TAG] });
    else await post("mlflow/runs/set-tag", { run_id: star.value, key: TAG, value: "true" });
  } catch (problem) {
    star.setAttribute("aria-pressed", String(starred));
    star.title = problem.message;
  }
});
