// The documents that come next are fetched ahead, so that nobody waits; those that were seen are kept for going back.
import { Case } from "./review-model.js";
import { outbox } from "./outbox.js";

const AHEAD = 3, KEPT = 30;
const HERE = `/p/${encodeURIComponent(document.body.dataset.project)}/review`;
// What was chosen in the queue stands in the page's address, and goes with it from document to document.
const CHOICE = [...new URLSearchParams(document.getElementById("choice").dataset.asked)];
// Of those that are chosen by their state one may keep it, and is not to come again at once.
const STATED = CHOICE.some(([name]) => name === "state"), MOST = 90;
const kept = new Map();
let ahead = [], passed = [], fetching = null, finished = false;

/** A part of a page from the server; null where there is nothing more; throws where there is no answer. */
export async function part(address, signal) {
  const answer = await fetch(address, { headers: { "hx-request": "true" }, credentials: "same-origin", signal });
  if (answer.status === 204) return null;
  const text = await answer.text();
  if (!answer.ok) {
    const said = new DOMParser().parseFromString(text, "text/html").body.textContent.trim();
    throw Object.assign(new Error(said || String(answer.status)), { status: answer.status });
  }
  return document.adoptNode(new DOMParser().parseFromString(text, "text/html").body);
}

export const query = (values) => `${HERE}?${new URLSearchParams([...Object.entries(values), ...CHOICE])}`;
export const below = (name, values) => `${HERE}/${name}?${new URLSearchParams(values)}`;

/** The documents that these changes, in their order, leave done, skipped or flagged. */
export function closed(entries) {
  const last = new Map(entries.flatMap((entry) => entry.body.reviews ?? []).map((one) => [one.document, one.state]));
  return [...last.keys()].filter((id) => last.get(id) !== "open");
}

/** What is not to come again: what is here, what is fetched, and what is done and not stored yet. */
function known(current) {
  const before = STATED ? passed : [];
  return [...new Set([...before, ...closed(outbox.waiting()), current, ...ahead.map((one) => one.id)])].filter(Boolean).slice(-MOST);
}

async function fetchNext(current) {
  while (ahead.length < AHEAD && !finished) {
    const values = known(current()).map((id) => ["without", id]);
    const body = await part(below("next", [...CHOICE, ...values]));
    const element = body?.querySelector("#review");
    if (!element?.dataset.document) finished = true;
    else if (!known(current()).includes(element.dataset.document)) ahead.push(Object.assign(new Case(element), { waits: true }));
    else break;
  }
}

/** Fetches as many as are wanted ahead; quiet where the server does not answer. */
export function fill(current) {
  fetching ??= fetchNext(current).catch(() => {}).finally(() => { fetching = null; });
  return fetching;
}

/** The next document; null where none waits, undefined where the server does not answer. */
export async function next(current) {
  if (!ahead.length) {
    finished = false;
    await fill(current);
  }
  return ahead.shift() ?? (finished ? null : undefined);
}

/** The next document where it is here already. */
export const ready = () => ahead.shift();

/** A certain document: as it was left, or from the server. */
export async function certain(id) {
  ahead = ahead.filter((one) => one.id !== id || !kept.set(id, one));
  if (kept.has(id)) return kept.get(id);
  const body = await part(query({ id }));
  return new Case(body.querySelector("#review"));
}

/** Puts a document aside that is not shown any more. */
export function keep(one) {
  if (!one?.id) return;
  passed = [...passed.filter((id) => id !== one.id), one.id].slice(-MOST);
  kept.delete(one.id);
  kept.set(one.id, one);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  finished = false;
}

/** Puts a document aside that somebody leaves to look at an earlier one: it comes next again. */
export function putBack(one) {
  if (!one?.id || !one.waits) { keep(one); return; }
  passed = passed.filter((id) => id !== one.id);
  ahead = [one, ...ahead.filter((other) => other.id !== one.id)];
}

export const keptOf = (id) => kept.get(id) ?? ahead.find((one) => one.id === id) ?? null;
export const everyKept = () => [...kept.values(), ...ahead];
