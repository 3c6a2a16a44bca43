// What a person does is kept in the browser until the server has stored it: nothing is lost when either of them dies.
// Each entry {id, url, body, about} is sent in its order; the server answers what it has stored already as before.
const KEY = "tagwright.outbox";
const LOCK = "tagwright-outbox";
const PAUSES = [1, 2, 4, 8, 15];
const listeners = [], troubled = [], promised = new Map(), sent = [];
let failures = 0, timer = 0;

function read() {
  try { return JSON.parse(localStorage.getItem(KEY) ?? "[]"); } catch { return []; }
}

function write(entries) {
  localStorage.setItem(KEY, JSON.stringify(entries));
  listeners.forEach((act) => act());
}

function change(id, how) {
  write(read().flatMap((one) => (one.id === id ? how(one) : [one])));
}

/** A name for a change that nobody else gives. */
export function fresh() {
  return crypto.randomUUID ? crypto.randomUUID() : [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");
}

async function post(entry) {
  return fetch(entry.url, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(entry.body), credentials: "same-origin",
    signal: AbortSignal.timeout(30000),
  });
}

function trouble(kind) {
  troubled.forEach((act) => act(kind));
}

/** Sends one entry; false where it has to wait. */
async function send(entry) {
  let answer;
  try {
    answer = await post(entry);
  } catch {
    if (!failures++) trouble("away");
    return false;
  }
  if (answer.ok) {
    const said = answer.status === 204 ? {} : await answer.json();
    sent.push(entry);
    change(entry.id, () => []);
    promised.get(entry.id)?.resolve(said);
    promised.delete(entry.id);
    if (failures) { failures = 0; if (!outbox.waiting().length) trouble("back"); }
    return true;
  }
  if (answer.status === 401) {
    if (!failures++) trouble("signed_out");
    return false;
  }
  if (answer.status >= 500 || answer.status === 429 || answer.status === 408) {
    failures++;
    return false;
  }
  const problem = await answer.json().catch(() => ({}));
  const said = [problem.detail, problem.hint].filter(Boolean).join("; ") || String(answer.status);
  change(entry.id, (one) => [{ ...one, said }]);
  promised.get(entry.id)?.reject(new Error(said));
  promised.delete(entry.id);
  return true;
}

async function sendAll() {
  clearTimeout(timer);
  const work = async () => {
    for (;;) {
      const next = outbox.waiting()[0];
      if (!next) return;
      if (!(await send(next))) {
        timer = setTimeout(sendAll, 1000 * PAUSES[Math.min(failures, PAUSES.length) - 1]);
        return;
      }
    }
  };
  // Of several windows one sends, so that the order stays.
  if (navigator.locks) await navigator.locks.request(LOCK, work);
  else await work();
}

export const outbox = {
  /**
   * Keeps a change and sends it; the promise gives the server's answer once it is stored, or its refusal.
   * `later`: the next page sends it, as this one goes; `names` {tag: name} are kept with it, for showing it.
   */
  put(url, body, about, id = fresh(), { later = false, names = undefined } = {}) {
    const answer = new Promise((resolve, reject) => promised.set(id, { resolve, reject }));
    try {
      write([...read(), { id, url, body, about, names }]);
    } catch (error) {
      promised.delete(id);
      trouble("full");
      return Promise.reject(error);
    }
    if (!later) sendAll();
    return answer;
  },
  /** What is not stored yet, in its order. */
  waiting: () => read().filter((one) => !one.said),
  /** What was stored since the page came from the server, which did not know of it then. */
  sent: () => sent,
  /** What the server does not accept, with what it `said`. */
  refused: () => read().filter((one) => one.said),
  /** Takes back what was not sent yet; false where it is gone already. */
  discard(id) {
    const there = read().some((one) => one.id === id);
    if (there) change(id, () => []);
    promised.get(id)?.reject(new Error("discarded"));
    promised.delete(id);
    return there;
  },
  retry(id) {
    change(id, ({ said, ...one }) => [one]);
    failures = 0;
    sendAll();
  },
  onchange: (act) => listeners.push(act),
  ontrouble: (act) => troubled.push(act),
};

window.addEventListener("storage", (event) => { if (event.key === KEY) listeners.forEach((act) => act()); });
window.addEventListener("online", sendAll);
document.addEventListener("visibilitychange", () => { if (!document.hidden) sendAll(); });
sendAll();
