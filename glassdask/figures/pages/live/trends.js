// The sums and how they move: share of all work, the stages, what runs and what failed, pace, queue, quality, batch jobs.
const duration = (seconds) => {  // as glassdask.counted.duration
  if (seconds < 10) return `${seconds.toFixed(1).replace(/\.0$/, "")} s`;
  for (const [unit, length, most, digits] of [["s", 1, 100, 0], ["min", 60, 100, 0], ["h", 3600, 36, 1]])
    if (Number((seconds / length).toFixed(digits)) < most) return `${(seconds / length).toFixed(digits)} ${unit}`;
  const days = seconds / 86400;
  return days < 100 ? `${days.toFixed(1)} d` : `${Math.round(days).toLocaleString("en")} d`;
};
const opener = (name) => {
  const button = element("button", name, { type: "button", class: "state" });
  button.addEventListener("click", (event) => choose(name, event.detail === 0));
  return button;
};
const several = (names, count) => {
  const all = element("span", null);
  const few = names.slice(0, 6);
  few.forEach((name, i) => all.append(i ? ", " : "", opener(name)));
  if (count > few.length) all.append(` and ${count - few.length} more`);
  return all;
};
const costs = (found) => {
  const said = [found.used ? `Finished stages took ${duration(3600 * found.used)}` : "No stage is finished yet"];
  if (found.on_gpus) said[0] += `, ${duration(3600 * found.on_gpus)} of it on GPUs`;
  if (found.jobs_on_gpus) said.push(`batch jobs held GPUs for ${found.jobs_on_gpus.toFixed(1)} GPU-hours`);
  return `${said.join("; ")}.`;
};
const showHead = (news) => {
  const done = percent(news.work), driver = news.driver;
  byId("whole").firstElementChild.style.width = `${100 * news.work}%`;
  byId("whole").setAttribute("aria-valuenow", Math.round(100 * news.work));
  byId("share").textContent = `${done} of the work done`;
  byId("left").textContent = news.clock && news.clock.words ? `, ${news.clock.words}` : news.hours.finish ? `, about ${duration(news.hours.finish - news.time)} left` : "";
  const who = driver.is_alive ? `driver ${driver.pid} on ${driver.host} since ${clock(Date.parse(driver.since) / 1000)}` : "no driver is running";
  byId("heard").className = "";
  byId("heard").textContent = `${states.identifier.length} states, ${who}. As of ${new Date(1000 * news.time).toLocaleTimeString([], { hour12: false })}.`;
  byId("hours").textContent = [costs(news.hours), ...(news.notes || [])].join(" ");
};
const showStageRows = (rows) => {
  table("stage-rows", ["stage", "done", "running", "failed", "waiting", "share"], rows.map((row) => {
    const bar = element("span", null, { class: "bar", role: "img", "aria-label": percent(row.share) });
    const filled = element("i", null);
    filled.style.width = `${100 * row.share}%`;
    bar.append(filled);
    const share = element("span", null, { class: "barred" });
    share.append(bar, percent(row.share));
    return [row.stage, row.done, row.running, row.failed, row.total - row.done - row.running - row.failed, share];
  }));
};
const showFailures = (groups) => {
  table("failures", ["states", "reason", "stage", "what happened, and what to do", "which", ...(canSteer() ? [""] : [])], groups.map((group) => {
    const row = [group.count, group.reason, group.stage, group.message, several(group.states, group.count)];
    if (canSteer()) row.push(press(group.count > 1 ? "Retry all" : "Retry", `Retry the ${group.count} that failed: ${group.reason}`, () => (group.count > group.states.length ? ask("retry", [], group.reason) : ask("retry", group.states))));
    return row;
  }));
};
const spanOf = (time) => ({ kind: "time", label: "time", low: time[0], high: Math.max(time[time.length - 1], time[0] + 60) });
const largest = (lists) => Math.max(1e-9, ...lists.map((list) => list.reduce((most, value) => (value > most ? value : most), 0)));
const overTime = (host, none, title, label, found, names, words = {}) => {
  const isThere = found.time.length > 1;
  byId(none).hidden = isThere;
  byId(host).hidden = !isThere;
  if (!isThere) return;
  const shownNames = names.filter((name) => found[name].some((value) => value > 0));
  const series = shownNames.map((name) => ({ name: words[name] || name, look: `c${names.indexOf(name)}`, kind: "steps", x: found.time, y: found[name] }));
  chart(byId(host), { title, height: 210, x: spanOf(found.time), y: { label, low: 0, high: 1.1 * largest(shownNames.map((name) => found[name])) }, series });
};
// Every state that has been simulated, against its T: one look a liquid, a click opens the state.
const quality = (host, none, title, label, values, limit, isLog) => {
  const liquids = Object.keys(data.titles), series = liquids.map((name, at) => ({ name: data.titles[name], look: `c${at}`, also: `shape${at % 2}${states.identifier.length > 600 ? " many" : ""}`, kind: "points", x: [], y: [], of: [] }));
  values.forEach((value, i) => {
    if (value === null || value === undefined) return;
    const one = series[liquids.indexOf(states.potential[i])];
    one.x.push(states.T[i]); one.y.push(isLog ? Math.max(Math.abs(value), 1e-12) : 100 * value); one.of.push(i);
  });
  const all = series.flatMap((one) => one.y), T = series.flatMap((one) => one.x);
  byId(none).hidden = all.length > 0;
  byId(host).hidden = !all.length;
  if (!all.length) return;
  const range = (list) => [list.reduce((a, b) => Math.min(a, b)), list.reduce((a, b) => Math.max(a, b))];
  const [low, high] = range(isLog ? [...all, limit] : [...all, -100 * limit, 100 * limit]), [cold, hot] = range(T), pad = 1.04;
  chart(byId(host), {
    title, height: 210, series: series.filter((one) => one.x.length),
    x: { label: "T", kind: hot > 2.5 * cold ? "log" : "linear", low: cold / pad, high: hot * pad },
    y: isLog ? { label, kind: "log", low: 10 ** Math.floor(Math.log10(low)), high: 10 ** Math.ceil(Math.log10(high) + 0.05) } : { label, low: low - 0.1 * (high - low), high: high + 0.1 * (high - low) },
    rules: isLog ? [{ y: limit, text: "flagged above" }] : [{ y: 100 * limit, text: "flagged beyond" }, { y: -100 * limit, text: "" }],
    pick: (i) => choose(states.identifier[i]),
    hover: (i) => { byId("picked").textContent = i === null ? "Every point is a state; a click opens it." : states.identifier[i]; },
  });
};
const showTrends = (news) => {
  // every state goes through every stage: the first and the last say how fast it goes
  const [first, last] = [data.stages[0], data.stages[data.stages.length - 1]];
  overTime("pace", "no-pace", "simulations and whole states finished an hour", "finished an hour", news.pace, [first, last], { [first]: "simulations", [last]: "whole states" });
  overTime("queue", "no-queue", "states that wait and that are at work", "states", news.queue, ["waiting", "running", "finished"], { running: "at work" });
  byId("with-jobs").hidden = !news.jobs.time.length;
  if (news.jobs.time.length) {
    overTime("jobs", "no-jobs", "batch jobs", "batch jobs", news.jobs, ["pending", "running", "ended"]);
    table("job-list", ["job", "pool", "state", "waited", "ran", "why"], news.job_list.map((job) => [
      job.identifier, job.pool, job.state, job.waited === null ? "" : duration(3600 * job.waited), job.hours ? duration(3600 * job.hours) : "", job.why,
    ]));
  } else byId("no-jobs").hidden = false;
};
const showQuality = () => {
  quality("drift", "no-drift", "energy drift over states", "|drift| / k_BT", states.drift, data.limits.energy_drift, true);
  byId("picked").hidden = states.drift.every((value) => value === null);
  quality("temperature", "no-temperature", "temperature error over states", "T measured − T, %", states.temperature_error, data.limits.temperature_error, false);
};
let drawnTrends = 0;
const sums = (news) => {
  legend(news.counts);
  showHead(news);
  showStageRows(news.stage_rows);
  table("running", ["state", "stage", "phase", "done", "steps/s"], news.running.map((row) => [opener(row.state), row.stage, row.phase, percent(row.fraction), row.rate ? Math.round(row.rate) : null]));
  const text = JSON.stringify(news.failures);
  if (text !== showFailures.last) { showFailures(news.failures); showFailures.last = text; }
  if (news.time - drawnTrends > 4) { showTrends(news); drawnTrends = news.time; }
};
