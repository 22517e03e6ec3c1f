// Axes of charts: from values to places on a straight axis and back, where its ticks are, and what they say.

const SECOND = 1000;
const [MINUTE, HOUR, DAY] = [60 * SECOND, 3600 * SECOND, 86400 * SECOND];
const TIMES = [1, 2, 5, 10, 20, 50, 100, 200, 500]
  .concat([1, 2, 5, 10, 15, 30].map((n) => n * SECOND), [1, 2, 5, 10, 15, 30].map((n) => n * MINUTE))
  .concat([1, 2, 3, 6, 12].map((n) => n * HOUR), [1, 2, 7, 14].map((n) => n * DAY));
const MONTHS = [1, 3, 6, 12, 24, 60, 120, 600, 1200];
const MOST_TICKS = 40;
const MOST_DIGITS = 15;

// As the pages write numbers: 0.0001, 1e-05, 1.25e+07.
export const readable = (value) => {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size === 0 || !Number.isFinite(value) || (size >= 1e-4 && size < 1e7)) return String(Number(value.toPrecision(5)));
  const [mantissa, exponent] = value.toExponential(3).split("e");
  return `${Number(mantissa)}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
};

const exponentOf = (value) => (value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value))));

// A power of ten that brings numbers near the ends of what doubles hold into their middle; 0 for others.
const unitOf = ([low, high]) => {
  const size = Math.max(Math.abs(low), Math.abs(high));
  return size > 1e24 || (size > 0 && size < 1e-24) ? exponentOf(size) : 0;
};

function niceStep(span, count, least) {
  const rough = Math.max(span / count, least);
  const scale = 10 ** exponentOf(rough);
  return [1, 2, 5, 10].find((factor) => factor * scale >= rough * (1 - 1e-9)) * scale;
}

function evenly(low, high, step) {
  const ticks = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9 && ticks.length < MOST_TICKS; at++) ticks.push(at * step);
  return ticks;
}

// `most`: the greatest number of the axis, which is written as the others are.
function decimals(value, step, unit, most) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const digits = Math.max(0, exponentOf(size) - exponentOf(step));
  if (unit || most >= 1e9 || most < 1e-3) {
    const [mantissa, exponent] = value.toExponential(Math.min(MOST_DIGITS, digits)).split("e");
    return `${Number(mantissa)}e${Number(exponent) + unit}`;
  }
  const text = value.toFixed(Math.min(MOST_DIGITS, Math.max(0, -exponentOf(step))));
  return size >= 10000 ? Number(text).toLocaleString("en", { maximumFractionDigits: 12 }) : text;
}

// Ticks as far apart as their words are wide, so that none runs into the next.
function fitting(room, width, make) {
  for (let count = Math.max(2, Math.min(12, Math.floor(room / 40))); ; count--) {
    const made = make(count);
    const widest = Math.max(0, ...made.map(([, text]) => width(text)));
    if (count <= 1 || made.length * widest <= room) return made;
  }
}

function linear(limits) {
  const unit = unitOf(limits);
  const scale = 10 ** unit;
  return {
    to: (value) => value / scale,
    from: (place) => place * scale,
    shown: Number.isFinite,
    ticks: (low, high, room, width) =>
      fitting(room, width, (count) => {
        const most = Math.max(Math.abs(low), Math.abs(high));
        const step = niceStep(high - low, count, most * 1e-14 || 1e-30);
        return evenly(low, high, step).map((tick) => [tick, decimals(Math.abs(tick) < step / 2 ? 0 : tick, step, unit, most)]);
      }),
  };
}

function logarithmic() {
  const text = (place) => {
    const value = 10 ** place;
    const exponent = Math.floor(place + 1e-9);
    const mantissa = Number((10 ** (place - exponent)).toPrecision(3));
    return exponent >= -3 && exponent < 6 ? String(Number(value.toPrecision(4))) : `${mantissa}e${exponent}`;
  };
  const make = (low, high, count) => {
    if (high - low >= 2) return evenly(low, high, Math.ceil((high - low) / count));
    const ticks = [];
    const factors = high - low > 0.7 ? [1, 2, 5] : [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9];
    for (let decade = Math.floor(low); decade <= high; decade++) for (const factor of factors) ticks.push(decade + Math.log10(factor));
    const inside = ticks.filter((tick) => tick >= low && tick <= high);
    if (inside.length < 2) return evenly(low, high, niceStep(high - low, 4, 1e-12));
    const every = Math.ceil(inside.length / Math.max(2, count));
    return inside.filter((_, at) => at % every === 0);
  };
  return {
    to: Math.log10,
    from: (place) => 10 ** place,
    shown: (value) => Number.isFinite(value) && value > 0,
    ticks: (low, high, room, width) => fitting(room, width, (count) => make(low, high, count).map((tick) => [tick, text(tick)])),
  };
}

const two = (number) => String(number).padStart(2, "0");
export const instant = (ms) => {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString().replace("T", " ").replace(/(\.000)?Z$/, "");
};

function clockText(ms, step) {
  const iso = new Date(ms).toISOString();
  if (step >= 28 * DAY) return iso.slice(0, 7);
  if (step >= DAY) return iso.slice(0, 10);
  if (step >= MINUTE) return iso.slice(11, 16);
  return iso.slice(11, step >= SECOND ? 19 : 23);
}

function months(low, high, count) {
  const start = new Date(low);
  const every = MONTHS.find((some) => (high - low) / (some * 30.44 * DAY) <= count) ?? MONTHS.at(-1);
  const ticks = [];
  let month = Math.ceil((start.getUTCFullYear() * 12 + start.getUTCMonth()) / every) * every;
  for (; ticks.length < MOST_TICKS; month += every) {
    const tick = new Date(0).setUTCFullYear(Math.floor(month / 12), month % 12, 1);
    if (tick > high) break;
    if (tick >= low) ticks.push(tick);
  }
  return ticks;
}

// Clock time, UTC, as all pages have it. The day stands below the first tick and where it changes.
const clock = {
  to: (value) => value,
  from: (place) => place,
  shown: (value) => Number.isFinite(value) && Math.abs(value) < 8e15,
  ticks: (low, high, room, width) =>
    fitting(room, width, (count) => {
      const step = TIMES.find((some) => (high - low) / some <= count) ?? 31 * DAY;
      const ticks = step > 14 * DAY ? months(low, high, count) : evenly(low, high, step);
      let day = "";
      return ticks.map((tick) => {
        const today = new Date(tick).toISOString().slice(0, 10);
        const text = clockText(tick, step);
        const dated = step < DAY && today !== day ? `${text}\n${today}` : text;
        day = today;
        return [tick, dated];
      });
    }),
};

export function lasting(seconds) {
  const size = Math.abs(seconds);
  if (size < 60) return `${Number(seconds.toPrecision(6))} s`;
  if (!Number.isFinite(seconds) || size > 1e10) return `${readable(seconds)} s`;
  const whole = Math.round(size);
  const parts = [[Math.floor(whole / 86400), "d"], [Math.floor((whole % 86400) / 3600), "h"], [Math.floor((whole % 3600) / 60), "m"], [whole % 60, "s"]];
  return (seconds < 0 ? "−" : "") + parts.filter(([count]) => count).map(([count, unit]) => `${count}${unit}`).slice(0, 2).join(" ");
}

const duration = {
  to: (value) => value,
  from: (place) => place,
  shown: Number.isFinite,
  ticks: (low, high, room, width) =>
    fitting(room, width, (count) => {
      const step = (TIMES.find((some) => ((high - low) * 1000) / some <= count) ?? niceStep((high - low) * 1000, count, 1)) / 1000;
      return evenly(low, high, step).map((tick) => [tick, tick === 0 ? "0" : lasting(tick)]);
    }),
};

// The axis for values between `limits`. `ticks(low, high, room, width)` gives places and words, for a room in pixels.
export function axisFor(kind, log, limits) {
  if (log && kind !== "time") return logarithmic();
  if (kind === "time") return clock;
  return kind === "relative" ? duration : linear(limits);
}

export function exactX(value, kind) {
  if (kind === "time") return `${instant(value)} UTC`;
  if (kind === "relative") return value < 60 ? `${value} s` : `${lasting(value)} (${value} s)`;
  return kind === "step" ? `step ${value}` : `${kind.replace(/^metrics\./, "")} ${value}`;
}
