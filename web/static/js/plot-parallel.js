// Parallel coordinates: an axis a column, a line a run. Runs without a value have a place of their own below the axis. Ranges are
// brushed on the axes with the pointer, or typed; the table of runs is filtered by them.
import { make } from "./elements.js";
import { paintOf, theme } from "./plot-colours.js";
import { everything, hovered, logged, many } from "./plot-draw.js";
import { filterByRanges } from "./plot-state.js";
import { Scale, titleOf } from "./plot-values.js";

const WIDTH = 96; // px an axis needs, at least
const AREA = 0.25; // opacity of a range
export const MOST_AXES = 12;
export const widthOf = (plot) => plot.axis.length * WIDTH + 60;

export function parallel(plot, values, size, _library, brushes) {
  const columns = plot.axis.map((name) => values.columns.get(name));
  const scales = columns.map((column) => new Scale(column, logged(plot, column.name)));
  const paint = paintOf(values, plot.c, logged(plot, "c"));
  const { soft, edge, text, font, accent } = theme();
  const height = size.height - 70;
  const axes = scales.map((scale, dim) => {
    const ticks = scale.ticks(height, 20, false);
    const words = new Map(ticks);
    return {
      dim,
      type: "value",
      name: scale.column.title,
      min: scale.start,
      max: scale.high,
      nameTextStyle: { color: text, fontFamily: font, fontSize: 12 },
      nameTruncate: { maxWidth: (size.width - 60) / scales.length, ellipsis: "…" },
      axisLine: { lineStyle: { color: edge, width: 1.5 } },
      axisTick: { customValues: ticks.map(([place]) => place), lineStyle: { color: edge } },
      axisLabel: { customValues: ticks.map(([place]) => place), formatter: (place) => words.get(place) ?? "", color: soft, fontFamily: font, fontSize: 11, textBorderColor: theme().ground, textBorderWidth: 3 },
      areaSelectStyle: { width: 20, borderWidth: 1.5, borderColor: accent, color: accent, opacity: AREA },
    };
  });
  const widest = Math.max(...axes.at(-1).axisLabel.customValues.map((place) => axes.at(-1).axisLabel.formatter(place).length)); // right of the last axis
  const inside = values.ids.filter((_, at) => scales.every((scale) => brushes.filter(({ name }) => name === scale.column.name).every((range) => scale.holds(at, range))));
  const opacity = values.ids.length > 800 ? 0.25 : values.ids.length > 100 ? 0.45 : 0.7;
  const missing = scales.filter((scale) => scale.without).map((scale) => `${many(scale.without)} without ${scale.column.title}`);
  return {
    option: {
      animation: false,
      backgroundColor: "transparent",
      parallel: { left: 46, right: Math.max(62, 18 + 6.5 * widest), top: 34, bottom: 22, parallelAxisDefault: { realtime: false } },
      parallelAxis: axes,
      series: [{ type: "parallel", lineStyle: { width: 1.3, opacity }, activeOpacity: Math.min(1, opacity * 1.6), inactiveOpacity: 0.03, progressive: 0, emphasis: { lineStyle: { width: 3, opacity: 1 } }, data: values.ids.map((_, at) => ({ value: scales.map((scale) => scale.place(at)), lineStyle: { color: paint.of(at) } })) }],
    },
    scales,
    summary: `${many(values.ids.length)} over ${columns.map((column) => column.title).join(", ")}.${brushes.length ? ` ${many(inside.length)} within the ranges.` : ""}${missing.length ? ` At the lower ends: ${missing.join(", ")}.` : ""}`,
    legend: paint.legend,
    hover: ({ dataIndex }) => hovered(values, plot.c && !plot.axis.includes(plot.c) ? [...columns, values.columns.get(plot.c)] : columns, dataIndex),
    run: ({ dataIndex }) => dataIndex,
    ...everything(values, columns),
  };
}

const axisModel = (chart, at) => chart.getModel().getComponent("parallelAxis", at);

// Show the ranges on the axes.
export function showRanges(chart, scales, brushes) {
  for (const [at, scale] of scales.entries()) {
    const intervals = brushes.filter(({ name }) => name === scale.column.name).flatMap((range) => scale.part(range));
    if (intervals.length || axisModel(chart, at).activeIntervals.length) chart.dispatchAction({ type: "axisAreaSelect", parallelAxisId: axisModel(chart, at).id, intervals });
  }
  // ECharts knows the style of ranges that are drawn by hand alone; others would be an opaque grey.
  const { accent } = theme();
  for (const part of chart.getZr().storage.getDisplayList(true)) if (part.type === "rect" && part.name === "main") part.setStyle({ fill: accent, stroke: accent, lineWidth: 1.5, opacity: AREA });
}

// The ranges that are on the axes now: of numbers the last that was drawn, of texts all of them.
export function rangesOn(chart, scales) {
  return scales.flatMap((scale, at) => {
    const found = axisModel(chart, at).activeIntervals.map(([from, to]) => scale.range(Math.min(from, to), Math.max(from, to))).filter(Boolean);
    if (!found.length) return [];
    const numbers = found.filter(({ from, to }) => from !== null || to !== null).at(-1);
    const [texts, none] = [[...new Set(found.flatMap((range) => range.texts))], found.some((range) => range.none)];
    return [{ name: scale.column.name, from: numbers?.from ?? null, to: numbers?.to ?? null, texts, none }];
  });
}

// The same ranges as fields: ends of numbers, and boxes for texts and for runs without a value.
export function rangeFields(card, drawn, base, brushes) {
  const { config } = card.host;
  const sheet = make("div", { className: "range-fields" });
  const error = make("p", { className: "error", role: "alert", hidden: true });
  const readers = drawn.scales.map((scale, at) => {
    const { column } = scale;
    const known = brushes.find(({ name }) => name === column.name) ?? { from: null, to: null, texts: [], none: false };
    const title = titleOf(config, column.name);
    const group = make("fieldset", { className: "range" }, make("legend", { textContent: column.kind === "duration" ? `${title}, in ms` : column.kind === "time" ? `${title}, in ms since 1970` : title }));
    const check = (text, checked) => {
      const input = make("input", { type: "checkbox", checked });
      group.append(make("label", { className: "check" }, input, text));
      return input;
    };
    let read;
    if (column.isText) {
      const boxes = column.texts.map((text, code) => [text, code === column.rare ? null : check(text || "(empty)", known.texts.includes(text))]);
      read = () => ({ from: null, to: null, texts: boxes.filter(([, input]) => input?.checked).map(([text]) => text) });
    } else {
      const ends = ["from", "to"].map((end) => {
        const input = make("input", { type: "text", size: 9, autocomplete: "off", value: known[end] ?? "", id: `range-${end}-${at}` });
        group.append(make("label", {}, `${end} `, input));
        return input;
      });
      read = () => {
        const [from, to] = ends.map((input) => (input.value.trim() === "" ? null : Number(input.value)));
        if (Number.isNaN(from) || Number.isNaN(to)) throw new Error(`Type numbers as the ends of ${title}.`);
        if (from !== null && to !== null && from > to) throw new Error(`The first end of ${title} must not be above the second.`);
        return { from, to, texts: [] };
      };
    }
    const none = column.values.includes(null) && /^(metrics|params|tags)\./.test(column.name) ? check("none", known.none) : null;
    sheet.append(group);
    return () => ({ name: column.name, ...read(), none: Boolean(none?.checked) });
  });
  const apply = make("button", { type: "button", className: "button main", name: "apply-ranges", textContent: "Filter the table" });
  const others = brushes.filter(({ name }) => !drawn.scales.some((scale) => scale.column.name === name));
  apply.addEventListener("click", () => {
    try {
      const typed = readers.map((read) => read());
      error.hidden = true;
      filterByRanges(base, [...others, ...typed]);
    } catch (problem) {
      error.textContent = problem.message;
      error.hidden = false;
    }
  });
  const clear = make("button", { type: "button", className: "button", name: "clear-ranges", textContent: "Clear ranges", hidden: !brushes.length });
  clear.addEventListener("click", () => filterByRanges(base, []));
  sheet.addEventListener("keydown", (event) => event.key === "Enter" && event.target.matches("input[type=text]") && apply.click());
  sheet.append(error, make("div", { className: "row" }, apply, clear));
  return sheet;
}
