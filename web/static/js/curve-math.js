// The mathematics of curves: pure functions of arrays of numbers. What is not finite counts as missing, and comes back as NaN.
// `places` are positions in logged points: 0, 1, 2 … in a whole series; in a thinned one a point stands for several.

// Exponential moving average with the bias of its beginning corrected: pandas' `ewm(span=span, adjust=True).mean()`.
export function ema(values, span, places = null) {
  const keep = 1 - 2 / (span + 1);
  let average = 0;
  let share = 0;
  return Float64Array.from(values, (value, index) => {
    const decay = places && index ? keep ** Math.max(1, places[index] - places[index - 1]) : keep;
    average *= decay;
    share *= decay;
    if (!Number.isFinite(value)) return NaN;
    average += (1 - decay) * value;
    share += 1 - decay;
    return average / share;
  });
}

// Mean of the neighbours, weighed by a bell curve that is cut at four times its standard deviation (a third of `span`).
export function gaussian(values, span, places = null) {
  const sigma = Math.max(span / 3, 1e-9);
  const at = places ?? Float64Array.from(values, (_, index) => index);
  let first = 0;
  return Float64Array.from(values, (value, index) => {
    if (!Number.isFinite(value)) return NaN;
    while (at[index] - at[first] > 4 * sigma) first++;
    let [sum, weights] = [0, 0];
    for (let other = first; other < values.length && at[other] - at[index] <= 4 * sigma; other++) {
      if (!Number.isFinite(values[other])) continue;
      const weight = Math.exp(-0.5 * ((at[other] - at[index]) / sigma) ** 2);
      sum += weight * values[other];
      weights += weight;
    }
    return sum / weights;
  });
}

const placeIn = (sorted, value) => {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
};

// Median of the neighbours: pandas' `rolling(span, center=True, min_periods=1).median()` for odd spans.
export function median(values, span, places = null) {
  const reach = Math.floor(span / 2);
  const at = places ?? Float64Array.from(values, (_, index) => index);
  const sorted = [];
  let [first, next] = [0, 0];
  return Float64Array.from(values, (value, index) => {
    for (; next < values.length && at[next] - at[index] <= reach; next++) {
      if (Number.isFinite(values[next])) sorted.splice(placeIn(sorted, values[next]), 0, values[next]);
    }
    for (; at[index] - at[first] > reach; first++) {
      if (Number.isFinite(values[first])) sorted.splice(placeIn(sorted, values[first]), 1);
    }
    return Number.isFinite(value) ? quantile(sorted, 0.5) : NaN;
  });
}

// What a thinned series was around each of its points, which are the least and the greatest of stretches: the middle of the two,
// and of those the median of seven, so that one spike in a stretch of thousands does not move it. Of others, the values.
export function leveled(values, gaps) {
  if (!gaps.some((gap) => gap > 2)) return values;
  const known = (at, instead) => (Number.isFinite(values[at]) ? values[at] : instead);
  const middles = Float64Array.from(values, (value, at) => (known(at - 1, value) + 2 * value + known(at + 1, value)) / 4);
  const level = median(middles, 7);
  return Float64Array.from(values, (value, at) => (gaps[at] > 2 && Number.isFinite(value) ? level[at] : value));
}

export const SMOOTHINGS = { ema, gaussian, median };

// numpy's `quantile` of sorted numbers.
export function quantile(sorted, share) {
  if (!sorted.length) return NaN;
  const place = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low === high ? low : low * (1 - (place % 1)) + high * (place % 1);
}

// The least or the greatest value so far; NaN before the first one.
export function soFar(values, direction) {
  const better = direction === "max" ? (a, b) => a > b : (a, b) => a < b;
  let best = NaN;
  return Float64Array.from(values, (value) => (Number.isFinite(value) && (Number.isNaN(best) || better(value, best)) ? (best = value) : best));
}

// Within what most values are: three times the distance of the quartiles beyond them. All values, where the quartiles are one.
export function usual(values) {
  const sorted = Float64Array.from(values.filter(Number.isFinite)).sort();
  if (!sorted.length) return [NaN, NaN];
  const [low, high] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  const room = 3 * (high - low);
  const inside = room > 0 ? sorted.filter((value) => value >= low - room && value <= high + room) : sorted;
  return [inside[0], inside[inside.length - 1]];
}

// Least and greatest finite number of several arrays; NaN where there is none.
export function extent(arrays) {
  let [low, high] = [Infinity, -Infinity];
  for (const values of arrays) {
    for (let at = 0; at < values.length; at++) {
      const value = values[at];
      if (value < low && value !== -Infinity) low = value;
      if (value > high && value !== Infinity) high = value;
    }
  }
  return low === Infinity && high === -Infinity ? [NaN, NaN] : [Math.min(low, high), Math.max(low, high)];
}

export function joined(arrays) {
  const all = new Float64Array(arrays.reduce((sum, some) => sum + some.length, 0));
  arrays.reduce((at, some) => (all.set(some, at), at + some.length), 0);
  return all;
}

// Positions of points from left to right; those at one place stay in their order.
export const rising = (xs) => Uint32Array.from(xs.keys()).sort((a, b) => xs[a] - xs[b] || a - b);

// Straight lines between points, which must rise: numpy's `interp`, but NaN outside. At one place the last point counts.
export function between(xs, ys, at) {
  let next = 0;
  return Float64Array.from(at, (x) => {
    while (next < xs.length && xs[next] <= x) next++;
    const before = next - 1;
    if (before < 0) return NaN;
    if (xs[before] === x) return ys[before];
    return next < xs.length ? ys[before] + ((x - xs[before]) / (xs[next] - xs[before])) * (ys[next] - ys[before]) : NaN;
  });
}

// Of several lines on the same grid: number, mean, standard deviation (of a sample, as pandas' `std`), least, greatest.
export function spread(lines, length) {
  const made = Object.fromEntries(["n", "mean", "sd", "min", "max"].map((name) => [name, new Float64Array(length).fill(NaN)]));
  for (let at = 0; at < length; at++) {
    const values = lines.map((line) => line[at]).filter(Number.isFinite);
    made.n[at] = values.length;
    if (!values.length) continue;
    const mean = values.reduce((sum, value) => sum + value / values.length, 0);
    made.mean[at] = mean;
    made.sd[at] = values.length > 1 ? Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2 / (values.length - 1), 0)) : 0;
    made.min[at] = Math.min(...values);
    made.max[at] = Math.max(...values);
  }
  return made;
}
