// Retry and cancel: the requests of the verbs, asked of the driver with the token of its run in a header. No cookie is set
// or read, so that no other page can press a button. Without the token, or in a file, the commands are shown instead.
const KEY = `glassdask ${location.pathname}`;
let token = null;
const keepToken = (given) => {
  token = given.trim() || null;
  try { if (token) sessionStorage.setItem(KEY, token); else sessionStorage.removeItem(KEY); } catch { /* it is kept as long as the page is */ }
};
const canSteer = () => held.is_live && data.can_steer && token !== null;
const answered = (text, isBad) => {
  byId("answer").textContent = text;
  byId("answer").className = isBad ? "bad" : "good";
  byId("answer").hidden = !text;
};
const ask = async (verb, names, reason = null) => {
  answered("Asked …", false);
  try {
    const answer = await fetch("glassdask/request.json", {
      method: "POST", headers: { "Content-Type": "application/json", "X-Glassdask-Token": token },
      body: JSON.stringify({ verb, states: names, reason }),
    });
    const found = await answer.json();
    if (answer.status === 403) { keepToken(""); showTokenPlace(); if (shown) showSteering(shown); }
    answered(found.message, !answer.ok);
    if (answer.ok && chosen) open();
  } catch (error) { answered(`Nothing was asked: ${error.message}. The driver has ended, or the tunnel is closed.`, true); }
};
const press = (text, label, act) => {
  const button = element("button", text, { type: "button", class: "act", "aria-label": label });
  button.addEventListener("click", act);
  return button;
};
const confirmed = (question, act) => {
  const dialog = byId("confirm");
  byId("question").textContent = question;
  dialog.onclose = () => { if (dialog.returnValue === "yes") act(); };
  dialog.returnValue = "";
  dialog.showModal();
};
const cancelling = (name) => () => confirmed(`Cancel ${name}? It is stopped and counts as failed until it is retried; what is finished stays, and a simulation keeps its checkpoint.`, () => ask("cancel", [name]));
const retryOf = (name) => press("Retry", `Retry ${name}`, () => ask("retry", [name]));
const cancelOf = (name) => press("Cancel …", `Cancel ${name}`, cancelling(name));
const showSteering = (found) => {
  const verb = found.status === "failed" ? "retry" : ["running", "waiting"].includes(found.status) ? "cancel" : null;
  byId("steer").hidden = !verb;
  if (!verb) { byId("steer").replaceChildren(); return; }
  const focused = byId("steer").contains(document.activeElement);
  if (canSteer()) byId("steer").replaceChildren(verb === "retry" ? retryOf(found.state) : cancelOf(found.state));
  else {
    const hint = element("span", `To ${verb} it: `, { class: "hint" });
    hint.append(element("code", `glassdask ${verb} ${data.folder} ${found.state}`));
    byId("steer").replaceChildren(hint);
  }
  if (focused) byId("steer").querySelector("button")?.focus();
};
const showTokenPlace = () => {
  byId("token-place").hidden = !held.is_live || canSteer();
  byId("token-form").hidden = !data.can_steer;
  byId("token-why").textContent = data.can_steer
    ? `Buttons to retry and cancel need the token of this run, which only the owner of the campaign can read: cat ${data.folder}/page.token`
    : `There are no buttons to retry and cancel: ${data.folder}/page.token could not be written. 'glassdask retry' and 'glassdask cancel' do the same.`;
};
const beginSteering = () => {
  try { token = token || sessionStorage.getItem(KEY); } catch { /* no storage: the token is asked for again */ }
  byId("token-form").addEventListener("submit", (event) => {
    event.preventDefault();
    keepToken(byId("token").value);
    byId("token").value = "";
    answered(token ? "" : "Paste the token first.", !token);
    showTokenPlace();
    if (shown) showSteering(shown);
    showFailures(data.failures);
  });
  showTokenPlace();
};
