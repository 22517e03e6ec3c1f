// The means of groups of runs, as the server puts them together: in the form of curves.js, with n, sd, sem, min and max beside them.
import { post } from "./store.js";

const numbers = (values) => Float64Array.from(values ?? [], Number); // what is not a number comes as a text
const ordinals = (values) => Float64Array.from(values.keys());

// `groups`: [{id, look, runs}]; `x` and `best` as chart-state.js has them.
export async function fetchMeans(key, groups, { x, best, start, end, max }, signal) {
  const range = start === undefined ? {} : { start_step: start, end_step: end };
  const question = { groups: groups.map((group) => group.runs), metric_key: key, x, best, max_points: Math.max(2, Math.min(2000, max)), ...range };
  const { curves = [] } = await post("runyard/metrics/mean-curves", question, signal);
  const series = groups.map(({ id, look }, at) => {
    const curve = curves[at] ?? {};
    const xs = numbers(curve.xs);
    const columns = Object.fromEntries(["n", "sd", "sem", "min", "max"].map((name) => [name, numbers(curve[name])]));
    const step = x === "step" ? xs : ordinals(xs);
    return { run: id, look, points: curve.points ?? 0, step, time: new Float64Array(xs.length).fill(NaN), value: numbers(curve.mean), x: x === "step" ? new Float64Array() : xs, ...columns };
  });
  return { key, series };
}
