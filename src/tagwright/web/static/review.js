// The screen Review: one document after the other, with the keyboard; the parts are in review-*.js.
import { onKey } from "./keys.js";
import { outbox } from "./outbox.js";
import * as ahead from "./review-ahead.js";
import * as deciding from "./review-deciding.js";
import { announce, draw } from "./review-draw.js";
import { exchange, place } from "./review-exchange.js";
import { Case } from "./review-model.js";
import { clock, counted } from "./review-progress.js";
import * as search from "./review-search.js";
import * as steps from "./review-steps.js";
import { current, go, rows, start as startRows } from "./rows.js";
import { tell } from "./told.js";
import { words } from "./words.js";

const say = words("review");
const at = (id) => document.getElementById(id);
const REASONS = { b: "too broad", n: "too narrow", w: "wrong", t: "not the topic", d: "duplicate" };
const isWriter = document.body.dataset.role !== "read";
let shown = new Case(at("review")), moving = false;

// --- a document comes and goes ---

/** Shows a document; the keyboard is at its first suggestion. `back`: the one before comes next again. */
function show(one, { push = true, back = false } = {}) {
  search.clear();
  deciding.release();
  if (one !== shown) (back ? ahead.putBack : ahead.keep)(shown);
  shown = one;
  at("review").replaceWith(one.element);
  one.refresh();
  draw(one);
  const first = rows()[0];
  document.querySelector('[data-act="accept-all"]').disabled = !isWriter || !document.querySelector(".above .suggestion");
  if (one.id) {
    go(first ?? null);
    if (!first) at("document").focus({ preventScroll: true });
    window.scrollTo(0, 0);
    if (push) history.pushState({ id: one.id }, "", ahead.query({ id: one.id }));
    announce(say("document", { title: one.title }));
    clock.start();
  } else {
    at("main").focus({ preventScroll: true });
  }
  ahead.fill(() => shown.id);
}

/** Shows that there is no document: none waits, or the server is away. */
function nothing(template) {
  show(new Case(at(template).content.firstElementChild.cloneNode(true)));
}

/** Goes on to the document that is to be seen next. */
async function goOn() {
  const ready = ahead.ready();
  if (ready) { show(ready); return; }
  if (moving) return;
  moving = true;
  try {
    const next = await ahead.next(() => shown.id);
    if (next) show(next);
    else if (next === null) nothing("nothing");
    else if (!at("review").dataset.away) nothing("waiting");
  } finally {
    moving = false;
  }
}

async function goTo(id, options) {
  if (id === shown.id) return true;
  try {
    show(await ahead.certain(id), { ...options, back: true });
    return true;
  } catch (error) {
    tell(error.status ? error.message : say("no_answer"), { bad: true });
    return false;
  }
}

// --- decisions ---

function decide(changes, options) {
  steps.add(deciding.decide(shown, changes, options));
}

/** The keyboard goes on to the next suggestion. */
function onwards() {
  const all = rows(), next = all[all.indexOf(current()) + 1];
  if (next) go(next);
}

function accept(row) {
  const tag = row.dataset.tag;
  if (shown.state(tag) !== "accepted") decide([{ tag, verdict: "accept" }]);
  onwards();
}

function reject(row) {
  const tag = row.dataset.tag;
  reasons(row, true);
  if (shown.state(tag) !== "rejected") decide([{ tag, verdict: "reject" }], { wait: true });
}

/** Opens or closes the reasons of a rejection; they lie over the row, so that nothing moves. */
function reasons(row, on) {
  for (const one of document.querySelectorAll(".asking")) {
    one.classList.remove("asking");
    one.querySelector(".d-reasons").hidden = true;
  }
  if (!on) return;
  row.classList.add("asking");
  row.querySelector(".d-reasons").hidden = false;
  go(row);
}

const asked = () => document.querySelector(".asking");

function because(reason) {
  const row = asked(), tag = row.dataset.tag;
  const waited = deciding.waitsForReason() === tag && deciding.release(reason);
  if (!waited && reason) decide([{ tag, verdict: "reject", reason }]);
  reasons(row, false);
  if (document.activeElement === document.body || row.contains(document.activeElement)) go(row);
  onwards();
}

/** Takes back what is decided about a tag: one's own decision is undone, other people's is contradicted. */
function withdraw(tag) {
  const last = shown.last(tag);
  if (!last?.mine || last.verdict === "reject") { decide([{ tag, verdict: "reject" }]); return; }
  steps.forget([last.id]);
  deciding.revert([last.id], shown.name(tag), shown);
}

function toggle(row) {
  const tag = row.dataset.tag;
  if (shown.state(tag) === "accepted") withdraw(tag);
  else decide([{ tag, verdict: "accept" }]);
}

function add(tag, name) {
  const row = shown.row(tag);
  shown.names.set(tag, name);
  search.clear();
  if (shown.state(tag) === "accepted") tell(say("already", { name }));
  else decide([{ tag, verdict: row ? "accept" : "add" }]);
  go(current() ?? rows()[0] ?? null);
}

/** Gives another tag instead of the one of a row, as one step; `reason` why the first one is not right. */
function swap(row, other, reason) {
  shown.names.set(other.id, other.name);
  const changes = [{ tag: row.dataset.tag, verdict: "reject", reason }];
  if (shown.state(other.id) !== "accepted") changes.push({ tag: other.id, verdict: shown.row(other.id) ? "accept" : "add" });
  decide(changes);
  go(row);
  onwards();
}

function acceptAll() {
  const open = rows().filter((row) => row.closest(".above") && shown.state(row.dataset.tag) === "suggested");
  if (!open.length) { tell(say("all_accepted")); return; }
  decide(open.map((row) => ({ tag: row.dataset.tag, verdict: "accept" })));
}

/** Says what the whole document is, and goes on to the next one. */
function close(state) {
  if (!shown.id || !isWriter) return;
  deciding.release();
  const given = at("given").children.length;
  shown.open(state);
  const what = say(`did_${state}`), title = shown.title, seconds = clock.stop();
  deciding.review(shown, state, seconds, `${what} – ${title}`);
  steps.add({ verdict: state, what, document: shown.id, title });
  if (state === "done") counted(seconds);
  if (state === "done" && !given) tell(say("did_done_none"), { undo: { label: say("undo"), act: undoLast } });
  if (state !== "done") tell(`${what}: ${title}`, { undo: { label: say("undo"), act: undoLast } });
  goOn();
}

// --- back ---

async function undo(step) {
  const one = step.document === shown.id ? shown : ahead.keptOf(step.document);
  steps.remove(step.line);
  if (step.ids.length) {
    deciding.revert(step.ids, step.names, one);
  } else {
    reopen(one);
    deciding.review({ id: step.document }, "open", 0, `${say("did_undo", { names: step.names })} – ${step.title}`);
    if (step.verdict === "done") counted(null);
  }
  reasons(null, false);
}

function reopen(one) {
  if (!one) return;
  one.open();
  draw(one);
}

async function undoLast() {
  deciding.release();
  const step = await steps.newest();
  if (!step) { tell(say("nothing_to_undo")); return; }
  await undo(step);
  await goTo(step.document);
  // The server may have drawn it before it knew.
  if (!step.ids.length && step.document === shown.id) reopen(shown);
  const row = step.document === shown.id && step.ids.length === 1 ? rows().find((one) => step.names.includes(one.dataset.name)) : null;
  if (row) go(row);
}

// --- what is pressed ---

const acts = {
  accept, reject, place: (row) => place(row, swap),
  broader: (row) => exchange(row, "broader", swap), narrower: (row) => exchange(row, "narrower", swap),
  reason: (row, button) => because(button.dataset.reason), "no-reason": () => because(""),
  remove: (row, button) => withdraw(button.closest("li").dataset.tag),
  undo: (row, button) => undo(steps.of(button)), "undo-last": undoLast,
  "accept-all": acceptAll, done: () => close("done"), skip: () => close("skipped"), flag: () => close("flagged"),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]"), act = acts[button?.dataset.act];
  const mark = event.target.closest("mark[data-tags]"), link = event.target.closest(".h-where");
  if (act) {
    if (asked() && !["reason", "no-reason", "reject"].includes(button.dataset.act)) { deciding.release(); reasons(null, false); }
    act(button.closest(".suggestion"), button);
  } else if (mark) {
    const row = shown.row(mark.dataset.tags.split("\n")[0]);
    if (row) go(row);
  } else if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    goTo(new URL(link.href).searchParams.get("id"));
  }
});

function pressed(key) {
  const row = current();
  if (asked()) {
    if (REASONS[key]) { because(REASONS[key]); return true; }
    if (key === "Escape") { because(""); return true; }
    if (key === "x") {
      because("");
      if (current() !== row) reject(current());
      return true;
    }
    deciding.release();
    reasons(null, false);
  }
  if (!row || !row.isConnected) return false;
  if (key === "t") place(row, isWriter ? swap : null);
  else if (!isWriter) return false;
  else if (key === "a") accept(row);
  else if (key === "x") reject(row);
  else if (key === "b") exchange(row, "broader", swap);
  else if (key === "n") exchange(row, "narrower", swap);
  else return false;
  return true;
}

onKey(pressed);
startRows({ digit: (row) => { if (isWriter) toggle(row); } });
search.start({ add, leave: () => go(current() ?? rows()[0] ?? null) });
document.addEventListener("review:released", (event) => {
  steps.rename(event.detail.id, event.detail.what);
  if (!deciding.waitsForReason() && asked()?.contains(document.activeElement) === false) reasons(null, false);
});
outbox.onchange(() => {
  for (const one of [shown, ...ahead.everyKept()]) if (one.id && one.refresh()) draw(one);
});
window.addEventListener("popstate", (event) => {
  const id = event.state?.id ?? new URLSearchParams(location.search).get("id");
  if (id) goTo(id, { push: false });
});
window.addEventListener("online", () => { if (!shown.id) goOn(); });
setInterval(() => { if (!shown.id && document.querySelector("#review[data-away]")) goOn(); }, 5000);

history.scrollRestoration = "manual";
deciding.start();
steps.start();
const isAsked = new URLSearchParams(location.search).has("id");
if (shown.id) history.replaceState({ id: shown.id }, "", ahead.query({ id: shown.id }));
shown.refresh(outbox.sent());
show(shown, { push: false });
// The server does not know yet that this one is done.
if (!isAsked && ahead.closed([...outbox.sent(), ...outbox.waiting()]).includes(shown.id)) goOn();
