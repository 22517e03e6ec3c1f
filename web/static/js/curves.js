// The points of a metric as the server sends them: src/runyard/ui/parts/curve_bytes.py says how.
import { joined } from "./curve-math.js";

function planes(bytes, offset, count, width) {
  const numbers = new Float64Array(count);
  for (let place = 0, scale = 1; place < width; place++, scale *= 256) {
    const start = offset + place * count;
    for (let at = 0; at < count; at++) numbers[at] += bytes[start + at] * scale;
  }
  return numbers;
}

function doubles(bytes, offset, count, width) {
  const raw = new Uint8Array(count * width);
  for (let place = 0; place < width; place++) {
    const start = offset + place * count;
    for (let at = 0; at < count; at++) raw[at * width + place] = bytes[start + at];
  }
  return width === 4 ? Float64Array.from(new Float32Array(raw.buffer)) : new Float64Array(raw.buffer);
}

const none = new Float64Array(0);

// `{key, series: [{run, look, points, step, time, value, x}]}`: arrays by step; `points` is their number before thinning.
export function decode(buffer) {
  const bytes = new Uint8Array(buffer);
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let offset = 4 + length;
  const take = (read, count, width) => {
    const column = read(bytes, offset, count, width);
    offset += count * width;
    return column;
  };
  const series = head.series.map(({ run, look, points, count, step, time, value, x }) => {
    if (!count) return { run, look, points, step: none, time: none, value: none, x: none };
    const [firstStep, distance, unit, stepWidth] = step;
    const distances = take(planes, count - 1, stepWidth);
    const steps = new Float64Array(count);
    let reached = 0;
    for (let at = 0; at < count; at++) {
      if (at) reached += distance + unit * distances[at - 1];
      steps[at] = reached;
    }
    const [start, slope, least, timeWidth] = time;
    const times = take(planes, count, timeWidth).map((code, at) => start + Math.floor(slope * steps[at]) + least + code);
    const values = take(doubles, count, value);
    return { run, look, points, step: steps.map((distanceSoFar) => firstStep + distanceSoFar), time: times, value: values, x: x ? take(doubles, count, x) : none };
  });
  return { key: head.key, series };
}

export async function fetchCurves(source, parameters, signal) {
  const address = new URL(source, location.href);
  for (const [name, value] of Object.entries(parameters)) if (value !== null && value !== "") address.searchParams.set(name, value);
  const answer = await fetch(address, { signal });
  if (!answer.ok) throw new Error((await answer.json()).message);
  return decode(await answer.arrayBuffer());
}

const cut = (one, from, to) => Object.fromEntries(Object.entries(one).map(([name, value]) => [name, value instanceof Float64Array ? value.subarray(from, to) : value]));
const first = (steps, step, after) => {
  const found = steps.findIndex((value) => (after ? value > step : value >= step));
  return found < 0 ? steps.length : found;
};

// The points of a series from all of it and from a closer look at a part, with the number of logged points each stands for.
export function merged(whole, part, range) {
  const gaps = (one) => new Float64Array(one.step.length).fill(one.step.length ? Math.max(1, one.points / one.step.length) : 1);
  const plain = { ...whole, gap: gaps(whole) };
  if (!part) return plain;
  const [before, behind] = [cut(plain, 0, first(whole.step, range[0], false)), cut(plain, first(whole.step, range[1], true))];
  const inner = { ...part, gap: gaps(part) };
  const all = { run: whole.run, look: whole.look, points: whole.points };
  for (const name of Object.keys(inner).filter((each) => inner[each] instanceof Float64Array)) all[name] = joined([before[name], inner[name], behind[name]]);
  return all;
}

// A series with one more point; as it is where the point is there already, or is not the last one.
export function continued(series, [step, time, value]) {
  if (value === undefined || !(step > series.step.at(-1))) return series;
  const longer = { ...series, points: series.points + 1 };
  for (const [name, number] of Object.entries({ step, time, value })) longer[name] = joined([series[name], [number]]);
  return longer;
}
