// The states: rows by liquid and density (and replica), columns by T. Cells with their T up to LABELLED states, which are
// buttons; a canvas of small cells beyond, for which a filter brings the labels back.
const LABELLED = 1500;
const rowsOf = (members) => {
  const liquids = new Map();
  for (const i of members) {
    if (!liquids.has(states.potential[i])) liquids.set(states.potential[i], new Map());
    const rows = liquids.get(states.potential[i]), key = `${states.rho[i]} ${states.replica[i]}`;
    if (!rows.has(key)) rows.set(key, { rho: states.rho[i], replica: states.replica[i], members: [] });
    rows.get(key).members.push(i);
  }
  return [...liquids].map(([potential, rows]) => {
    const sorted = [...rows.values()].sort((a, b) => a.rho - b.rho || a.replica - b.replica);
    for (const row of sorted) row.members.sort((a, b) => states.T[a] - states.T[b]);
    return { potential, rows: sorted, columns: [...new Set(sorted.flatMap((row) => row.members.map((i) => states.T[i])))].sort((a, b) => a - b) };
  });
};
const rowName = (row) => `ρ ${row.rho}${hasReplicas ? ` · r${row.replica}` : ""}`;
const cellOf = new Map();  // of those that are buttons, by number
let maps = [];  // the canvases

const drawStates = () => {
  const found = matching(), host = byId("grid");
  const focused = document.activeElement && document.activeElement.dataset.state;
  cellOf.clear(); maps = [];
  byId("shown").textContent = isFiltered() ? `${found.length} of ${states.identifier.length} states` : "";
  if (!found.length) {
    host.replaceChildren(element("p", states.identifier.length ? "No state is like this." : "The campaign has no states.", { class: "hint" }));
    return;
  }
  const isDense = found.length > LABELLED;
  byId("hint").textContent = isDense
    ? "Choose a cell, or filter: up to 1,500 states are shown with their T. Arrow keys move, Enter opens."
    : "The number in a cell is its T. Arrow keys move, Enter opens, Escape closes.";
  const liquids = rowsOf(found), all = [...new Set(liquids.flatMap((liquid) => liquid.columns))].sort((a, b) => a - b);
  host.replaceChildren(...liquids.map((liquid) => {
    const part = element("div", null, { class: "liquid", role: "group", "aria-label": data.titles[liquid.potential] || liquid.potential });
    part.append(element("h3", data.titles[liquid.potential] || liquid.potential));
    if (isDense) part.append(denseMap(liquid));
    else part.append(...labelledRows(liquid, all, host.clientWidth));
    return part;
  }));
  for (const map of maps) map.size();
  rove(focused ? numberOf.get(focused) : chosen ? numberOf.get(chosen) : undefined, Boolean(focused));
};

// --- cells with their T ------------------------------------------------------------------------------------------------
// Equal T stand below each other where there is room for all of them, of all liquids or of this one; else rows are wrapped.
const labelledRows = (liquid, all, width) => {
  const longest = Math.max(...all.map((T) => String(T).length)), cell = Math.max(48, 20 + 7.2 * longest);
  const room = width - (width > 560 ? 76 : 0), columns = [all, liquid.columns].find((each) => each.length * (cell + 3) <= room);
  return liquid.rows.map((row) => {
    const line = element("div", null, { class: "row" }), cells = element("div", null, { class: "cells" });
    cells.style.gridTemplateColumns = `repeat(${columns ? columns.length : "auto-fill"}, ${cell}px)`;
    for (const i of row.members) {
      const button = element("button", null, { type: "button", "data-state": states.identifier[i], tabindex: "-1" });
      if (columns) button.style.gridColumn = columns.indexOf(states.T[i]) + 1;
      button.append(element("i", "", { "aria-hidden": "true" }), element("span", String(states.T[i])), element("u", "", { "aria-hidden": "true" }));
      cellOf.set(i, button);
      dressCell(i);
      cells.append(button);
    }
    line.append(element("h4", rowName(row)), cells);
    return line;
  });
};
const dressCell = (i) => {
  const button = cellOf.get(i), status = statusOf(i);
  button.className = `cell ${status}`;
  button.children[0].textContent = LOOK[status].sign;
  button.children[2].style.width = status === "running" || status === "waiting" ? `${100 * states.share[i]}%` : "0";
  button.setAttribute("aria-label", described(i));
  button.title = described(i);
  button.setAttribute("aria-current", states.identifier[i] === chosen ? "true" : "false");
};
// One cell is reached by Tab, the others from it by arrow keys.
const rove = (i, isFocus) => {
  if (!cellOf.size) return;
  const at = cellOf.has(i) ? i : cellOf.keys().next().value;
  for (const button of byId("grid").querySelectorAll("button.cell[tabindex='0']")) button.tabIndex = -1;
  cellOf.get(at).tabIndex = 0;
  if (isFocus) cellOf.get(at).focus();
};
const moveFocus = (event) => {
  const button = event.target.closest("button.cell");
  if (!button || !["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) return;
  const all = [...cellOf], at = all.findIndex(([, each]) => each === button);
  let next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 }[event.key];
  if (next === undefined) {  // the nearest one of the next line above or below
    const box = button.getBoundingClientRect(), sign = event.key === "ArrowDown" ? 1 : -1;
    let least = Infinity;
    all.forEach(([, each], place) => {
      const other = each.getBoundingClientRect(), down = sign * (other.top - box.top);
      const distance = 20 * down + Math.abs(other.left - box.left);
      if (down > 4 && distance < least) { least = distance; next = place; }
    });
  }
  event.preventDefault();
  if (all[next]) rove(all[next][0], true);
};

// --- many: a canvas a liquid -------------------------------------------------------------------------------------------
const denseMap = (liquid) => {
  const longest = Math.max(...liquid.rows.map((row) => row.members.length));
  const isRanked = liquid.columns.length > 2 * longest;  // each density has temperatures of its own: the first, the second, …
  const nColumns = isRanked ? longest : liquid.columns.length, place = new Map(liquid.columns.map((T, at) => [T, at]));
  const figure = element("div", null, { class: "dense" }), said = element("p", "", { class: "said", role: "status" });
  const canvas = element("canvas", null, { tabindex: "0", role: "application", "aria-label": `${liquid.rows.length} rows by density, ${nColumns} columns by T. Arrow keys move, Enter opens.` });
  figure.append(canvas, said);
  const map = { canvas, at: null, isHere: (i) => states.potential[i] === liquid.potential };
  const LEFT = 44, TOP = 18;
  map.size = () => {
    const width = Math.max(200, figure.clientWidth - LEFT);
    map.merged = Math.max(1, Math.ceil((4 * nColumns) / width));  // columns in one cell, where there is no room for each
    map.nAcross = Math.ceil(nColumns / map.merged);
    map.wide = Math.min(28, width / map.nAcross);
    map.high = Math.max(7, Math.min(18, Math.floor(600 / liquid.rows.length)));
    map.cells = liquid.rows.map((row) => {
      const across = Array.from({ length: map.nAcross }, () => []);
      row.members.forEach((i, rank) => across[Math.floor((isRanked ? rank : place.get(states.T[i])) / map.merged)].push(i));
      return across;
    });
    const ratio = devicePixelRatio || 1, full = LEFT + map.wide * map.nAcross, tall = TOP + map.high * liquid.rows.length + 4;
    canvas.width = Math.ceil(full * ratio); canvas.height = Math.ceil(tall * ratio);
    canvas.style.width = `${full}px`; canvas.style.height = `${tall}px`;
    map.ratio = ratio;
    map.draw();
  };
  const worst = (members) => members.reduce((best, i) => (best === null || URGENCY.indexOf(statusOf(i)) < URGENCY.indexOf(statusOf(best)) ? i : best), null);
  map.draw = () => {
    const style = getComputedStyle(document.documentElement), colour = (name) => style.getPropertyValue(`--${name}`).trim();
    const fills = Object.fromEntries(data.statuses.map((status) => [status, colour(status.replaceAll("_", "-"))]));
    const paper = canvas.getContext("2d"), { wide, high } = map, gap = wide > 6 ? 1 : 0.4;
    paper.setTransform(map.ratio, 0, 0, map.ratio, 0, 0);
    paper.clearRect(0, 0, canvas.width, canvas.height);
    paper.font = "11px system-ui, sans-serif"; paper.textBaseline = "middle";
    const faint = colour("faint"), begun = colour("begun"), onDark = colour("ink");
    const every = Math.ceil(14 / high);
    liquid.rows.forEach((row, y) => {
      paper.fillStyle = faint; paper.textAlign = "right";
      if (y % every === 0) paper.fillText(Number(row.rho.toPrecision(4)), LEFT - 6, TOP + (y + 0.5) * high);
      map.cells[y].forEach((members, x) => {
        if (!members.length) return;
        const i = worst(members), status = statusOf(i), left = LEFT + x * wide, top = TOP + y * high;
        paper.fillStyle = status === "waiting" && states.share[i] > 0 ? begun : fills[status];
        paper.fillRect(left, top, wide - gap, high - gap);
        if (status === "waiting" || status === "done" || wide < 6) return;
        paper.strokeStyle = "#000"; paper.lineWidth = 1.4; paper.beginPath();
        const mid = [left + wide / 2, top + high / 2], r = Math.min(wide, high) / 3.4;
        if (status === "failed") { paper.moveTo(mid[0] - r, mid[1] - r); paper.lineTo(mid[0] + r, mid[1] + r); paper.moveTo(mid[0] + r, mid[1] - r); paper.lineTo(mid[0] - r, mid[1] + r); }
        else if (status === "not_equilibrated") { paper.moveTo(mid[0] - r, mid[1]); paper.lineTo(mid[0] + r, mid[1]); }
        else if (status === "running") { paper.moveTo(mid[0] - r / 2, mid[1] - r); paper.lineTo(mid[0] + r, mid[1]); paper.lineTo(mid[0] - r / 2, mid[1] + r); }
        else paper.arc(mid[0], mid[1], r / 1.4, 0, 7);
        paper.stroke();
      });
    });
    paper.fillStyle = faint; paper.textBaseline = "alphabetic";
    paper.textAlign = "right"; paper.fillText("ρ", LEFT - 6, 11);
    paper.textAlign = "left";
    if (isRanked) paper.fillText("T, rising →", LEFT, 11);
    else for (let x = 0, last = -99; x < map.nAcross; x += 1) {
      const at = LEFT + x * wide, text = `${x ? "" : "T "}${Number(liquid.columns[x * map.merged].toPrecision(3))}`;
      if (at - last > 52 && at + 30 < LEFT + map.nAcross * wide) { paper.fillText(text, at, 11); last = at; }
    }
    const outline = ([x, y], width) => { paper.strokeStyle = onDark; paper.lineWidth = width; paper.strokeRect(LEFT + x * wide - 1, TOP + y * high - 1, wide + 1, high + 1); };
    const here = chosen && map.isHere(numberOf.get(chosen)) ? map.find(numberOf.get(chosen)) : null;
    if (here) outline(here, 2.5);
    if (map.at) outline(map.at, 1.2);
  };
  map.find = (i) => {
    for (let y = 0; y < map.cells.length; y += 1) {
      if (liquid.rows[y].rho !== states.rho[i] || liquid.rows[y].replica !== states.replica[i]) continue;
      const x = map.cells[y].findIndex((members) => members.includes(i));
      if (x >= 0) return [x, y];
    }
    return null;
  };
  map.place = (i) => {  // in the window
    const at = map.find(i), box = canvas.getBoundingClientRect();
    return at && [box.left + LEFT + (at[0] + 0.5) * map.wide, box.top + TOP + (at[1] + 0.5) * map.high];
  };
  const under = (event) => {
    const box = canvas.getBoundingClientRect(), x = Math.floor((event.clientX - box.left - LEFT) / map.wide), y = Math.floor((event.clientY - box.top - TOP) / map.high);
    return map.cells[y] && map.cells[y][x] && map.cells[y][x].length ? [x, y] : null;
  };
  const membersAt = ([x, y]) => map.cells[y][x];
  const speak = () => {
    if (!map.at) { said.textContent = ""; return; }
    const members = membersAt(map.at), first = worst(members);
    said.textContent = members.length > 1 ? `${members.length} states here, first ${described(first)}` : described(first);
  };
  const point = (at) => {
    if (String(at) === String(map.at)) return;
    map.at = at;
    speak();
    map.draw();
  };
  canvas.addEventListener("pointermove", (event) => { const at = under(event); canvas.style.cursor = at ? "pointer" : ""; point(at); });
  canvas.addEventListener("pointerleave", () => point(null));
  canvas.addEventListener("click", (event) => { const at = under(event); if (at) { point(at); choose(states.identifier[worst(membersAt(at))]); } });
  canvas.addEventListener("focus", () => { if (!map.at) point((chosen && map.find(numberOf.get(chosen))) || firstCell()); });
  map.resume = (i) => { canvas.focus(); point(map.find(i)); };
  canvas.addEventListener("blur", () => point(null));
  const firstCell = () => [map.cells[0].findIndex((members) => members.length), 0];
  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && map.at) { choose(states.identifier[worst(membersAt(map.at))], true); return; }
    const step = STEPS[event.key];
    if (!step || !map.at) return;
    event.preventDefault();
    for (let [x, y] = [map.at[0] + step[0], map.at[1] + step[1]]; map.cells[y] && map.cells[y][x]; x += step[0], y += step[1])
      if (map.cells[y][x].length) { point([x, y]); return; }
  });
  maps.push(map);
  return figure;
};

// --- changes -----------------------------------------------------------------------------------------------------------
const recolour = (changed) => {
  for (const [i, code, share] of changed) { states.code[i] = code; states.share[i] = share; }
  if (!changed.length) return;
  if (filter.status.size) { drawStates(); return; }  // another status may leave or enter what is shown
  for (const [i] of changed) if (cellOf.has(i)) dressCell(i);
  for (const map of maps) if (changed.some(([i]) => map.isHere(i))) map.draw();
};
const markChosen = (before) => {
  for (const name of [before, chosen]) if (name && cellOf.has(numberOf.get(name))) dressCell(numberOf.get(name));
  if (chosen) rove(numberOf.get(chosen), false);
  for (const map of maps) map.draw();
};
const beginStates = () => {
  byId("grid").addEventListener("click", (event) => { const button = event.target.closest("button.cell"); if (button) choose(button.dataset.state, event.detail === 0); });
  byId("grid").addEventListener("keydown", moveFocus);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { for (const map of maps) map.draw(); });
  let width = 0;
  new ResizeObserver(([entry]) => {
    const now = Math.round(entry.contentRect.width);
    if (width && Math.abs(now - width) > 4) drawStates();
    width = now;
  }).observe(byId("grid"));
};
