// What the page holds, and what every other part builds with: elements, numbers in words, the look of a status.
const held = JSON.parse(document.getElementById("held").textContent);
const data = held.data, states = data.states;
const byId = (id) => document.getElementById(id);
const numberOf = new Map(states.identifier.map((name, i) => [name, i]));

// Palette of Okabe and Ito, which people with any colour-vision deficiency can tell apart, each with a sign besides:
// nothing is told by colour alone. Done #0072b2 with white; not equilibrated #e69f00, crystallised #cc79a7, failed #d55e00
// and running #56b4e9 with black; waiting in the page's own ink on a dashed outline. Every text has a contrast of 4.5 or more.
const LOOK = {
  done: { sign: "✓", word: "done" },
  not_equilibrated: { sign: "~", word: "not equilibrated" },
  crystallised: { sign: "◆", word: "crystallised" },
  failed: { sign: "✕", word: "failed" },
  running: { sign: "▸", word: "running" },
  waiting: { sign: "·", word: "waiting" },
};
// The status that calls for a look first comes first: of several states in one place that one is shown.
const URGENCY = ["failed", "running", "crystallised", "not_equilibrated", "waiting", "done"];
const statusOf = (i) => data.statuses[states.code[i]] || "waiting";
const wordOf = (status) => (LOOK[status] || { word: status.replaceAll("_", " ") }).word;
const isStill = matchMedia("(prefers-reduced-motion: reduce)");

const element = (tag, text, attributes = {}) => {
  const made = document.createElement(tag);
  if (text !== null) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};
const percent = (share) => (share === null || share === undefined ? "" : `${Math.round(100 * share)} %`);
const clock = (seconds) => new Date(1000 * seconds).toLocaleString([], { weekday: "short", hour: "2-digit", minute: "2-digit", hour12: false });
const formatted = (value, spec) => {  // as Python's ".4f", ".1e" and ".4g"
  const digits = Number(spec.slice(1, -1)), kind = spec.slice(-1);
  return kind === "f" ? value.toFixed(digits) : kind === "e" ? value.toExponential(digits) : String(Number(value.toPrecision(digits)));
};
const described = (i) => {
  const status = statusOf(i), share = states.share[i];
  const partly = (status === "running" || status === "waiting") && share > 0 ? `, ${percent(share)} of its stages` : "";
  const replica = hasReplicas ? `, replica ${states.replica[i]}` : "";
  return `${data.titles[states.potential[i]] || states.potential[i]}, ρ ${states.rho[i]}, T ${states.T[i]}${replica}: ${wordOf(status)}${partly}`;
};
const hasReplicas = states.replica.some((number) => number > 0);

const table = (id, header, rows) => {
  const made = [];
  if (rows.length) {
    const head = element("tr", null);
    head.append(...header.map((text) => element("th", text, { scope: "col" })));
    made.push(head);
  } else made.push(element("caption", "none"));
  for (const row of rows) {
    const line = element("tr", null);
    row.forEach((cell, at) => {
      const place = element("td", null, { "data-label": header[at], ...(typeof cell === "number" ? { class: "number" } : {}) });
      place.append(cell === null || cell === undefined ? "" : cell instanceof Node ? cell : String(cell));
      line.append(place);
    });
    made.push(line);
  }
  const focused = byId(id).contains(document.activeElement) ? document.activeElement.textContent : null;
  byId(id).replaceChildren(...made);
  if (focused !== null) [...byId(id).querySelectorAll("button")].find((button) => button.textContent === focused)?.focus();
};
const signed = (status, text) => {
  const all = element("span", null, { class: "signed" });
  all.append(element("i", LOOK[status].sign, { class: `sign ${status}`, "aria-hidden": "true" }), text);
  return all;
};
