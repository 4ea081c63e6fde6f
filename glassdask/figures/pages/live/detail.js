// One state: its numbers, its stages, the log of each, and its curves.
let shown = null;  // what is known of the chosen state
const openStages = new Set();

const choose = (name, isByKey = false) => {
  if (!numberOf.has(name)) return;
  const before = chosen;
  if (name !== before) { openStages.clear(); answered("", false); }
  chosen = name;
  remember();
  byId("chosen").textContent = name;
  byId("detail").classList.add("open");
  byId("close").hidden = false;
  if (!isWide()) byId("detail").scrollIntoView({ behavior: isStill.matches ? "auto" : "smooth", block: "start" });
  if (isByKey) byId("chosen").focus({ preventScroll: true });
  markChosen(before);
  open();
};
const isWide = () => matchMedia("(min-width: 901px)").matches;
const close = () => {
  const before = chosen, name = chosen;
  chosen = shown = null;
  remember();
  byId("chosen").textContent = "No state chosen";
  byId("detail").classList.remove("open");
  byId("close").hidden = true;
  show({});
  markChosen(before);
  const cell = cellOf.get(numberOf.get(name)), map = maps.find((each) => each.isHere(numberOf.get(name)));
  if (cell) rove(numberOf.get(name), true);
  else if (map) map.resume(numberOf.get(name));
};
const open = async () => {
  if (!held.is_live) {
    const found = held.details[chosen];
    show(found || { trouble: `This file holds ${Object.keys(held.details).length} of ${states.identifier.length} states, running and failed ones first. 'glassdask show ${data.folder} ${chosen}' shows any.` });
    return;
  }
  const name = chosen;
  try {
    const answer = await fetch(`glassdask/state.json?state=${encodeURIComponent(name)}`);
    if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
    const found = await answer.json();
    if (name === chosen) show(found);
  } catch (error) { if (name === chosen) show({ trouble: `No answer: ${error.message}` }); }
};
const show = (found) => {
  shown = found;
  const trouble = found.trouble || (found.failure ? "" : found.message) || "";  // a failure stands with its stage
  byId("trouble").hidden = !trouble;
  byId("trouble").textContent = trouble;
  byId("numbers").replaceChildren(...factsOf(found).map(([word, value]) => {
    const pair = element("div", null);
    pair.append(element("dt", word), typeof value === "string" ? element("dd", value) : value);
    return pair;
  }));
  showStages(found);
  drawCurves(found.curves || {}, found.summary || {});
  showSteering(found);
};
const numberFormat = (name) => (data.numbers.find(([key]) => key === name) || [null, null, null, ".4g"])[3];
const factsOf = (found) => {
  if (!found.status) return [];
  const summary = found.summary || {}, status = element("dd", null);
  status.append(signed(found.status, wordOf(found.status) + (found.status === "running" ? `: ${found.stage} ${found.phase} ${percent(found.progress)}` : "")));
  const facts = [["status", status]];
  for (const [key, word, unit, spec] of data.numbers) {
    const value = summary[key] ?? summary[key.replace("chi2_per_point", "chi2")];  // as records of 0.1.0 have it
    if (value !== null && value !== undefined) facts.push([unit ? `${word} / ${unit}` : word, formatted(value, spec)]);
  }
  if (summary.reasons) facts.push(["because", summary.reasons]);
  if (found.steps_per_second) facts.push(["steps a second", String(Math.round(found.steps_per_second))]);
  if (found.engine) facts.push(["engine", `${found.engine} (${found.device})`]);
  return facts;
};

// --- stages and logs ---------------------------------------------------------------------------------------------------
const stageStatus = (found, stage, at) => {
  const isFinished = !["failed", "running", "waiting"].includes(found.status), now = data.stages.indexOf(found.stage);
  if (isFinished) return now === at && !found.message ? (found.stage === data.stages[0] ? "running" : "waiting") : now >= 0 && at >= now && now > 0 ? "waiting" : "done";
  return at < now ? "done" : at === now ? found.status : "waiting";
};
const showStages = (found) => {
  byId("stages").hidden = !found.status;
  if (!found.status) return;
  const focused = document.activeElement && document.activeElement.dataset.stage;
  byId("stages").replaceChildren(...data.stages.map((stage, at) => {
    const status = stageStatus(found, stage, at), item = element("li", null), isOpen = openStages.has(stage) || (status === "failed" && !openStages.has(`-${stage}`));
    const starts = (found.attempts || {})[stage] || 0, took = (found.seconds || {})[stage];
    const said = [wordOf(status)];
    if (status === "running" && found.progress !== null) said[0] += ` ${percent(found.progress)}`;
    if (took) said.push(duration(took));
    if (starts > 1) said.push(`${starts} attempts`);
    const button = element("button", null, { type: "button", class: "stage", "data-stage": stage, "aria-expanded": String(isOpen), "aria-controls": `log-${stage}` });
    button.append(element("i", LOOK[status].sign, { class: `sign ${status}`, "aria-hidden": "true" }), element("b", stage), element("span", said.join(" · ")));
    button.addEventListener("click", () => {
      openStages.delete(isOpen ? stage : `-${stage}`);
      openStages.add(isOpen ? `-${stage}` : stage);
      showStages(shown);
    });
    item.append(button);
    if (isOpen) item.append(logOf(found, stage));
    return item;
  }));
  if (focused) document.querySelector(`#stages [data-stage="${focused}"]`)?.focus();
};
const logOf = (found, stage) => {
  const part = element("div", null, { id: `log-${stage}`, class: "log" }), failure = found.failure;
  if (failure && failure.stage === stage) {
    part.append(element("p", `${failure.reason}: ${failure.message}`, { class: "why" }));
    part.append(element("p", failure.reason === "cancelled" ? "" : `Given up after ${failure.attempts} attempt${failure.attempts === 1 ? "" : "s"}; 'glassdask retry ${data.folder} ${found.state}' tries again.`, { class: "hint" }));
  }
  const events = (found.events || []).filter((event) => event.stage === stage);
  for (const event of events.slice(-12)) {
    const line = [clock(Date.parse(event.time) / 1000), event.event, event.attempt ? `attempt ${event.attempt}` : "", event.host ? `on ${event.host}` : "", event.message || ""];
    part.append(element("p", line.filter(Boolean).join(" · "), { class: "event" }));
  }
  const hasLog = found.log && stage === (failure ? failure.stage : data.stages[0]);
  if (hasLog) part.append(element("pre", found.log, { tabindex: "0", "aria-label": `end of the log of ${stage}` }));
  if (!part.childNodes.length) part.append(element("p", "Nothing has been written yet.", { class: "hint" }));
  return part;
};

// --- curves ------------------------------------------------------------------------------------------------------------
const drawCurves = (curves, summary) => {
  const hasAny = Boolean((curves.t && curves.t.length) || (curves.k && curves.k.length));
  byId("curves").hidden = !hasAny;
  if (!hasAny) return;
  byId("so-far").hidden = !curves.is_so_far;
  if (curves.t && curves.t.length) chart(byId("scattering"), scatteringOf(curves));
  if (curves.k && curves.k.length) chart(byId("structure"), structureOf(curves, summary));
  byId("scattering").hidden = !(curves.t && curves.t.length);
  byId("structure").hidden = !(curves.k && curves.k.length);
};
const bandAround = (values, errors) => {
  const ends = (sign) => values.map((value, i) => (value === null ? null : value + sign * (errors[i] || 0)));
  return { low: ends(-1), high: ends(1) };
};
const scatteringOf = (curves) => {
  const later = curves.t.filter((t) => t > 0), low = Math.min(...later), high = Math.max(...later), series = [];
  data.species.forEach((name, at) => {
    const values = curves[`F_${name}`];
    if (values) series.push({ name, look: `c${at}`, x: curves.t, y: values, ...bandAround(values, curves[`F_${name}_error`] || []) });
    const theory = curves[`F_mct_${name}`];
    if (theory) series.push({ name: `${name}, MCT`, look: `c${at}`, also: "theory", x: curves.t_mct, y: theory });
  });
  return {
    title: `F_s(k_p,t) of ${chosen}`, x: { label: "t / τ_MD", kind: "log", low, high: Math.max(high, 2 * low) }, series,
    y: { label: "F_s(k_p,t)", low: -0.03, high: 1.03 }, rules: [{ y: Math.exp(-1), text: "1/e" }],
  };
};
// Around the peak the curve is that of which k_p is the maximum (through fine bins), elsewhere that of the bins of k.
const joined = (curves, pair) => {
  const points = curves.k.map((k, i) => [k, curves[`S_${pair}`][i], (curves[`S_${pair}_error`] || [])[i] || 0]);
  const near = curves[`S_${pair}_peak`], at = curves.k_peak;
  if (!near || !at) return points;
  const error = (k) => {
    const next = points.findIndex(([other]) => other >= k);
    if (next <= 0) return next ? 0 : points[0][2];
    const [before, after] = [points[next - 1], points[next]], share = (k - before[0]) / (after[0] - before[0]);
    return before[2] + share * (after[2] - before[2]);
  };
  const beyond = points.filter(([k]) => k < at[0] || k > at[at.length - 1]);
  return [...beyond, ...at.map((k, i) => [k, near[i], error(k)])].sort((a, b) => a[0] - b[0]);
};
const structureOf = (curves, summary) => {
  const series = data.pairs.filter((pair) => curves[`S_${pair}`]).map((pair) => {
    const points = joined(curves, pair), [x, y, errors] = [0, 1, 2].map((part) => points.map((point) => point[part]));
    return { name: pair, look: `c${data.pairs.indexOf(pair)}`, x, y, ...bandAround(y, errors) };
  });
  const all = series.flatMap((one) => one.y.filter((value) => value !== null && Number.isFinite(value)));
  const low = Math.min(0, ...all), high = Math.max(1, ...all), marks = [];
  const k_p = summary.peak_wavenumber ?? curves.k_p, S_p = curves.S_p;
  if (k_p !== undefined && k_p !== null && S_p) marks.push({ x: k_p, y: S_p, text: `k_p = ${formatted(k_p, numberFormat("peak_wavenumber"))}` });
  return {
    title: `S(k) of ${chosen}`, x: { label: "k σ_AA", low: 0, high: Math.min(25, Math.max(...curves.k)) }, series, marks,
    y: { label: "S(k)", low: low * 1.15, high: high * 1.1 },
  };
};
const beginDetail = () => {
  byId("close").addEventListener("click", close);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && chosen && !document.querySelector("dialog[open]")) close(); });
};
