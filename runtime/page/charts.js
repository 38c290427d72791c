// Two charts over the last ten minutes, by Chart.js.
import { time_text, count_text, color } from "./tables.js";

const kept = 600; // samples
const samples = []; // { at, ok, failed, p50, p99 }, oldest first
let last = null;
const charts = [];
const usual = 60; // seconds, at least

/// Samples as the feed has them: [age_ms, ok, failed, queued, in_use, slots, nodes, p50_us, p99_us].
export function add_samples(news) {
  const now = Date.now();
  for (const [age, ok, failed, , , , , p50, p99] of news) {
    const at = now - age;
    // After a lost connection the master repeats the samples that it still has.
    if (last && at <= last.at + 200) continue;
    // The master has restarted.
    if (last && (ok < last.ok || failed < last.failed)) last = null;
    if (last) {
      const seconds = (at - last.at) / 1000;
      samples.push({ at, ok: (ok - last.ok) / seconds, failed: (failed - last.failed) / seconds,
                     p50: p50 || null, p99: p99 || null });
    }
    last = { at, ok, failed };
  }
  samples.splice(0, Math.max(0, samples.length - kept));
  draw();
  return samples[samples.length - 1];
}

function line(label, key, name) {
  return { label, key, name, data: [], borderWidth: 1.5, pointRadius: lone, tension: 0.2, spanGaps: false };
}

/// A sample without neighbours is drawn as a point, since there is no line.
function lone({ dataset, dataIndex }) {
  const there = (at) => dataset.data[at]?.y != null;
  return there(dataIndex) && !there(dataIndex - 1) && !there(dataIndex + 1) ? 1.5 : 0;
}

function make(id, lines, scale, text) {
  const chart = new Chart(document.getElementById(id), {
    type: "line",
    data: { datasets: lines },
    options: {
      animation: false, responsive: true, maintainAspectRatio: false, parsing: false, normalized: true,
      interaction: { mode: "index", intersect: false },
      scales: {
        x: { type: "linear", grid: { display: false }, afterBuildTicks: even_times,
             ticks: { maxRotation: 0, callback: ago } },
        y: { ...scale, ticks: { maxTicksLimit: 5, callback: text } },
      },
      plugins: {
        legend: { align: "end", labels: { boxWidth: 10, boxHeight: 2 } },
        tooltip: { callbacks: { title: (all) => ago(all[0].parsed.x),
                                label: (one) => " " + one.dataset.label + "  " + text(one.parsed.y) } },
      },
    },
  });
  charts.push(chart);
}

/// The x axis: seconds, now is 0.
function ago(seconds) {
  return seconds > -1 ? "now" : time_text(Math.round(-seconds) * 1000) + " ago";
}

/// Six at most: whole minutes, of two minutes or less quarters.
function even_times(axis) {
  const step = axis.min >= -60 ? 15 : axis.min >= -120 ? 30 : Math.ceil(-axis.min / 300) * 60;
  axis.ticks = [];
  for (let at = 0; at >= axis.min; at -= step) axis.ticks.unshift({ value: at });
}

/// Of a logarithmic axis 1, 10, 100; where it is short 2 and 5 too.
function round_ticks(axis) {
  const digits = axis.max / axis.min < 30 ? "125" : "1";
  axis.ticks = axis.ticks.filter(({ value }) => {
    const rounded = value.toExponential(0);
    return Number(rounded) === value && digits.includes(rounded[0]);
  });
}

export function start_charts() {
  if (!window.Chart) {
    document.getElementById("charts").hidden = true;
    return;
  }
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  make("rate", [line("answered", "ok", "--accent"), line("failed", "failed", "--bad")],
       { beginAtZero: true, suggestedMax: 1 }, count_text);
  make("time", [line("median", "p50", "--accent"), line("99 %", "p99", "--warn")],
       { type: "logarithmic", afterBuildTicks: round_ticks }, (us) => time_text(us / 1000));
  repaint();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
}

function repaint() {
  for (const chart of charts) {
    for (const one of chart.data.datasets) one.borderColor = one.backgroundColor = color(one.name);
    for (const axis of Object.values(chart.options.scales)) {
      axis.ticks.color = color("--soft");
      axis.grid = { ...axis.grid, color: color("--line") };
    }
    chart.options.plugins.legend.labels.color = color("--text");
    chart.update();
  }
}

function draw() {
  const now = Date.now();
  for (const chart of charts) {
    for (const one of chart.data.datasets) one.data = samples.map((s) => ({ x: (s.at - now) / 1000, y: s[one.key] }));
    const oldest = samples.length ? (samples[0].at - now) / 1000 : 0;
    chart.options.scales.x.min = -Math.min(kept, Math.max(usual, Math.ceil(-oldest / 60) * 60));
    chart.options.scales.x.max = 0;
    chart.update();
  }
}
