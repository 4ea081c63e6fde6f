// Which states are shown: by status, liquid and words. The filter and the chosen state stand in the page's address, behind
// the #, so that a view can be shared; the token of the buttons never does.
const filter = { status: new Set(), liquid: new Set(), text: "" };
let chosen = null;
const NUMBER = /^(rho|t|r)=?([\d.eE+-]+)$/i;
const DIGITS = { rho: states.rho, t: states.T, r: states.replica };
// Words as those of 'glassdask ls': T0.8 is T = 0.8 and no other, words of one kind are alternatives, the rest must all
// hold; any other word is a part of the name.
const wanted = (text) => {
  const kinds = new Map();
  for (const word of text.trim().split(/[\s,]+/).filter(Boolean)) {
    const found = NUMBER.exec(word), isNumber = found && Number.isFinite(Number(found[2]));
    const kind = isNumber ? found[1].toLowerCase() : numberOf.has(word) ? "whole" : word;
    const holds = isNumber ? (i) => DIGITS[kind][i] === Number(found[2]) : kind === "whole" ? (i) => states.identifier[i] === word : (i) => states.identifier[i].toLowerCase().includes(word.toLowerCase());
    kinds.set(kind, [...(kinds.get(kind) || []), holds]);
  }
  const all = [...kinds.values()];
  return (i) => all.every((tests) => tests.some((holds) => holds(i)));
};
const matching = () => {
  const hasText = wanted(filter.text), found = [];
  for (let i = 0; i < states.identifier.length; i += 1) {
    if (filter.status.size && !filter.status.has(statusOf(i))) continue;
    if (filter.liquid.size && !filter.liquid.has(states.potential[i])) continue;
    if (filter.text && !hasText(i)) continue;
    found.push(i);
  }
  return found;
};
const isFiltered = () => Boolean(filter.status.size || filter.liquid.size || filter.text.trim());
const remember = () => {
  const parts = new URLSearchParams();
  if (chosen) parts.set("state", chosen);
  for (const kind of ["status", "liquid"]) if (filter[kind].size) parts.set(kind, [...filter[kind]].join(","));
  if (filter.text.trim()) parts.set("text", filter.text.trim());
  const fragment = parts.toString().replaceAll("%2C", ",");
  history.replaceState(null, "", fragment ? `#${fragment}` : location.pathname + location.search);
};
const recall = () => {
  const parts = new URLSearchParams(location.hash.slice(1));
  const among = (kind, allowed) => new Set((parts.get(kind) || "").split(",").filter((name) => allowed.includes(name)));
  filter.status = among("status", data.statuses);
  filter.liquid = among("liquid", Object.keys(data.titles));
  filter.text = parts.get("text") || "";
  byId("words").value = filter.text;
  if (parts.has("token")) keepToken(parts.get("token"));
  return parts.get("state");
};
const refilter = () => {
  remember();
  showFilter();
  drawStates();
};
const toggle = (kind, name) => {
  if (!filter[kind].delete(name)) filter[kind].add(name);
  refilter();
};
const showFilter = () => {
  for (const button of document.querySelectorAll("#filter button[data-kind]")) button.setAttribute("aria-pressed", filter[button.dataset.kind].has(button.dataset.name));
  byId("all").hidden = !isFiltered();
};
const legend = (counts) => {
  for (const status of data.statuses) {
    const count = document.querySelector(`#legend [data-status=${status}] b`);
    if (count.textContent !== String(counts[status])) count.textContent = counts[status];
  }
};
const beginFilter = () => {
  const press = (kind, name, ...content) => {
    const button = element("button", null, { type: "button", "data-kind": kind, "data-name": name, "aria-pressed": "false" });
    button.append(...content);
    button.addEventListener("click", () => toggle(kind, name));
    return button;
  };
  byId("legend").replaceChildren(...data.statuses.map((status) => {
    const item = element("li", null, { "data-status": status });
    item.append(press("status", status, element("i", LOOK[status].sign, { class: `sign ${status}`, "aria-hidden": "true" }), element("b", "0"), ` ${wordOf(status)}`));
    return item;
  }));
  const liquids = Object.entries(data.titles);
  byId("liquids").hidden = liquids.length < 2;
  byId("liquids").replaceChildren(...liquids.map(([name, title]) => {
    const item = element("li", null);
    item.append(press("liquid", name, title));
    return item;
  }));
  byId("words").addEventListener("input", (event) => { filter.text = event.target.value; refilter(); });
  byId("words").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && matching().length) choose(states.identifier[matching()[0]]);
    if (event.key === "Escape" && filter.text) { event.stopPropagation(); event.target.value = filter.text = ""; refilter(); }
  });
  byId("all").addEventListener("click", () => {
    filter.status.clear(); filter.liquid.clear(); filter.text = byId("words").value = "";
    refilter();
    byId("words").focus();
  });
};
