// What each kind of plot draws, for ECharts: {option, summary, head, rows, legend, note, run(event)}. Those of groups have `ranges`
// too: what the table of runs is filtered by where one of a group is pressed, and null where no filter says that.
import { chosenOf, rangeOf } from "./plot-choice.js";
import { along, paintOf, theme } from "./plot-colours.js";
import { boxOf, front, groupsBy, heights, histogram, moments } from "./plot-statistics.js";
import { Scale } from "./plot-values.js";

const [GRID_COLUMNS, GRID_ROWS, BANDS] = [64, 44, 10];
const MOST_HEIGHTS = 600;
const many = (count, noun = "run") => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
const logged = (plot, name) => plot.log.includes(name);

// An axis of ECharts for a scale: straight, with our own ticks, and a place for runs without a value.
function axisOf(scale, room, across, more = {}) {
  const { soft, line, edge, font } = theme();
  const ticks = scale.ticks(room, across ? 20 : 14, across);
  const words = new Map(ticks);
  return {
    type: "value",
    min: scale.start,
    max: scale.high,
    axisLine: { show: true, onZero: false, lineStyle: { color: edge } },
    axisTick: { show: true, customValues: ticks.map(([place]) => place), lineStyle: { color: edge } },
    axisLabel: { customValues: ticks.map(([place]) => place), formatter: (place) => words.get(place) ?? "", color: soft, fontFamily: font, fontSize: 11, hideOverlap: true },
    splitLine: { show: true, lineStyle: { color: line } },
    name: scale.column.title,
    nameLocation: "middle",
    nameGap: across ? 28 : 62,
    nameTextStyle: { color: soft, fontFamily: font, fontSize: 12 },
    nameTruncate: { maxWidth: room - 10, ellipsis: "…" },
    ...more,
  };
}

const grid = { left: 84, right: 18, top: 14, bottom: 46 };
const framed = (parts) => ({ animation: false, backgroundColor: "transparent", grid, textStyle: { fontFamily: theme().font }, ...parts });
const roomOf = ({ width, height }) => [Math.max(80, width - grid.left - grid.right), Math.max(80, height - grid.top - grid.bottom)];

function span(column) {
  const known = column.values.filter((value) => value !== null && (column.isText || Number.isFinite(value)));
  if (!known.length) return `no run has ${column.title}`;
  if (column.isText) return `${column.title}: ${many(new Set(known).size, "text")}`;
  return `${column.title} from ${column.short(known.reduce((a, b) => Math.min(a, b)))} to ${column.short(known.reduce((a, b) => Math.max(a, b)))}`;
}

const without = (scales) => {
  const parts = scales.filter((scale) => scale.without).map((scale) => `${many(scale.without)} without ${scale.column.title}`);
  return parts.length ? ` At the edge: ${parts.join(", ")}.` : "";
};

const runRows = (values, columns) => (limit) => values.ids.slice(0, limit).map((id, at) => ({ id, cells: [values.names[at], ...columns.map((column) => column.text(at))] }));
const everything = (values, columns) => ({ head: ["Run", ...columns.map((column) => column.title)], rows: runRows(values, columns), count: values.ids.length });
const hovered = (values, columns, at) => [values.names[at], ...columns.map((column) => `${column.title}: ${column.text(at)}`)];

function scatter(plot, values, size) {
  const columns = [...new Set([plot.x, plot.y, plot.c, plot.s].filter(Boolean))].map((name) => values.columns.get(name));
  const [x, y] = ["x", "y"].map((name) => new Scale(values.columns.get(plot[name]), logged(plot, name)));
  const [width, height] = roomOf(size);
  const paint = paintOf(values, plot.c, logged(plot, "c"));
  const sizes = plot.s ? new Scale(values.columns.get(plot.s), logged(plot, "s")) : null;
  const radius = (at) => (sizes ? (sizes.places[at] === null ? 4 : 5 + 17 * ((sizes.places[at] - sizes.low) / (sizes.high - sizes.low))) : values.ids.length > 1500 ? 5 : 7);
  const data = values.ids.map((_, at) => ({ value: [x.place(at), y.place(at)], symbol: paint.sign(at), symbolSize: radius(at), itemStyle: { color: paint.of(at), opacity: sizes ? 0.55 : 0.75 } }));
  return {
    option: framed({ xAxis: axisOf(x, width, true), yAxis: axisOf(y, height, false), series: [{ type: "scatter", data, emphasis: { scale: 1.6, itemStyle: { opacity: 1, borderColor: theme().text, borderWidth: 1.5 } } }] }),
    summary: `${y.column.title} over ${x.column.title} of ${many(values.ids.length)}; ${span(x.column)}, ${span(y.column)}.${without([x, y])}`,
    legend: paint.legend,
    sized: sizes?.column.title,
    hover: ({ dataIndex }) => hovered(values, columns, dataIndex),
    run: ({ dataIndex, seriesIndex }) => (seriesIndex ? undefined : dataIndex),
    ...everything(values, columns),
  };
}

function pareto(plot, values, size) {
  const drawn = scatter(plot, values, size);
  const [x, y] = ["x", "y"].map((name) => new Scale(values.columns.get(plot[name]), logged(plot, name)));
  const signs = [plot.xbest === "max" ? 1 : -1, plot.ybest === "max" ? 1 : -1];
  const points = values.ids.map((_, at) => ({ at, x: x.places[at], y: y.places[at] })).filter((point) => point.x !== null && point.y !== null);
  const found = front(points, signs);
  const onFront = new Set(found.map(({ at }) => at));
  for (const [at, point] of drawn.option.series[0].data.entries()) point.itemStyle.opacity = onFront.has(at) ? 1 : 0.35;
  for (const at of onFront) drawn.option.series[0].data[at].itemStyle.borderColor = theme().text;
  const step = signs[0] > 0 ? "end" : "start";
  drawn.option.series.push({ type: "line", data: [...found].sort((a, b) => a.x - b.x).map((point) => [point.x, point.y]), step: found.length > 1 ? step : false, symbol: "none", silent: true, lineStyle: { color: theme().second, width: 2 } });
  const best = ["x", "y"].map((name, at) => `${signs[at] > 0 ? "high" : "low"} ${values.columns.get(plot[name]).title}`).join(" and ");
  return {
    ...drawn,
    summary: `Of ${many(points.length)} with both, ${many(found.length)} of which none is better in ${best}.`,
    rows: (limit) => found.slice(0, limit).map(({ at }) => ({ id: values.ids[at], cells: [values.names[at], x.column.text(at), y.column.text(at)] })),
    head: ["Run on the front", x.column.title, y.column.title],
    count: found.length,
  };
}

function contour(plot, values, size, library) {
  const columns = ["x", "y", "z"].map((name) => values.columns.get(plot[name]));
  const [x, y, z] = ["x", "y", "z"].map((name, at) => new Scale(columns[at], logged(plot, name)));
  const [width, height] = roomOf(size);
  const usable = values.ids.map((_, at) => at).filter((at) => [x, y, z].every((scale) => scale.places[at] !== null));
  const every = Math.max(1, Math.ceil(usable.length / MOST_HEIGHTS));
  const share = (scale, at) => (scale.places[at] - scale.low) / (scale.high - scale.low);
  const levels = z.high - z.low;
  const bands = usable.length > 2 ? bandsOf(library, usable.filter((_, at) => at % every === 0).map((at) => [share(x, at), share(y, at), z.places[at]]), z) : [];
  const paint = paintOf(values, plot.z, logged(plot, "z"));
  const at = (scale, part, count) => scale.low + ((part - 0.5) / (count - 1)) * (scale.high - scale.low);
  const shapes = bands.flatMap(({ value, coordinates }) => coordinates.map((rings) => ({ value, rings: rings.map((ring) => ring.map(([column, row]) => [at(x, column, GRID_COLUMNS), at(y, row, GRID_ROWS)])) })));
  const drawBand = (_, api) => {
    const { value, rings } = shapes[api.value(0)];
    const path = rings.map((ring) => `${ring.map((point, index) => `${index ? "L" : "M"}${api.coord(point).map((each) => each.toFixed(1)).join(" ")}`).join("")}Z`).join("");
    return { type: "path", shape: { pathData: path }, style: { fill: along(Math.min(1, Math.max(0, (value - z.low) / levels))), opacity: 0.5, stroke: theme().ground, lineWidth: 0.5 }, silent: true };
  };
  const data = values.ids.map((_, place) => ({ value: [x.place(place), y.place(place)], symbolSize: 5, symbol: paint.sign(place), itemStyle: { color: paint.of(place), borderColor: theme().text, borderWidth: 0.5 } }));
  const corner = [x.low, y.low];
  return {
    option: framed({
      xAxis: axisOf(x, width, true),
      yAxis: axisOf(y, height, false),
      series: [
        { type: "scatter", data, z: 3 },
        { type: "custom", renderItem: drawBand, data: shapes.map((_, place) => [place, ...corner]), encode: { x: 1, y: 2 }, silent: true, clip: true, z: 1 },
      ],
    }),
    summary: `${z.column.title} over ${x.column.title} and ${y.column.title} of ${many(usable.length)} that have all three; ${span(z.column)}. Between the runs the height is estimated from the nearest ones; far from all of them there is none.${without([x, y])}`,
    legend: paint.legend,
    hover: ({ dataIndex, seriesIndex }) => (seriesIndex ? [] : hovered(values, columns, dataIndex)),
    run: ({ dataIndex, seriesIndex }) => (seriesIndex ? undefined : dataIndex),
    ...everything(values, columns),
  };
}

function bandsOf(library, points, z) {
  const grid = heights(points, GRID_COLUMNS, GRID_ROWS);
  const thresholds = Array.from({ length: BANDS }, (_, at) => z.low + (at / BANDS) * (z.high - z.low));
  return library.contours().size([GRID_COLUMNS, GRID_ROWS]).thresholds(thresholds)(grid);
}

const FAINT = 0.3;
const press = (ranges, at) => (ranges[at] ? ["Press it to filter the table"] : []);

const finite = (column, runs) => runs.filter((at) => column.values[at] !== null && Number.isFinite(column.values[at]));

function categories(groups, title, room) {
  const { soft, edge, font } = theme();
  const each = room / Math.max(groups.length, 1);
  const narrow = groups.some(({ text }) => text.length * 6.5 > each);
  const shown = (text) => (text.length > 18 ? `${text.slice(0, 9)}…${text.slice(-8)}` : text);
  return {
    type: "category",
    data: groups.map(({ text }, at) => `${at}|${text}`), // texts that look the same stay apart
    axisLine: { lineStyle: { color: edge } },
    axisTick: { lineStyle: { color: edge } },
    axisLabel: { formatter: (text) => shown(text.slice(text.indexOf("|") + 1)), color: soft, fontFamily: font, fontSize: 11, interval: 0, rotate: narrow ? 40 : 0, hideOverlap: true },
    name: title,
    nameLocation: "middle",
    nameGap: narrow ? 84 : 30,
    nameTextStyle: { color: soft, fontFamily: font, fontSize: 12 },
  };
}

const lowered = (axis) => ({ ...grid, bottom: axis.nameGap + 18 });

// Groups with the finite values of y, those without one left out.
function grouped(plot, values) {
  const [by, y] = [plot.by, plot.y].map((name) => values.columns.get(name));
  const usable = finite(y, [...values.ids.keys()]).filter((at) => !logged(plot, "y") || y.values[at] > 0);
  return { by, y, usable, groups: groupsBy(by, usable) };
}

function box(plot, values, size, _library, brushes) {
  const { by, y, usable, groups } = grouped(plot, values);
  const ranges = groups.map(({ runs }) => rangeOf(by, runs));
  const chosen = chosenOf(ranges, brushes);
  const scale = new Scale(y, logged(plot, "y"));
  const [width, height] = roomOf(size);
  const boxes = groups.map(({ runs }) => boxOf(runs.map((at) => y.values[at])));
  const to = (value) => scale.axis.to(value);
  const { accent, second, ground } = theme();
  const beyond = groups.flatMap(({ runs }, place) => runs.filter((at) => y.values[at] < boxes[place].low || y.values[at] > boxes[place].high).map((at) => ({ value: [place, to(y.values[at])], run: at })));
  const axis = categories(groups, by.title, width);
  const lines = ({ least, lower, middle, upper, greatest }) => [["least", least], ["lower quartile", lower], ["median", middle], ["upper quartile", upper], ["greatest", greatest]].map(([word, value]) => `${word}: ${y.short(value)}`);
  return {
    option: framed({
      grid: lowered(axis),
      xAxis: axis,
      yAxis: axisOf(scale, height, false, { min: scale.low }),
      series: [
        { type: "boxplot", data: boxes.map((each, at) => ({ value: [each.low, each.lower, each.middle, each.upper, each.high].map(to), itemStyle: { opacity: chosen[at] ? 1 : FAINT } })), itemStyle: { color: ground, borderColor: accent, borderWidth: 1.5 } },
        { type: "scatter", data: beyond, symbolSize: 5, itemStyle: { color: second } },
      ],
    }),
    summary: `${y.title} by ${by.title}: ${many(groups.length, "group")} of ${many(usable.length)}. Boxes are the quartiles, whiskers reach 1.5 times their distance, dots are beyond.`,
    hover: ({ dataIndex, seriesIndex }) => (seriesIndex ? hovered(values, [by, y], beyond[dataIndex].run) : [`${by.title}: ${groups[dataIndex].text}`, many(groups[dataIndex].runs.length), ...lines(boxes[dataIndex]), ...press(ranges, dataIndex)]),
    ranges,
    run: ({ dataIndex, seriesIndex }) => (seriesIndex ? beyond[dataIndex].run : undefined),
    head: [by.title, "Runs", "Least", "Lower quartile", "Median", "Upper quartile", "Greatest"],
    rows: (limit) => groups.slice(0, limit).map(({ text, runs }, at) => ({ cells: [text, runs.length, ...[boxes[at].least, boxes[at].lower, boxes[at].middle, boxes[at].upper, boxes[at].greatest].map(String)] })),
    count: groups.length,
  };
}

function bar(plot, values, size, _library, brushes) {
  const { by, y, usable, groups } = grouped(plot, values);
  const ranges = groups.map(({ runs }) => rangeOf(by, runs));
  const chosen = chosenOf(ranges, brushes);
  const [width, height] = roomOf(size);
  const means = groups.map(({ runs }) => moments(runs.map((at) => y.values[at])));
  const ends = means.flatMap(({ mean, sd }) => [mean - (sd ?? 0), mean + (sd ?? 0)]);
  const scale = new Scale({ ...y, values: logged(plot, "y") ? means.map(({ mean }) => mean) : [0, ...ends], isText: false, title: `Mean ${y.title}` }, logged(plot, "y"));
  const to = (value) => (scale.axis.shown(value) ? scale.axis.to(value) : scale.low);
  const { accent, text } = theme();
  const whisker = (_, api) => {
    const [place, low, high] = [0, 1, 2].map((at) => api.value(at));
    const [[x, bottom], [, top]] = [api.coord([place, low]), api.coord([place, high])];
    const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: text, lineWidth: 1.2 } });
    return { type: "group", silent: true, children: [line(x, bottom, x, top), line(x - 5, top, x + 5, top), line(x - 5, bottom, x + 5, bottom)] };
  };
  const axis = categories(groups, by.title, width);
  return {
    option: framed({
      grid: lowered(axis),
      xAxis: axis,
      yAxis: axisOf(scale, height, false, { min: scale.low }),
      series: [
        { type: "bar", data: means.map(({ mean }, at) => ({ value: to(mean), itemStyle: { opacity: chosen[at] ? 1 : FAINT } })), itemStyle: { color: accent }, barMaxWidth: 60 },
        { type: "custom", renderItem: whisker, data: means.flatMap(({ mean, sd }, at) => (sd === null ? [] : [[at, to(mean - sd), to(mean + sd)]])), silent: true, z: 5 },
      ],
    }),
    summary: `Mean ${y.title} by ${by.title}: ${many(groups.length, "group")} of ${many(usable.length)}, with the standard deviation of each.`,
    hover: ({ dataIndex }) => [`${by.title}: ${groups[dataIndex].text}`, many(groups[dataIndex].runs.length), `mean: ${y.short(means[dataIndex].mean)}`, `deviation: ${means[dataIndex].sd === null ? "none" : y.short(means[dataIndex].sd)}`, ...press(ranges, dataIndex)],
    ranges,
    run: () => undefined,
    head: [by.title, "Runs", "Mean", "Deviation"],
    rows: (limit) => groups.slice(0, limit).map(({ text: name, runs }, at) => ({ cells: [name, runs.length, String(means[at].mean), means[at].sd === null ? "none" : String(means[at].sd)] })),
    count: groups.length,
  };
}

// An axis of counts, which are whole.
class Counts extends Scale {
  ticks(...room) {
    return super.ticks(...room).flatMap(([place]) => (Number.isInteger(place) ? [[place, (place || 0).toLocaleString("en")]] : []));
  }
}

function hist(plot, values, size, _library, brushes) {
  const column = values.columns.get(plot.x);
  const [width, height] = roomOf(size);
  const { accent } = theme();
  const scale = new Scale(column, logged(plot, "x"));
  const known = [...values.ids.keys()].filter((at) => scale.places[at] !== null);
  const places = known.map((at) => scale.places[at]);
  const groups = column.isText ? groupsBy(column, [...values.ids.keys()]) : null;
  const [low, high] = places.length ? [scale.least, scale.greatest] : [0, 1];
  const half = (scale.high - scale.low) / 30; // one value alone is a bar around it
  const found = groups ? [] : high > low ? histogram(places, low, high) : [{ from: low - half, to: high + half, members: [...places.keys()], text: column.short(scale.axis.from(low)) }];
  const ranges = groups ? groups.map(({ runs }) => rangeOf(column, runs)) : found.map(({ members }) => rangeOf(column, members.map((at) => known[at])));
  const chosen = chosenOf(ranges, brushes);
  const texts = groups?.map(({ text, runs }) => ({ text, runs: runs.length }));
  const bins = texts ?? found.map(({ members, ...bin }) => ({ ...bin, runs: members.length, text: bin.text ?? `${column.short(scale.axis.from(bin.from))} to ${column.short(scale.axis.from(bin.to))}` }));
  const counts = new Counts({ name: "", title: "Runs", kind: "number", isText: false, values: [0, ...bins.map(({ runs }) => runs)] });
  const y = axisOf(counts, height, false, { min: 0 });
  const drawBin = (_, api) => {
    const bin = bins[api.value(3)];
    const [[left, bottom], [right, top]] = [api.coord([bin.from, 0]), api.coord([bin.to, bin.runs])];
    return { type: "rect", shape: { x: left + 0.5, y: top, width: Math.max(1, right - left - 1), height: bottom - top }, style: { fill: accent, opacity: chosen[api.value(3)] ? 1 : FAINT } };
  };
  const axis = texts ? categories(texts, column.title, width) : { ...axisOf(scale, width, true), min: scale.low };
  const series = texts ? { type: "bar", data: bins.map(({ runs }, at) => ({ value: runs, itemStyle: { opacity: chosen[at] ? 1 : FAINT } })), itemStyle: { color: accent }, barMaxWidth: 60 } : { type: "custom", renderItem: drawBin, data: bins.map((bin, at) => [bin.from, bin.to, bin.runs, at]), encode: { x: [0, 1], y: 2 } };
  const note = scale.without && !texts ? ` ${many(scale.without)} without a place on it.` : "";
  return {
    option: framed({ grid: texts ? lowered(axis) : grid, xAxis: axis, yAxis: y, series: [series] }),
    summary: `How ${column.title} is distributed over ${many(values.ids.length)}: ${span(column)}.${note}`,
    hover: ({ dataIndex }) => [`${column.title}: ${bins[dataIndex].text}`, many(bins[dataIndex].runs), ...press(ranges, dataIndex)],
    ranges,
    run: () => undefined,
    head: [column.title, "Runs"],
    rows: (limit) => bins.slice(0, limit).map(({ text, runs }) => ({ cells: [text, runs] })),
    count: bins.length,
  };
}

export const DRAWN = { scatter, pareto, contour, box, bar, hist };
export { many, everything, hovered, logged };
