// Stars of runs and of experiments: a click turns one in place. Without this script the button sends its form.
import { post } from "./store.js";

const TAG = "runyard.starred";
const KINDS = {
  run: {
    add: (id) => post("mlflow/runs/set-tag", { run_id: id, key: TAG, value: "true" }),
    remove: (id) => post("runyard/runs/tag-many", { run_ids: [id], removed_keys: [TAG] }),
  },
  experiment: {
    add: (id) => post("mlflow/experiments/set-experiment-tag", { experiment_id: id, key: TAG, value: "true" }),
    remove: (id) => post("mlflow/experiments/delete-experiment-tag", { experiment_id: id, key: TAG }),
  },
};

document.addEventListener("click", async (event) => {
  const star = event.target.closest?.("button[name=star]");
  if (!star) return;
  event.preventDefault();
  const kind = KINDS[star.dataset.of ?? "run"];
  const starred = star.getAttribute("aria-pressed") === "true";
  star.setAttribute("aria-pressed", String(!starred));
  try {
    await (starred ? kind.remove(star.value) : kind.add(star.value));
  } catch (problem) {
    star.setAttribute("aria-pressed", String(starred));
    star.title = problem.message;
  }
});
