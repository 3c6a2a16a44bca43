// The list of what waits: the keyboard goes through it, it fills up by itself, and documents are added.
import { choices, walk } from "./queue-walk.js";
import { fresh, outbox } from "./outbox.js";
import { tell } from "./told.js";
import { words } from "./words.js";

const say = words("queue"), LIST = ".w-title", AGAIN = 2500;
const API = `/api/v1/projects/${encodeURIComponent(document.body.dataset.project)}`;
// So many documents, or letters, go in one request.
const MANY = 100, LETTERS = 1_000_000;
const one = (id) => document.getElementById(id);

/** Draws the list anew; not under the fingers of somebody who is in it. */
async function refresh({ always = false } = {}) {
  const list = one("waiting");
  if (!always && (document.hidden || list.contains(document.activeElement) || document.querySelector("dialog[open]"))) return;
  try {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok) return;
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of ["#waiting", ".w-states"]) {
      const here = document.querySelector(part), there = found.querySelector(part);
      if (here && there) here.replaceWith(document.adoptNode(there));
    }
  } catch { /* the next time */ }
}

/** As long as nothing was suggested for some documents yet. */
function watch() {
  setInterval(() => { if (Number(one("waiting")?.dataset.unknown)) refresh(); }, AGAIN);
}

function progress(text, done = 0, total = 0) {
  one("add-progress").hidden = !text;
  one("add-said").textContent = text;
  if (total) { one("add-bar").max = total; one("add-bar").value = done; } else one("add-bar").removeAttribute("value");
}

function problem(text) {
  progress("");
  one("add-problem").hidden = !text;
  one("add-problem").textContent = text;
}

const count = (key, n) => say(n === 1 ? `${key}_one` : key, { n });

function added(n, known) {
  one("add").close();
  tell([count("added", n), known ? count("known", known) : ""].filter(Boolean).join(" "), { seconds: 6 });
  refresh({ always: true });
}

/** A text that somebody wrote is kept in the browser until the server has it. */
function addText(event) {
  event.preventDefault();
  const title = one("add-name").value.trim(), text = one("add-body").value.replaceAll("\r\n", "\n");
  if (!text.trim()) return;
  const id = `page-${fresh()}`, shown = title || text.trim().slice(0, 60);
  outbox.put(`${API}/documents`, { documents: [{ id, title, text }] }, say("adding", { title: shown }))
    .then((answer) => { tell(count("added", answer.added.length)); refresh({ always: true }); })
    .catch((error) => tell(error.message, { bad: true, seconds: 8 }));
  event.target.reset();
  one("add").close();
}

async function answerOf(url, sent) {
  const answer = await fetch(url, { method: "POST", ...sent });
  if (answer.ok) return answer.json();
  const html = answer.headers.get("content-type")?.startsWith("text/html");
  if (html) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    throw new Error(page.querySelector(".problem, main p")?.textContent.trim() ?? String(answer.status));
  }
  const said = await answer.json().catch(() => ({}));
  throw new Error([said.detail, said.hint].filter(Boolean).join("; ") || String(answer.status));
}

function* parts(documents) {
  let part = [], letters = 0;
  for (const document of documents) {
    if (part.length && (part.length === MANY || letters + document.text.length > LETTERS)) {
      yield part;
      part = [];
      letters = 0;
    }
    part.push(document);
    letters += document.text.length;
  }
  if (part.length) yield part;
}

/** A file is read by the server, then its documents are added in parts; what is there already stays as it is. */
async function addFile(file) {
  problem("");
  progress(say("reading", { name: file.name }));
  const form = new FormData();
  form.append("file", file);
  try {
    const place = `/p/${encodeURIComponent(document.body.dataset.project)}/queue/read`;
    const { documents, more } = await answerOf(place, { body: form, headers: { "hx-request": "true" } });
    let n = 0, known = 0;
    for (const part of parts(documents)) {
      progress(say("sending", { n: n + known, of: documents.length }), n + known, documents.length);
      const headers = { "content-type": "application/json" };
      const said = await answerOf(`${API}/documents`, { body: JSON.stringify({ documents: part }), headers });
      n += said.added.length;
      known += part.length - said.added.length;
    }
    progress("");
    if (more) problem(say("more", { n: documents.length }));
    else added(n, known);
  } catch (error) {
    problem(say("failed", { why: error.message }));
  }
}

function adding() {
  one("add-text").addEventListener("submit", addText);
  one("add-file").addEventListener("change", (event) => {
    const [file] = event.target.files;
    if (file) addFile(file).finally(() => { event.target.value = ""; });
  });
}

choices();
walk(LIST);
if (one("add")) adding();
if (one("waiting")?.dataset.unknown) watch();
