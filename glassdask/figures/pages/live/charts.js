// Small charts in SVG, drawn again when their width changes; colours are classes of the style sheet, so that a change of
// theme costs nothing. A series: {name, look, kind: "line" | "steps" | "points", x, y, low, high}; null is a gap.
const SVG = "http://www.w3.org/2000/svg";
const drawing = (tag, attributes = {}, text = null) => {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== null) made.textContent = text;
  return made;
};
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const power = (exponent) => "10" + String(exponent).replace("-", "⁻").replace(/\d/g, (digit) => SUPERSCRIPTS[digit]);
// Of one axis all as numbers, or all as powers.
const decades = (exponents) => (exponents[0] >= -2 && exponents[exponents.length - 1] <= 4 ? (exponent) => String(Number(`1e${exponent}`)) : power);
const TIME_STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];

const ticksOf = (axis, most) => {
  const { low, high } = axis;
  if (axis.kind === "log") {
    const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
    const every = Math.max(1, Math.ceil((last - first + 1) / most));
    const whole = [];
    for (let exponent = first; exponent <= last; exponent += 1) if ((exponent - first) % every === 0) whole.push(exponent);
    if (whole.length >= 2) return whole.map((exponent) => [10 ** exponent, decades(whole)(exponent)]);
    const found = [];  // less than a decade or so
    for (let exponent = first - 1; exponent <= last + 1; exponent += 1)
      for (const digit of [1, 2, 5]) {
        const value = digit * 10 ** exponent;
        if (value >= low * 0.999 && value <= high * 1.001) found.push([value, value >= 0.01 && value < 10000 ? String(Number(value.toPrecision(2))) : `${digit}·${power(exponent)}`]);
      }
    return found;
  }
  if (axis.kind === "time") {
    const step = TIME_STEPS.find((each) => (high - low) / each <= most) || TIME_STEPS[TIME_STEPS.length - 1] * Math.ceil((high - low) / 604800 / most);
    const zone = 60 * new Date(1000 * low).getTimezoneOffset(), found = [];
    for (let at = Math.ceil((low - zone) / step) * step + zone; at <= high; at += step) {
      const then = new Date(1000 * at);
      found.push([at, step < 86400 ? then.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false }) : then.toLocaleDateString([], { day: "numeric", month: "short" })]);
    }
    return found;
  }
  const raw = (high - low) / most, unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((digit) => digit * unit).find((each) => each >= raw * 0.999), found = [];
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  for (let count = Math.ceil(low / step - 1e-9); count * step <= high * (1 + 1e-9) + 1e-12; count += 1) found.push([count * step, (count * step).toFixed(digits)]);
  return found;
};
const placer = (axis, from, to) => {
  const scale = axis.kind === "log" ? Math.log : (value) => value;
  const low = scale(axis.low), span = scale(axis.high) - low || 1;
  return (value) => from + ((scale(value) - low) / span) * (to - from);
};
const isDrawn = (value, axis) => value !== null && value !== undefined && Number.isFinite(value) && !(axis.kind === "log" && value <= 0);

const pathOf = (series, chart, X, Y) => {
  let path = "", isOpen = false;
  const corner = (x, y) => { path += `${isOpen ? "L" : "M"}${X(x).toFixed(1)} ${Y(y).toFixed(1)}`; isOpen = true; };
  series.x.forEach((x, at) => {
    const y = series.y[at];
    if (!isDrawn(x, chart.x) || !isDrawn(y, chart.y)) { isOpen = false; return; }
    if (series.kind === "points") { path += `M${X(x).toFixed(1)} ${Y(y).toFixed(1)}h0`; return; }
    if (series.kind === "steps" && at) corner(series.x[at - 1], y);
    corner(x, y);
  });
  return path;
};
const bandOf = (series, chart, X, Y) => {
  let path = "", upper = [], lower = [];
  const close = () => {
    if (upper.length > 1) path += `M${[...upper, ...lower.reverse()].join("L")}Z`;
    upper = []; lower = [];
  };
  series.x.forEach((x, at) => {
    const ends = [series.low[at], series.high[at]];
    if (!isDrawn(x, chart.x) || !ends.every((end) => isDrawn(end, chart.y))) { close(); return; }
    const [low, high] = ends.map((end) => Math.min(chart.y.high, Math.max(chart.y.low, end)));
    lower.push(`${X(x).toFixed(1)} ${Y(low).toFixed(1)}`); upper.push(`${X(x).toFixed(1)} ${Y(high).toFixed(1)}`);
  });
  close();
  return path;
};
let nClips = 0;
// Draws a chart into an element: {title, x, y: {label, kind, low, high}, series, marks: [{x, y, text}], rules: [{y, text}], pick}.
const charts = new Map();
const chart = (host, given) => {
  charts.set(host, given);
  paint(host);
  resized.observe(host);
};
const paint = (host) => {
  const given = charts.get(host), width = Math.max(240, host.clientWidth), height = given.height || 240;
  const left = 52, right = width - 18, top = 10, bottom = height - 38, name = `clip-${nClips += 1}`;
  const X = placer(given.x, left, right), Y = placer(given.y, bottom, top);
  const svg = drawing("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": given.title });
  const clip = drawing("clipPath", { id: name }), inside = drawing("g", { "clip-path": `url(#${name})` });
  clip.append(drawing("rect", { x: left, y: top - 2, width: right - left + 4, height: bottom - top + 4 }));
  svg.append(clip);
  for (const [value, text] of ticksOf(given.x, Math.max(2, Math.floor(width / 80)))) {
    svg.append(drawing("path", { class: "grid", d: `M${X(value).toFixed(1)} ${top}V${bottom}` }), drawing("text", { class: "tick", x: X(value), y: bottom + 15, "text-anchor": "middle" }, text));
  }
  for (const [value, text] of ticksOf(given.y, 5))
    svg.append(drawing("path", { class: "grid", d: `M${left} ${Y(value).toFixed(1)}H${right}` }), drawing("text", { class: "tick", x: left - 6, y: Y(value) + 4, "text-anchor": "end" }, text));
  svg.append(drawing("path", { class: "axis", d: `M${left} ${top}V${bottom}H${right}` }));
  svg.append(drawing("text", { class: "label", x: (left + right) / 2, y: height - 5, "text-anchor": "middle" }, given.x.label));
  svg.append(drawing("text", { class: "label", transform: `translate(12 ${(top + bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, given.y.label));
  for (const rule of given.rules || [])
    if (rule.y >= given.y.low && rule.y <= given.y.high) inside.append(drawing("path", { class: "rule", d: `M${left} ${Y(rule.y).toFixed(1)}H${right}` }), drawing("text", { class: "tick", x: right - 2, y: Y(rule.y) - 4, "text-anchor": "end" }, rule.text));
  for (const series of given.series) {
    if (series.low) inside.append(drawing("path", { class: `band ${series.look}`, d: bandOf(series, given, X, Y) }));
    inside.append(drawing("path", { class: `${series.kind || "line"} ${series.look} ${series.also || ""}`, d: pathOf(series, given, X, Y), "data-series": series.name }));
  }
  for (const mark of given.marks || []) {
    const toRight = X(mark.x) < (left + right) / 2, at = Math.max(top + 10, Y(mark.y) + 4);
    inside.append(drawing("path", { class: "rule", d: `M${X(mark.x).toFixed(1)} ${bottom}V${Y(mark.y).toFixed(1)}` }), drawing("circle", { class: "mark", cx: X(mark.x), cy: Y(mark.y), r: 4, "data-x": mark.x, "data-y": mark.y }));
    inside.append(drawing("text", { class: "marked", x: X(mark.x) + (toRight ? 10 : -10), y: at, "text-anchor": toRight ? "start" : "end" }, mark.text));
  }
  svg.append(inside);
  if (given.pick) picking(svg, given, X, Y);
  host.replaceChildren(keyOf(given), svg);
};
const keyOf = (given) => {
  const key = element("ul", null, { class: "key", "aria-label": "what the lines are" });
  for (const series of given.series) {
    if (series.isUnnamed) continue;
    const item = element("li", null), sample = drawing("svg", { width: 22, height: 10, "aria-hidden": "true" });
    const isPoint = series.kind === "points";
    sample.append(drawing("path", { class: `${series.kind || "line"} ${series.look} ${series.also || ""}`, d: isPoint ? "M11 5h0" : "M1 5H21" }));
    item.append(sample, series.name);
    key.append(item);
  }
  return key;
};
const picking = (svg, given, X, Y) => {  // the state nearest to the pointer, within 24 px
  const nearest = (event) => {
    const box = svg.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    let best = null, least = 24 ** 2;
    for (const series of given.series)
      series.x.forEach((value, at) => {
        if (!isDrawn(value, given.x) || !isDrawn(series.y[at], given.y)) return;
        const distance = (X(value) - x) ** 2 + (Y(series.y[at]) - y) ** 2;
        if (distance < least) { least = distance; best = series.of[at]; }
      });
    return best;
  };
  svg.classList.add("picked");
  svg.addEventListener("click", (event) => { const found = nearest(event); if (found !== null) given.pick(found); });
  svg.addEventListener("pointermove", (event) => {
    const found = nearest(event);
    svg.style.cursor = found === null ? "" : "pointer";
    given.hover(found);
  });
};
const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const svg = target.querySelector(":scope > svg");
    if (svg && target.clientWidth && Math.abs(Number(svg.getAttribute("width")) - target.clientWidth) > 1) paint(target);
  }
});
