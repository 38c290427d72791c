import { give_token, watch } from "./feed.js";
import { add_samples, start_charts } from "./charts.js";
import { add_calls } from "./timeline.js";
import { count_text, fill, time_text } from "./tables.js";

const by_id = (id) => document.getElementById(id);
let news = null;
let rates = new Map(); // node or method: { at, count, rate }

/// Calls per second since the previous update.
function rate(key, count) {
  const now = performance.now();
  const before = rates.get(key);
  const made = { at: now, count, rate: null };
  if (before && count >= before.count && now > before.at) made.rate = ((count - before.count) * 1000) / (now - before.at);
  fresh.set(key, made);
  return made.rate;
}
let fresh = new Map();

function sum(name, value, title, bad) {
  const box = document.createElement("div");
  const number = document.createElement("b");
  const label = document.createElement("span");
  box.className = "sum";
  number.textContent = value;
  number.className = bad ? "bad" : "";
  label.textContent = name;
  box.title = title || "";
  box.append(number, label);
  return box;
}

function show_sums(sample) {
  const s = news.sums;
  const away = s.nodes - s.living;
  by_id("sums").replaceChildren(
    sum(away ? `nodes, ${count_text(away)} silent or leaving` : s.nodes === 1 ? "node" : "nodes", count_text(s.nodes)),
    sum("slots in use", `${count_text(s.in_use)} / ${count_text(s.slots)}`,
        "Can exceed the number of slots: short calls are sent ahead"),
    sum("queued", count_text(s.queued)),
    sum("calls/s", count_text(sample ? sample.ok : 0)),
    sum("failed/s", count_text(sample ? sample.failed : 0), "", sample && sample.failed > 0),
    sum("median", sample && sample.p50 ? time_text(sample.p50 / 1000) : "–", "From sending a call to its result"),
    sum("99 %", sample && sample.p99 ? time_text(sample.p99 / 1000) : "–", "99 % of calls took at most this long"));
}

function show_nodes() {
  const wanted = by_id("filter").value.trim().toLowerCase();
  const labels = (one) => Object.entries(one.labels).map(([name, value]) => `${name}=${value}`).join(" ");
  const rows = news.nodes.map((one) => ({ one, per_second: rate("node " + one.name, one.answered) }));
  const shown = rows.filter(({ one }) => !wanted || `${one.name} ${one.state} ${labels(one)}`.toLowerCase().includes(wanted));
  shown.sort((a, b) => a.one.name.localeCompare(b.one.name, undefined, { numeric: true }));
  const columns = [["Name", "name"], ["State"], ["In use"], ["Calls/s", "number"], ["Answered", "number"], ["Failed", "number"],
                   ["Median", "number"], ["99 %", "number"], ["Age", "number"], ["Labels", "wide"], ["Build", "wide"]];
  fill(by_id("nodes"), columns, shown.map(({ one, per_second }) => [
    { text: one.name, title: `${one.name}, ${one.address}${one.kind === "go" ? ", a Go node" : ""}` },
    { text: one.state.replace("_", " "), kind: "state " + one.state,
      title: one.state === "suspect" ? `silent for ${time_text(one.silent_ms)}` : "" },
    { text: `${one.in_use} / ${one.slots}` + (one.abandoned ? `, ${one.abandoned} abandoned` : ""),
      use: one.in_use / one.slots,
      title: one.in_use > one.slots ? `${one.in_use - one.slots} sent ahead of a free slot` : "" },
    count_text(per_second), count_text(one.answered),
    { text: count_text(one.failed), kind: one.failed ? "number bad" : "number" },
    one.answered ? time_text(one.p50_us / 1000) : "", one.answered ? time_text(one.p99_us / 1000) : "",
    time_text(one.age_ms), { text: labels(one), title: labels(one) }, { text: one.build.slice(0, 8), title: one.build }]),
    wanted ? "No node fits" : "No node is here");
  const left_out = news.nodes_left_out ? `, ${count_text(news.nodes_left_out)} more are not shown` : "";
  by_id("nodes-note").textContent = (wanted ? `${shown.length} of ${news.nodes.length}` : count_text(news.nodes.length)) + left_out;
  by_id("nodes-part").hidden = news.nodes.length === 0;
  by_id("nobody").hidden = news.nodes.length > 0;
  by_id("charts").hidden = !window.Chart || (news.nodes.length === 0 && news.methods.length === 0);
}

/// `tuple<int64,text> -> null` is `int64,text → nothing` here.
function types(method) {
  return method.types.replace(/^tuple<(.*)> -> /, "$1 → ").replace(/ -> /, " → ").replace(/→ null$/, "→ nothing").trim();
}

function busiest_first(methods) {
  const work = (one) => (one.ok || 0) + (one.failed || 0) + (one.queued || 0);
  return [...methods].sort((a, b) => work(b) - work(a) || a.name.localeCompare(b.name));
}

function show_methods() {
  by_id("methods-part").hidden = news.methods.length === 0;
  fill(by_id("methods"), [["Name", "name"], ["Calls/s", "number"], ["Answered", "number"], ["Failed", "number"],
                          ["Queued", "number"], ["Median", "number"], ["99 %", "number"], ["Run time", "number"],
                          ["Nodes", "number"], ["Types", "wide"]],
       busiest_first(news.methods).map((one) => [
         { text: one.name, title: one.name + (one.repeatable ? "" : ", not repeatable") },
         count_text(rate("method " + one.name, one.ok || 0)), count_text(one.ok || 0),
         { text: count_text(one.failed || 0), kind: one.failed ? "number bad" : "number" },
         count_text(one.queued || 0), one.ok ? time_text(one.p50_us / 1000) : "", one.ok ? time_text(one.p99_us / 1000) : "",
         one.run_us ? time_text(one.run_us / 1000) : "", count_text(one.nodes), { text: types(one), title: types(one) }]));
}

/// Rounded down: only all of it is 100 %.
function share_text(done, total) {
  return (total ? Math.floor((100 * Math.min(done, total)) / total) : 100) + " %";
}

function show_jobs() {
  by_id("jobs-part").hidden = news.jobs.length === 0;
  fill(by_id("jobs"), [["Job", "number"], ["Name", "name"], ["From", ""], ["Running", "number"], ["Ended", "number"],
                       ["Calls/s", "number"], ["Age", "number"], [""]],
       news.jobs.map((one) => [one.job, { text: one.name, title: one.name }, one.address, count_text(one.calls),
                               count_text(one.ended), count_text(rate("job " + one.job, one.ended)), time_text(one.age_ms),
                               one.cancelled ? { text: "cancelled", kind: "bad" } : ""]));
}

/// The running fan-outs, those of the master's own program first.
function show_fan_outs() {
  const all = [...news.fan_outs.map((one) => ({ ...one, of: "this program" })),
               ...news.jobs.flatMap((job) => job.fan_outs.map((one) => ({ ...one, of: `${job.name} (${job.job})` })))];
  by_id("fan-outs-part").hidden = all.length === 0;
  fill(by_id("fan-outs"), [["Fan-out", "name"], ["Done"], ["Of", "number"], ["Left", "number"], ["Per second", "number"],
                           ["Failed", "number"], ["Elapsed", "number"], ["Job", "name"]],
       all.map((one) => [
         { text: one.name, title: one.name },
         one.total == null ? { text: count_text(one.done) }
                           : { text: `${count_text(one.done)}, ${share_text(one.done, one.total)}`,
                               use: one.total ? one.done / one.total : 1 },
         one.total == null ? "" : count_text(one.total), time_text(one.left_ms), count_text(one.per_second),
         { text: count_text(one.failed), kind: one.failed ? "number bad" : "number" }, time_text(one.elapsed_ms),
         { text: one.of, title: one.of }]));
}

function show_failures() {
  by_id("failures-part").hidden = news.failures.length === 0;
  by_id("failures").replaceChildren(...news.failures.map((one) => {
    const item = document.createElement("li");
    const code = document.createElement("b");
    const where = document.createElement("span");
    code.textContent = one.code.replaceAll("_", " ");
    where.textContent = ` ${one.method}${one.node ? " on " + one.node : ""}, ${time_text(one.age_ms)} ago` +
                        (one.count > 1 ? `, ${count_text(one.count)} times` : "");
    item.append(code, where, document.createElement("br"), one.message + (one.cause ? ` (first: ${one.cause})` : ""));
    return item;
  }));
}

function show_waiting() {
  by_id("waiting").hidden = news.waiting.length === 0;
  by_id("waiting").querySelector("ul").replaceChildren(...news.waiting.map((reason) => {
    const item = document.createElement("li");
    item.textContent = reason;
    return item;
  }));
}

function show(latest) {
  news = latest;
  fresh = new Map();
  show_sums(add_samples(news.samples));
  show_waiting();
  show_nodes();
  add_calls(news.calls);
  show_jobs();
  show_fan_outs();
  show_methods();
  show_failures();
  rates = fresh;
  by_id("version").textContent = "dist " + news.version;
  document.title = `dist ${location.host}: ${count_text(news.sums.nodes)} nodes`;
}

function link(kind, text) {
  by_id("link").className = "link " + kind;
  if (by_id("link").textContent !== text) by_id("link").textContent = text;
}

by_id("where").textContent = location.host;
const here = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
by_id("join-where").textContent = here ? " on this machine" : "";
by_id("join").textContent = "PROGRAM --join " + (here ? ":" + location.port : location.host);
by_id("filter").addEventListener("input", () => {
  if (!news) return;
  fresh = new Map(rates); // the rates stay as they are
  const kept = rates;
  show_nodes();
  rates = kept;
});
by_id("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  give_token(by_id("token").value);
  by_id("token").value = "";
});
start_charts();
watch({
  on_start: () => link("", "connecting"),
  on_news: (latest) => {
    link("live", "live");
    show(latest);
  },
  on_lost: (why) => link("off", why + "; reconnecting"),
  on_ask: (asks, wrong) => {
    by_id("ask").hidden = !asks;
    by_id("main").hidden = asks;
    if (!asks) return;
    link("off", wrong ? "wrong token" : "token required");
    by_id("token").focus();
  },
});
