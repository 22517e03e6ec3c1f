// From the server's columns of numbers to what the chart draws.

export function smoothed(values, weight) {
  let average = 0;
  let share = 0;
  return values.map((value) => {
    if (value === null) return null;
    average = average * weight + (1 - weight) * value;
    share = share * weight + (1 - weight);
    return average / share;
  });
}

function horizontal(columns, axis) {
  if (axis === "time") return columns.time.map((time) => time / 1000);
  if (axis === "relative") return columns.time.map((time) => (time - columns.time[0]) / 1000);
  return columns.step;
}

// The chart wants rising x values, each once; of points at the same place the last one counts.
function rising(xs, values) {
  const order = [...xs.keys()].sort((a, b) => xs[a] - xs[b] || a - b);
  const [outX, outY] = [[], []];
  for (const index of order) {
    if (outX.length && outX[outX.length - 1] === xs[index]) outY[outY.length - 1] = values[index];
    else {
      outX.push(xs[index]);
      outY.push(values[index]);
    }
  }
  return [outX, outY];
}

export function tables(series, settings) {
  return series.map((columns) => {
    const [xs, ys] = rising(horizontal(columns, settings.x), columns.value);
    const drawn = settings.y === "log" ? ys.map((value) => (value > 0 ? value : null)) : ys;
    return settings.smooth > 0 ? [xs, smoothed(drawn, settings.smooth), drawn] : [xs, drawn];
  });
}

export const readable = (value) => {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(3) : String(Number(value.toPrecision(5)));
};

export function readableX(value, axis) {
  if (axis === "time") return new Date(value * 1000).toISOString().slice(0, 19).replace("T", " ");
  if (axis === "relative") return `${readable(value)} s`;
  return `step ${value}`;
}
