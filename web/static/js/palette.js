// The colours and dashes of series: told apart by colour-blind people, and by dashes when colours repeat.
const LIGHT = ["#0b5cad", "#c4501b", "#18703a", "#8e3fa8", "#a3253f", "#0f7b83", "#7a6200", "#5a5fd0", "#b0357f", "#4d5866"];
const DARK = ["#6cb0f5", "#ff9a62", "#5dc687", "#d08cf0", "#ff8a9a", "#4fd0d8", "#dcc04c", "#a3a8ff", "#ff8fcb", "#b4bfcc"];
const DASHES = [[], [6, 4], [2, 3], [10, 3, 2, 3]];

export const isDark = () => getComputedStyle(document.documentElement).getPropertyValue("color-scheme").trim() === "dark"
  || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);

export function look(index) {
  const colours = isDark() ? DARK : LIGHT;
  return { stroke: colours[index % colours.length], dash: DASHES[Math.floor(index / colours.length + (index % 2)) % DASHES.length] };
}

export function paintSwatch(canvas, index) {
  const pen = canvas.getContext("2d");
  const { stroke, dash } = look(index);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.strokeStyle = stroke;
  pen.lineWidth = 5;
  pen.setLineDash(dash.map((length) => length * 2));
  pen.beginPath();
  pen.moveTo(0, canvas.height / 2);
  pen.lineTo(canvas.width, canvas.height / 2);
  pen.stroke();
}

function paintLegend() {
  document.querySelectorAll("#legend canvas").forEach(paintSwatch);
}

paintLegend();
document.addEventListener("themechange", paintLegend);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new CustomEvent("themechange")));
