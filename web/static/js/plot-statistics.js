// What plots show of many values: quantiles, groups, ranges, a front, and heights between scattered points.

export function quantile(sorted, share) {
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  return sorted[below] + (sorted[Math.min(below + 1, sorted.length - 1)] - sorted[below]) * (at - below);
}

// Mean, and deviation of the sample.
export function moments(numbers) {
  const mean = numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
  const squares = numbers.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  return { mean, sd: numbers.length > 1 ? Math.sqrt(squares / (numbers.length - 1)) : null };
}

const MOST_GROUPS = 20;
const RANGES = 8;

// Runs in groups by a column: its texts, its numbers where they are few, else ranges with as many runs each.
// [{text, runs: places of the runs}]
export function groupsBy(column, runs) {
  const groups = new Map();
  const add = (key, at) => (groups.has(key) ? groups.get(key).push(at) : groups.set(key, [at]));
  for (const at of runs) if (column.values[at] !== null) add(column.values[at], at);
  const none = runs.filter((at) => column.values[at] === null);
  const behind = none.length ? [{ text: "none", runs: none }] : [];
  const keys = [...groups.keys()].sort((a, b) => a - b);
  if (column.isText && keys.length > MOST_GROUPS) {
    const large = [...keys].sort((a, b) => groups.get(b).length - groups.get(a).length).slice(0, MOST_GROUPS);
    const rest = keys.filter((key) => !large.includes(key)).flatMap((key) => groups.get(key));
    const named = keys.filter((key) => large.includes(key)).map((key) => ({ text: column.written(key), runs: groups.get(key) }));
    return [...named, { text: `${keys.length - MOST_GROUPS} others`, runs: rest }, ...behind];
  }
  if (column.isText || keys.length <= MOST_GROUPS) return [...keys.map((key) => ({ text: column.short(key), runs: groups.get(key) })), ...behind];
  const sorted = runs.filter((at) => column.values[at] !== null).sort((a, b) => column.values[a] - column.values[b]);
  const parts = Array.from({ length: RANGES }, (_, part) => sorted.slice(Math.round((part * sorted.length) / RANGES), Math.round(((part + 1) * sorted.length) / RANGES))).filter((some) => some.length);
  return [...parts.map((some) => ({ text: `${column.short(column.values[some[0]])} to ${column.short(column.values[some.at(-1)])}`, runs: some })), ...behind];
}

// Quartiles, whiskers up to 1.5 times their distance, and what is beyond these (J. W. Tukey, 1977).
export function boxOf(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const [lower, middle, upper] = [0.25, 0.5, 0.75].map((share) => quantile(sorted, share));
  const reach = 1.5 * (upper - lower);
  const inside = sorted.filter((each) => each >= lower - reach && each <= upper + reach);
  return { low: inside[0], lower, middle, upper, high: inside.at(-1), least: sorted[0], greatest: sorted.at(-1) };
}

// Equal ranges of places, and which of the places are in each.
export function histogram(places, low, high) {
  const count = Math.max(5, Math.min(40, Math.ceil(Math.sqrt(places.length))));
  const width = (high - low) / count;
  const bins = Array.from({ length: count }, (_, at) => ({ from: low + at * width, to: low + (at + 1) * width, members: [] }));
  for (const [at, place] of places.entries()) bins[Math.min(count - 1, Math.max(0, Math.floor((place - low) / width)))].members.push(at);
  return bins;
}

// The places of points that no other is better than in both: best first by x. `signs`: 1 where more is better, else -1.
export function front(points, [signX, signY]) {
  const order = [...points].sort((a, b) => signX * (b.x - a.x) || signY * (b.y - a.y));
  const found = [];
  for (const point of order) {
    const last = found.at(-1);
    if (!last || signY * (point.y - last.y) > 0 || (point.x === last.x && point.y === last.y)) found.push(point);
  }
  return found;
}

// Heights on a grid between scattered points, by the inverse of the squared distance to the nearest ones (D. Shepard, 1968);
// NaN far from all of them. Points: [x, y, z] with x and y from 0 to 1.
export function heights(points, columns, rows) {
  const near = 0.12 ** 2;
  const nearest = Math.min(12, points.length);
  const found = new Float64Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [x, y] = [column / (columns - 1), row / (rows - 1)];
      const close = [];
      for (const [px, py, z] of points) {
        const distance = (px - x) ** 2 + (py - y) ** 2;
        if (close.length < nearest || distance < close.at(-1)[0]) {
          close.push([distance, z]);
          close.sort((a, b) => a[0] - b[0]);
          if (close.length > nearest) close.pop();
        }
      }
      let [sum, weights] = [0, 0];
      for (const [distance, z] of close) {
        const weight = 1 / (distance + 1e-4);
        sum += weight * z;
        weights += weight;
      }
      found[row * columns + column] = close[0][0] > near ? NaN : sum / weights;
    }
  }
  return found;
}
