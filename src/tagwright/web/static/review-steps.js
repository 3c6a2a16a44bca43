// The last steps of a person, the newest first: each can be taken back, and older ones are fetched when they are needed.
import { below, part } from "./review-ahead.js";
import { outbox } from "./outbox.js";
import { words } from "./words.js";

const say = words("review");
const list = document.getElementById("history");
// So few left, and older ones are fetched.
const FEW = 15;
let oldest = false, fetching = null;

const steps = () => [...list.children];

/** What a line of the list says. */
const read = (line) => ({
  line, verdict: line.dataset.verdict, document: line.dataset.document, ids: line.dataset.ids.split("\n").filter(Boolean),
  names: line.querySelector(".h-what").textContent.trim(), title: line.querySelector(".h-where").textContent,
});

function show() {
  document.getElementById("history-none").hidden = list.children.length > 0;
}

/** Adds a step in front of all others. */
export function add({ verdict, what, ids = [], document: id, title }) {
  const line = document.getElementById("step").content.firstElementChild.cloneNode(true);
  Object.assign(line.dataset, { verdict, document: id, ids: ids.join("\n"), time: Date.now() / 1000 });
  line.querySelector(".h-what").textContent = what;
  const where = line.querySelector(".h-where"), button = line.querySelector("button");
  where.textContent = title;
  where.href = `?id=${encodeURIComponent(id)}`;
  button.setAttribute("aria-label", `${button.textContent}: ${what}`);
  list.prepend(line);
  show();
}

/** The rejection of that id has its reason now. */
export function rename(id, what) {
  const line = steps().find((one) => one.dataset.ids === id);
  if (line) line.querySelector(".h-what").textContent = what;
}

/** The newest step, or null. */
export async function newest() {
  if (!list.children.length) await older();
  return list.children.length ? read(list.firstElementChild) : null;
}

export const of = (element) => read(element.closest("li"));

/** Forgets steps that were taken back. */
export function forget(ids) {
  for (const line of steps()) {
    const left = read(line).ids.filter((id) => !ids.includes(id));
    if (left.length < read(line).ids.length) line.dataset.ids = left.join("\n");
    if (!left.length && line.dataset.ids === "" && !isWhole(line)) line.remove();
  }
  show();
  if (list.children.length < FEW) older();
}

const isWhole = (line) => ["done", "skipped", "flagged"].includes(line.dataset.verdict);

export function remove(line) {
  line.remove();
  show();
  if (list.children.length < FEW) older();
}

function older() {
  if (oldest || fetching) return fetching;
  const before = list.lastElementChild?.dataset.time ?? Date.now() / 1000 + 1e6;
  fetching = part(below("history", { before })).then((found) => {
    const known = new Set(steps().map((line) => line.dataset.ids + line.dataset.document + line.dataset.verdict));
    const fresh = [...found.querySelectorAll("li")].filter((line) => !known.has(line.dataset.ids + line.dataset.document + line.dataset.verdict));
    const waits = new Set(outbox.waiting().flatMap((entry) => entry.body.ids ?? []));
    list.append(...fresh.filter((line) => !read(line).ids.some((id) => waits.has(id))));
    oldest = !fresh.length;
    show();
  }).catch(() => {}).finally(() => { fetching = null; });
  return fetching;
}

/** Lists what an earlier visit kept in the browser and the server did not know of yet; what it took back goes. */
export function start() {
  const known = new Set(steps().flatMap((line) => read(line).ids));
  for (const entry of [...outbox.sent(), ...outbox.waiting()]) {
    if (entry.body.decisions?.some((one) => known.has(one.id))) continue;
    const [title, ...rest] = entry.about.split(" – ").reverse(), what = rest.reverse().join(" – ");
    if (entry.url.endsWith("/decisions")) {
      const made = entry.body.decisions;
      add({ verdict: (made.find((one) => one.verdict !== "reject") ?? made[0]).verdict, what: what || title, ids: made.map((one) => one.id), document: made[0].document, title });
    } else if (entry.url.endsWith("/revert")) {
      forget(entry.body.ids ?? []);
    } else if (entry.url.endsWith("/reviews")) {
      const [made] = entry.body.reviews;
      steps().filter((line) => isWhole(line) && line.dataset.document === made.document).forEach((line) => line.remove());
      if (made.state !== "open") add({ verdict: made.state, what: say(`did_${made.state}`), document: made.document, title });
    }
  }
  show();
}
