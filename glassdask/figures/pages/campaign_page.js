"use strict";
// Fills the page from what it holds, and from the scheduler where it is served by one. Figures are Bokeh's.
(() => {
  const held = JSON.parse(document.getElementById("held").textContent);
  const data = held.data, states = data.states;
  const byId = (id) => document.getElementById(id);
  const number = new Map(states.identifier.map((name, i) => [name, i]));
  const dark = matchMedia("(prefers-color-scheme: dark)");
  // Colours of Okabe and Ito, and a sign in the cell and in the legend besides: nothing is told by colour alone.
  const LOOK = {
    done: { colour: "#0072b2", sign: "", word: "done" },
    not_equilibrated: { colour: "#b8860b", marker: "dash", sign: "–", word: "not equilibrated" },
    crystallised: { colour: "#7b3294", marker: "circle", sign: "o", word: "crystallised" },
    failed: { colour: "#c84e00", marker: "x", sign: "×", word: "failed" },
    running: { colour: "#56b4e9", sign: "▸", word: "running (outlined; darker as stages are done)" },
    waiting: { colour: null, sign: "", word: "waiting" },
  };
  // Curves, and what they are on a dark ground.
  const ON_DARK = [["#0072b2", "#56b4e9"], ["#d55e00", "#ff8c42"], ["#009e73", "#2fd4a3"], ["#cc79a7", "#e6a8ca"], ["#e69f00", "#ffc44d"], ["#000000", "#e6edf3"]];
  const formatted = (value, spec) => {  // as Python's ".4f", ".1e" and ".4g"
    const digits = Number(spec.slice(1, -1)), kind = spec.slice(-1);
    return kind === "f" ? value.toFixed(digits) : kind === "e" ? value.toExponential(digits) : String(Number(value.toPrecision(digits)));
  };
  let chosen = null, asked = 0;

  const model = (name) => {
    for (const each of Bokeh.documents) {
      const found = each.get_model_by_name(name);
      if (found) return found;
    }
    return null;
  };
  const element = (tag, text, attributes = {}) => {
    const made = document.createElement(tag);
    if (text !== null) made.textContent = text;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };
  const percent = (share) => (share === null || share === undefined ? "" : `${Math.round(100 * share)} %`);
  const clock = (seconds) => new Date(1000 * seconds).toLocaleString([], { weekday: "short", hour: "2-digit", minute: "2-digit" });
  const hours = (value) => (value === null || value === undefined ? "?" : value < 1 ? `${(60 * value).toFixed(1)} min` : `${value.toFixed(value < 10 ? 2 : 0)} h`);

  const span = (range, start, end) => Object.assign(range, { start, end, reset_start: start, reset_end: end });
  const largest = (lists) => Math.max(1e-9, ...lists.map((list) => list.reduce((most, value) => (value > most ? value : most), 0)));

  // --- phase diagrams ------------------------------------------------------------------------------------------------
  const mixed = (from, to, share) => "#" + [1, 3, 5].map((at) => {
    const [a, b] = [from, to].map((colour) => parseInt(colour.slice(at, at + 2), 16));
    return Math.round(a + (b - a) * share).toString(16).padStart(2, "0");
  }).join("");
  const waiting = () => (dark.matches ? "#3d444d" : "#d5dade");
  const look = (i) => {
    const status = data.statuses[states.code[i]] || "waiting", kind = LOOK[status], share = states.share[i];
    const partly = status === "waiting" && share === 0 ? waiting() : mixed(dark.matches ? "#2f4f66" : "#c3def0", "#2b8cc4", share);
    const said = status === "running" || (status === "waiting" && share) ? `${status}, ${percent(share)} of the stages` : status.replace("_", " ");
    return {
      colour: status === "running" || status === "waiting" ? partly : kind.colour, marker: kind.marker, said,
      outline: status === "running" ? (dark.matches ? "#ffffff" : "#000000") : dark.matches ? "#161b22" : "#f6f8fa",
      width: status === "running" ? 2 : states.identifier.length > 2000 ? 0 : 1,
    };
  };
  // Cells touch: in T half-way (of logarithms) to the neighbours of the same column, in ρ side by side.
  const layout = () => {
    const cells = {};
    for (const potential of new Set(states.potential)) cells[potential] = { members: [], source: model(`cells-${potential}`), flags: model(`flags-${potential}`) };
    states.potential.forEach((potential, i) => cells[potential].members.push(i));
    for (const each of Object.values(cells)) {
      const densities = [...new Set(each.members.map((i) => states.rho[i]))].sort((a, b) => a - b);
      const gaps = densities.slice(1).map((rho, i) => rho - densities[i]);
      const width = gaps.length ? 0.92 * Math.min(...gaps) : 0.1;
      const replicas = 1 + Math.max(...each.members.map((i) => states.replica[i]));
      const columns = { left: [], right: [], bottom: [], top: [], state: [] };
      each.row = new Map();
      const byColumn = new Map();
      for (const i of each.members) {
        const key = `${states.rho[i]} ${states.replica[i]}`;
        if (!byColumn.has(key)) byColumn.set(key, []);
        byColumn.get(key).push(i);
      }
      for (const members of byColumn.values()) {
        members.sort((a, b) => states.T[a] - states.T[b]);
        const T = members.map((i) => states.T[i]);
        const ratio = T.length > 1 ? Math.sqrt(T[1] / T[0]) : 1.05, last = T.length > 1 ? Math.sqrt(T[T.length - 1] / T[T.length - 2]) : 1.05;
        members.forEach((i, at) => {
          const left = states.rho[i] - width / 2 + (width * states.replica[i]) / replicas;
          each.row.set(i, columns.state.length);
          columns.left.push(left); columns.right.push(left + (0.96 * width) / replicas);
          columns.bottom.push(at ? Math.sqrt(T[at] * T[at - 1]) : T[at] / Math.min(ratio, 1.1));
          columns.top.push(at < T.length - 1 ? Math.sqrt(T[at] * T[at + 1]) : T[at] * Math.min(last, 1.1));
          columns.state.push(states.identifier[i]);
        });
      }
      each.order = [...each.row.keys()];
      each.columns = columns;
      const plot = model(`phase-${states.potential[each.members[0]]}`);
      const low = Math.min(...columns.bottom), high = Math.max(...columns.top);
      span(plot.x_range, densities[0] - 0.6 * width, densities[densities.length - 1] + 0.6 * width);
      span(plot.y_range, low / 1.02, high * 1.02);
    }
    return cells;
  };
  let cells = null;
  const DYNAMIC = ["colour", "outline", "width", "said"];
  const flag = (each) => {
    const flags = { x: [], y: [], marker: [] }, { left, right, bottom, top } = each.columns;
    each.order.forEach((i, row) => {
      const marker = look(i).marker;
      if (!marker) return;
      flags.x.push((left[row] + right[row]) / 2); flags.y.push(Math.sqrt(bottom[row] * top[row])); flags.marker.push(marker);
    });
    each.flags.data = flags;
  };
  const colourAll = () => {
    for (const each of Object.values(cells)) {
      const looks = each.order.map(look);
      const dynamic = {};
      for (const name of DYNAMIC) dynamic[name] = looks.map((one) => one[name]);
      each.source.data = { ...each.columns, ...dynamic };
      flag(each);
    }
  };
  const colourSome = (changed) => {
    const touched = new Set();
    for (const [i, code, share] of changed) {
      states.code[i] = code; states.share[i] = share;
      const each = cells[states.potential[i]], row = each.row.get(i), one = look(i);
      for (const name of DYNAMIC) each.source.data[name][row] = one[name];
      touched.add(each);
    }
    for (const each of touched) {
      each.source.change.emit();
      flag(each);
    }
  };

  // --- sums ----------------------------------------------------------------------------------------------------------
  const legend = (counts) => {
    byId("legend").replaceChildren(...data.statuses.map((status) => {
      const item = element("li", null, { "data-status": status }), kind = LOOK[status];
      const swatch = element("i", kind.sign);
      swatch.style.background = kind.colour || waiting();
      item.append(swatch, `${counts[status]} ${kind.word}`);
      return item;
    }));
  };
  const table = (id, header, rows) => {
    const made = [];
    if (rows.length) {
      const head = element("tr", null);
      head.append(...header.map((text) => element("th", text, { scope: "col" })));
      made.push(head);
    } else made.push(element("caption", "none"));
    for (const row of rows) {
      const line = element("tr", null);
      for (const cell of row) {
        const place = element("td", null, typeof cell === "number" ? { class: "number" } : {});
        place.append(cell === null || cell === undefined ? "" : cell instanceof Node ? cell : String(cell));
        line.append(place);
      }
      made.push(line);
    }
    byId(id).replaceChildren(...made);
  };
  const opener = (name) => {
    const button = element("button", name, { type: "button", class: "state" });
    button.addEventListener("click", () => choose(name));
    return button;
  };
  const several = (names, count) => {
    const all = element("span", null);
    names.forEach((name, i) => all.append(i ? ", " : "", opener(name)));
    if (count > names.length) all.append(` and ${count - names.length} more`);
    return all;
  };
  const costs = (found) => {
    const said = [found.used ? `Finished stages took ${hours(found.used)}` : "No stage is finished yet"];
    if (found.on_gpus) said[0] += `, ${hours(found.on_gpus)} of it on GPUs`;
    if (found.jobs_on_gpus) said.push(`batch jobs held GPUs for ${found.jobs_on_gpus.toFixed(1)} GPU-hours`);
    if (found.left) said.push(`about ${hours(found.left)} of work are left${found.left_on_gpus ? `, ${hours(found.left_on_gpus)} of it on GPUs` : ""}`);
    if (found.finish) said.push(`done about ${clock(found.finish)} at the present number of workers`);
    return said.join("; ") + ".";
  };
  const sums = (news) => {
    legend(news.counts);
    const done = percent(news.work);
    byId("whole").firstElementChild.style.width = `${100 * news.work}%`;
    byId("whole").setAttribute("aria-valuenow", Math.round(100 * news.work));
    const driver = news.driver.is_alive ? `driver ${news.driver.pid} on ${news.driver.host} since ${news.driver.since.slice(0, 16).replace("T", " ")} UTC` : "no driver is running";
    byId("heard").className = "";
    byId("heard").textContent = `${states.identifier.length} states, ${done} of the work done, ${driver}. As of ${new Date(1000 * news.time).toLocaleTimeString()}.`;
    byId("hours").textContent = [costs(news.hours), ...(news.notes || [])].join(" ");
    table("running", ["state", "stage", "phase", "done", "steps/s"],
      news.running.map((row) => [opener(row.state), row.stage, row.phase, percent(row.fraction), row.rate ? Math.round(row.rate) : null]));
    table("failures", ["states", "reason", "stage", "message of the first", "which"],
      news.failures.map((group) => [group.count, group.reason, group.stage, group.message, several(group.states, group.count)]));
    const ms = (times) => times.map((seconds) => 1000 * seconds - 60000 * new Date(1000 * seconds).getTimezoneOffset());
    const past = (plot, series, names) => {
      const time = ms(series.time), pad = 0.02 * (time[time.length - 1] - time[0]) || 60000;
      if (!time.length) return;
      span(plot.x_range, time[0] - pad, time[time.length - 1] + pad);
      span(plot.y_range, 0, 1.08 * largest(names.map((name) => series[name])));
    };
    byId("no-pace").hidden = news.pace.time.length > 0;
    byId("with-pace").hidden = !news.pace.time.length;
    model("pace").data = { ...news.pace, time: ms(news.pace.time) };
    past(model("plot-pace"), news.pace, data.stages);
    byId("no-jobs").hidden = news.jobs.time.length > 0;
    byId("with-jobs").hidden = !news.jobs.time.length;
    if (news.jobs.time.length) {
      model("jobs").data = { ...news.jobs, time: ms(news.jobs.time) };
      past(model("plot-jobs"), news.jobs, ["pending", "running", "ended"]);
      table("job-list", ["job", "pool", "state", "waited", "ran", "why"],
        news.job_list.map((job) => [job.identifier, job.pool, job.state, job.waited === null ? "" : hours(job.waited), job.hours ? hours(job.hours) : "", job.why]));
    }
  };

  // --- one state -----------------------------------------------------------------------------------------------------
  const choose = (name) => {
    if (!number.has(name)) return;
    chosen = name;
    history.replaceState(null, "", `#${name}`);
    byId("chosen").textContent = name;
    for (const [potential, each] of Object.entries(cells)) {
      const i = number.get(name), rows = states.potential[i] === potential ? [each.row.get(i)] : [];
      if (String(each.source.selected.indices) !== String(rows)) each.source.selected.indices = rows;
    }
    open();
  };
  const open = async () => {
    if (!held.is_live) {
      const found = held.details[chosen];
      show(found || { trouble: `This file holds ${Object.keys(held.details).length} of ${states.identifier.length} states, running and failed ones first. 'glassdask show ${data.folder} ${chosen}' shows any.` });
      return;
    }
    const wanted = chosen;
    try {
      const answer = await fetch(`glassdask/state.json?state=${encodeURIComponent(wanted)}`);
      if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
      const found = await answer.json();
      if (wanted === chosen) show(found);
    } catch (error) { show({ trouble: `No answer: ${error.message}` }); }
  };
  const show = (found) => {
    byId("trouble").hidden = !(found.trouble || found.message);
    byId("trouble").textContent = found.trouble || found.message || "";
    const facts = [], summary = found.summary || {};
    if (found.status) {
      facts.push(["status", found.status.replace("_", " ") + (found.status === "running" ? `: ${found.stage} ${found.phase} ${percent(found.progress)}` : "")]);
      for (const [key, word, unit, spec] of data.numbers) {
        const value = summary[key] ?? summary[key.replace("chi2_per_point", "chi2")];  // as records of 0.1.0 have it
        if (value !== null && value !== undefined) facts.push([unit ? `${word} / ${unit}` : word, formatted(value, spec)]);
      }
      if (summary.reasons) facts.push(["because", summary.reasons]);
      facts.push(["attempts", Object.entries(found.attempts || {}).map(([stage, n]) => `${stage} ${n}`).join(", ") || "none"]);
      if (found.steps_per_second) facts.push(["steps a second", Math.round(found.steps_per_second)]);
      if (found.engine) facts.push(["engine", `${found.engine} (${found.device})`]);
    }
    byId("numbers").replaceChildren(...facts.map(([word, value]) => {
      const pair = element("div", null);
      pair.append(element("dt", word), element("dd", value));
      return pair;
    }));
    draw(found.curves || {});
    byId("history").hidden = !(found.events && found.events.length);
    table("events", ["time", "stage", "event", "attempt", "host", "message"],
      (found.events || []).slice().reverse().map((event) => [event.time.slice(0, 19).replace("T", " "), event.stage, event.event, event.attempt, event.host, event.message]));
    byId("logging").hidden = !found.log;
    byId("log").textContent = found.log || "";
  };
  // The legend names what the state has: another liquid of the campaign may have more species.
  const showNames = (plot, has) => {
    for (const item of plot.above.find((part) => part.type === "Legend").items) item.visible = has(item.label.value.split(",")[0]);
  };
  const banded = (curves, prefix, names, along) => {
    const columns = {};
    for (const name of names) {
      const values = (curves[`${prefix}_${name}`] || along.map(() => null)).map((v) => (v === null ? NaN : v)), errors = curves[`${prefix}_${name}_error`] || [];
      columns[name] = values;
      columns[`${name}_low`] = values.map((value, i) => value - (errors[i] || 0));
      columns[`${name}_high`] = values.map((value, i) => value + (errors[i] || 0));
    }
    return columns;
  };
  const draw = (curves) => {
    const hasAny = Boolean((curves.t && curves.t.length) || (curves.k && curves.k.length));
    byId("curves").hidden = !hasAny;
    if (!hasAny) return;
    const later = (times) => times.map((t) => (t > 0 ? t : NaN));
    model("curve-scattering").data = { t: later(curves.t || []), ...banded(curves, "F", data.species, curves.t || []) };
    showNames(model("plot-scattering"), (name) => `F_${name}` in curves);
    const end = curves.t && curves.t.length ? curves.t[curves.t.length - 1] : 0;
    const theory = (curves.t_mct || []).map((t, i) => [t, i]).filter(([t]) => t > 0 && (!end || (t >= curves.t[1] / 2 && t <= 3 * end)));
    const ofTheory = data.species.map((name) => [name, theory.map(([, i]) => (curves[`F_mct_${name}`] || [])[i] ?? NaN)]);
    model("curve-theory").data = { t: theory.map(([t]) => t), ...Object.fromEntries(ofTheory) };
    if (end > 0) span(model("plot-scattering").x_range, curves.t.find((t) => t > 0), end);
    span(model("plot-scattering").y_range, -0.05, 1.05);
    span(model("plot-structure").x_range, 0, Math.min(25, (curves.k || []).reduce((a, b) => Math.max(a, b), 1)));
    const S = data.pairs.map((pair) => (curves[`S_${pair}`] || []).map((v) => v || 0));
    const like = data.species.map((name) => S[data.pairs.indexOf(name + name)]), unlike = S.filter((one) => !like.includes(one));
    span(model("plot-structure").y_range, -1.1 * largest(unlike.map((one) => one.map((v) => -v))), 1.08 * largest(like));
    model("curve-structure").data = { k: curves.k || [], ...banded(curves, "S", data.pairs, curves.k || []) };
    showNames(model("plot-structure"), (name) => `S_${name}` in curves);
  };

  // --- the look, and news --------------------------------------------------------------------------------------------
  const dress = () => {
    const style = getComputedStyle(document.documentElement);
    const [ink, faint, line] = ["--ink", "--faint", "--line"].map((name) => style.getPropertyValue(name).trim());
    const names = [...Object.keys(cells).map((name) => `phase-${name}`), "plot-scattering", "plot-structure", "plot-pace", "plot-jobs"];
    for (const plot of names.map(model)) {
      plot.outline_line_color = line;
      for (const { glyph } of plot.renderers) {
        const curve = ["Line", "Step"].includes(glyph.type) && glyph.line_color.value;
        const pair = curve && ON_DARK.find((each) => each.includes(curve.toLowerCase()));
        if (pair) glyph.line_color = { value: pair[dark.matches ? 1 : 0] };
      }
      if (plot.title && plot.title.text_color !== undefined) plot.title.text_color = ink;
      for (const part of [...plot.above, ...plot.below, ...plot.left, ...plot.center]) {
        if (part.type.endsWith("Axis")) Object.assign(part, {
          axis_label_text_color: ink, major_label_text_color: faint, axis_line_color: line,
          major_tick_line_color: line, minor_tick_line_color: line, axis_label_text_font_style: "normal",
        });
        else if (part.type.endsWith("Grid")) part.grid_line_color = line;
        else if (part.type === "Legend") part.label_text_color = ink;
      }
    }
  };
  const news = async () => {
    try {
      const answer = await fetch(`glassdask/campaign.json?since=${data.version}`);
      if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
      const found = await answer.json();
      if (found.states) { location.reload(); return; }  // another run of the driver
      data.version = found.version;
      colourSome(found.changed);
      sums(found);
      asked += 1;
      const isOpen = chosen !== null && found.changed.some(([i]) => states.identifier[i] === chosen);
      if (isOpen || (chosen !== null && asked % 5 === 0 && data.statuses[states.code[number.get(chosen)]] === "running")) open();
    } catch (error) {
      byId("heard").className = "lost";
      byId("heard").textContent = `No answer since ${new Date(1000 * data.time).toLocaleTimeString()} (${error.message}): the driver has ended, or the tunnel is closed.`;
      setTimeout(news, 5000);
      return;
    }
    data.time = Date.now() / 1000;
    setTimeout(news, 1000 * held.refresh);
  };
  const begin = () => {
    cells = layout();
    dress();
    colourAll();
    sums(data);
    for (const each of Object.values(cells)) {
      const selected = each.source.selected;
      selected.properties.indices.change.connect(() => {
        if (selected.indices.length) choose(each.columns.state[selected.indices[0]]);
      });
    }
    dark.addEventListener("change", () => { dress(); colourAll(); });
    byId("wanted").addEventListener("change", (event) => choose(event.target.value.trim()));
    byId("wanted").addEventListener("input", (event) => {
      const text = event.target.value, near = states.identifier.filter((name) => name.includes(text)).slice(0, 30);
      byId("names").replaceChildren(...near.map((name) => element("option", null, { value: name })));
    });
    byId("source").textContent = held.is_live ? `Live from the scheduler; folder ${data.folder}.` : `Written ${new Date(1000 * data.time).toLocaleString()}; folder ${data.folder}.`;
    const name = decodeURIComponent(location.hash.slice(1));
    if (name) choose(name);
    document.documentElement.dataset.ready = "yes";
    if (held.is_live) setTimeout(news, 1000 * held.refresh);
    else if (data.driver.is_alive && Date.now() / 1000 - data.time > 3 * held.refresh) {
      byId("heard").className = "lost";
      byId("heard").textContent += " It has not been written since: the driver has ended, or its disk is full.";
    } else if (held.refresh && data.driver.is_alive) setTimeout(() => location.reload(), 1000 * held.refresh);
  };
  const wait = () => (window.Bokeh && Bokeh.documents.length && model("jobs") ? begin() : setTimeout(wait, 30));
  wait();
})();
