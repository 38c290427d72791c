// Timeline of the last 30 seconds: one row per node, one bar per call.
import { color, time_text } from "./tables.js";

const shown_ms = 30e3;
const most_nodes = 40;
const row = 20;
const axis = 20; // above the rows: in sight before they are scrolled
const hues = [212, 150, 32, 280, 340, 180, 60, 100];
let calls = [];

for (const change of [matchMedia("(prefers-color-scheme: dark)"), window])
  change.addEventListener(change === window ? "resize" : "change", () => draw(Date.now()));

function paint(method, methods) {
  const at = methods.indexOf(method);
  return at < 0 || at >= hues.length ? color("--soft") : `hsl(${hues[at]} 60% ${is_dark() ? 62 : 48}%)`;
}

function is_dark() {
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/// Calls as the feed has them: [node, method, sent_ms_ago, ended_ms_ago, how].
export function add_calls(news) {
  const now = Date.now();
  for (const [node, method, sent, ended, how] of news) calls.push({ node, method, from: now - sent, to: now - ended, how });
  calls = calls.filter((one) => one.to > now - shown_ms).slice(-20000);
  draw(now);
}

function by_use(key) {
  const sums = new Map();
  for (const one of calls) sums.set(one[key], (sums.get(one[key]) || 0) + one.to - one.from + 1);
  return [...sums.keys()].sort((a, b) => sums.get(b) - sums.get(a));
}

function draw(now) {
  document.getElementById("timeline-part").hidden = calls.length === 0;
  if (calls.length === 0) return;
  const busiest = by_use("node");
  const nodes = busiest.slice(0, most_nodes).sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  const methods = by_use("method").slice(0, hues.length);
  const canvas = document.getElementById("timeline");
  const width = canvas.parentElement.clientWidth - 32;
  const height = axis + nodes.length * row;
  const sharp = window.devicePixelRatio || 1;
  canvas.width = width * sharp;
  canvas.height = height * sharp;
  canvas.style.width = width + "px";
  canvas.style.height = height + "px";
  canvas.setAttribute("aria-label", `${calls.length} calls on ${busiest.length} nodes in the last 30 seconds`);
  const pen = canvas.getContext("2d");
  pen.scale(sharp, sharp);
  pen.font = "12px " + getComputedStyle(document.body).fontFamily;
  pen.textBaseline = "middle";
  const left = Math.min(220, 0.35 * width, 12 + Math.max(...nodes.map((name) => pen.measureText(name).width)));
  const x = (at) => left + ((width - left) * (at - now + shown_ms)) / shown_ms;
  const y = (i) => axis + i * row;
  nodes.forEach((name, i) => {
    pen.fillStyle = color("--text");
    pen.fillText(fit(pen, name, left - 10), 0, y(i) + row / 2);
    pen.fillStyle = color("--track");
    pen.fillRect(left, y(i) + 3, width - left, row - 6);
  });
  for (const one of calls) {
    const i = nodes.indexOf(one.node);
    if (i < 0) continue;
    const from = Math.max(left, x(one.from));
    pen.fillStyle = one.how === "ok" ? paint(one.method, methods) : color("--bad");
    pen.fillRect(from, y(i) + 3, Math.max(1, x(one.to) - from - 0.5), row - 6);
  }
  pen.fillStyle = color("--soft");
  for (let ago = 0; ago <= 30; ago += width - left < 360 ? 30 : 10) {
    pen.textAlign = ago === 0 ? "right" : ago === 30 ? "left" : "center";
    pen.fillText(ago === 0 ? "now" : time_text(ago * 1000) + " ago", x(now - ago * 1000), axis / 2);
  }
  pen.textAlign = "left";
  document.getElementById("timeline-note").textContent =
    "the last 30 seconds" + (busiest.length > nodes.length ? `, the ${nodes.length} busiest of ${busiest.length} nodes` : "");
  legend(methods);
}

function fit(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  while (text && pen.measureText(text + "…").width > width) text = text.slice(0, -1);
  return text + "…";
}

function legend(methods) {
  const parts = [];
  const add = (text, paint_with) => {
    const part = document.createElement("span");
    const box = document.createElement("i");
    box.style.background = paint_with;
    part.append(box, text);
    parts.push(part);
  };
  for (const method of methods) add(method, paint(method, methods));
  if (calls.some((one) => one.how !== "ok")) add("failed or lost", color("--bad"));
  document.getElementById("legend").replaceChildren(...parts);
}
