// Decisions of a person: kept in the browser first, then sent; each step can be taken back.
import { fresh, outbox } from "./outbox.js";
import { announce, draw, reasonOf } from "./review-draw.js";
import { tell } from "./told.js";
import { words } from "./words.js";

const say = words("review");
const HELD = "tagwright.held";
// A rejection waits so long for its reason.
const PATIENCE = 8000;
export const API = `/api/v1/projects/${encodeURIComponent(document.body.dataset.project)}`;
let held = null, timer = 0;

/** What a step is called: "accepted Soil erosion", "Loess instead of Soil". */
export function nameOf(changes, names) {
  const given = changes.filter((one) => one.verdict !== "reject"), [first] = given.length ? given : changes;
  const shown = [...new Set((given.length ? given : changes).map((one) => names(one.tag)))].join(", ");
  const [other] = changes.filter((one) => one.verdict === "reject");
  if (given.length && other) return say("did_swap", { names: shown, other: names(other.tag) });
  return say(`did_${first.verdict}`, { names: shown }) + (first.reason ? ` (${reasonOf(first.reason)})` : "");
}

function keep(entry) {
  if (entry) localStorage.setItem(HELD, JSON.stringify(entry));
  else localStorage.removeItem(HELD);
}

function send(one, entry, options) {
  const sent = outbox.put(entry.url, entry.body, entry.about, entry.id, { ...options, names: entry.names });
  if (!one) { sent.catch(() => {}); return; }
  sent.then((answer) => { answer.decisions?.filter((made) => made.conflict).forEach((made) => contradicted(one, made)); })
    .catch(() => {
      // What the server refuses is kept and shown with its reason; what is not kept anywhere was not decided.
      const there = outbox.refused().some((known) => known.id === entry.id);
      if (!there) one.take(entry.body.decisions.map((made) => made.id));
    })
    .finally(() => { one.refresh(); draw(one); });
}

/** Somebody else had decided otherwise meanwhile: that is told, and the person's decision stands. */
async function contradicted(one, made) {
  one.conflicts.set(made.tag, made.conflict);
  let other = null;
  try {
    const query = new URLSearchParams({ document: made.document, after: made.conflict - 1, limit: 1 });
    other = (await (await fetch(`${API}/decisions?${query}`)).json()).decisions[0];
  } catch { /* who it was is not known, but that there was somebody is */ }
  const verdict = say(other?.verdict === "reject" ? "rejected" : "accepted");
  tell(say("conflict", { person: other?.person || say("somebody"), name: one.name(made.tag), verdict }), { bad: true, seconds: 12 });
}

/** Decides about tags of a document as one step; `wait`: a reason may follow. Returns the ids. */
export function decide(one, changes, { wait = false } = {}) {
  release();
  const group = fresh(), many = changes.length > 1;
  const decisions = changes.map((change, n) => ({
    document: one.id, tag: change.tag, verdict: change.verdict, reason: change.reason ?? "",
    seen: one.seenOf(change.tag), id: many ? `${group}.${n + 1}` : group,
  }));
  const what = nameOf(changes, (tag) => one.name(tag));
  for (const made of decisions) {
    one.told.push({ id: made.id, tag: made.tag, verdict: made.verdict, reason: made.reason, person: "", mine: true, fresh: true, held: wait, status: "waiting" });
  }
  const entry = { id: group, url: `${API}/decisions`, body: { decisions }, about: `${what} – ${one.title}` };
  entry.names = Object.fromEntries(changes.map((change) => [change.tag, one.name(change.tag)]));
  if (wait) {
    held = { one, entry };
    keep(entry);
    timer = setTimeout(() => release(), PATIENCE);
  } else {
    send(one, entry);
  }
  draw(one);
  announce(what);
  return { verdict: (changes.find((change) => change.verdict !== "reject") ?? changes[0]).verdict, what, ids: decisions.map((made) => made.id), document: one.id, title: one.title };
}

/** Sends the rejection that waits for a reason, with it or without one; false where none waits. */
export function release(reason = "", options = {}) {
  clearTimeout(timer);
  if (!held) return false;
  const { one, entry } = held, [made] = entry.body.decisions;
  held = null;
  if (reason) {
    made.reason = reason;
    entry.about = `${nameOf([made], (tag) => one.name(tag))} – ${one.title}`;
  }
  for (const told of one.told.filter((known) => known.id === made.id)) Object.assign(told, { held: false, reason: made.reason });
  send(one, entry, options);
  keep(null);
  draw(one);
  document.dispatchEvent(new CustomEvent("review:released", { detail: { id: made.id, what: nameOf([made], (tag) => one.name(tag)) } }));
  return true;
}

/** The tag whose rejection waits for a reason. */
export const waitsForReason = () => held?.entry.body.decisions[0].tag ?? null;

/** Takes decisions back, wherever they are by now. */
export function revert(ids, names, one = null) {
  one?.take(ids);
  if (one) draw(one);
  announce(say("did_undo", { names }));
  if (held && ids.includes(held.entry.id)) {
    clearTimeout(timer);
    held = null;
    keep(null);
    return;
  }
  const refused = outbox.refused().filter((entry) => entry.body.decisions?.every((made) => ids.includes(made.id)));
  refused.forEach((entry) => outbox.discard(entry.id));
  if (refused.length) return;
  const about = say("did_undo", { names });
  outbox.put(`${API}/decisions/revert`, { ids }, about).catch((error) => tell(error.message, { bad: true, seconds: 8 }));
}

/** What the person says of a document as a whole. */
export function review(one, state, seconds, about) {
  const id = fresh();
  const body = { reviews: [{ document: one.id, state, seconds: Math.round(seconds * 10) / 10, id }] };
  outbox.put(`${API}/reviews`, body, about, id).catch((error) => tell(error.message, { bad: true, seconds: 8 }));
}

/** Sends what an earlier visit could not. */
export function start() {
  const left = localStorage.getItem(HELD);
  if (left) {
    send(null, JSON.parse(left));
    keep(null);
  }
  window.addEventListener("pagehide", () => release("", { later: true }));
}
