// Fills the page, and asks for news where it is served by a scheduler.
let asked = 0;
const news = async () => {
  try {
    const answer = await fetch(`glassdask/campaign.json?since=${data.version}`);
    if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
    const found = await answer.json();
    if (found.states) { location.reload(); return; }  // another run of the driver
    data.version = found.version;
    data.failures = found.failures;
    recolour(found.changed);
    for (const [i, drift, error] of found.measured) { states.drift[i] = drift; states.temperature_error[i] = error; }
    if (found.measured.length) showQuality();
    sums(found);
    asked += 1;
    const isOpen = chosen !== null && found.changed.some(([i]) => states.identifier[i] === chosen);
    if (isOpen || (chosen !== null && asked % 5 === 0 && statusOf(numberOf.get(chosen)) === "running")) open();
  } catch (error) {
    byId("heard").className = "lost";
    byId("heard").textContent = `No answer since ${new Date(1000 * data.time).toLocaleTimeString([], { hour12: false })} (${error.message}): the driver has ended, or the tunnel is closed.`;
    setTimeout(news, 5000);
    return;
  }
  data.time = Date.now() / 1000;
  setTimeout(news, 1000 * held.refresh);
};
beginFilter();
beginDetail();
const first = recall();
beginSteering();
if (first && numberOf.has(first)) chosen = first;
refilter();
beginStates();
sums(data);
showQuality();
byId("source").textContent = held.is_live ? `Live from the scheduler; folder ${data.folder}.` : `Written ${new Date(1000 * data.time).toLocaleString([], { hour12: false })}; folder ${data.folder}.`;
if (chosen) { const name = chosen; chosen = null; choose(name); }
addEventListener("hashchange", () => { const name = recall(); refilter(); if (name && name !== chosen) choose(name); });
document.documentElement.dataset.ready = "yes";
if (held.is_live) setTimeout(news, 1000 * held.refresh);
else if (data.driver.is_alive && Date.now() / 1000 - data.time > 3 * held.refresh) {
  byId("heard").className = "lost";
  byId("heard").textContent += " It has not been written since: the driver has ended, or its disk is full.";
} else if (held.refresh && data.driver.is_alive) setTimeout(() => location.reload(), 1000 * held.refresh);
