// Many documents decided about one tag: by key, one by one, or all that are shown; every step can be taken back.
import { at, step, walk } from "./queue-walk.js";
import { onKey } from "./keys.js";
import { fresh, outbox } from "./outbox.js";
import { tell } from "./told.js";
import { words } from "./words.js";

const say = words("queue"), CARD = ".w-card";
const project = document.body.dataset.project, API = `/api/v1/projects/${encodeURIComponent(project)}`;
const grid = document.getElementById("grid");
const one = (id) => document.getElementById(id);
const cards = () => [...grid.querySelectorAll(CARD)];
const open = () => cards().filter((card) => !card.dataset.state);
const chosen = () => open().filter((card) => card.querySelector("input")?.checked);
const count = (key, n, more = {}) => say(n === 1 ? `${key}_one` : key, { n, ...more });

// What was done in this window, so that it can be taken back on the next page and after a reload, too.
const STEPS = `tagwright.bulk.${project}`;
const steps = {
  all: () => { try { return JSON.parse(sessionStorage.getItem(STEPS) ?? "[]"); } catch { return []; } },
  keep: (all) => sessionStorage.setItem(STEPS, JSON.stringify(all.slice(-500))),
};

function show(card, verdict, status = "", why = "") {
  const said = card.querySelector(".w-verdict");
  card.dataset.state = verdict;
  card.dataset.status = status;
  said.hidden = !verdict;
  said.textContent = verdict ? [say(verdict), status === "stored" ? "" : say(status, { why })].filter(Boolean).join(" · ") : "";
  card.querySelector(".w-acts").hidden = Boolean(verdict);
  const tick = card.querySelector("input");
  tick.checked = false;
  tick.disabled = Boolean(verdict);
}

/** What the buttons would do now stands on them. */
function bar() {
  const some = chosen().length, left = open().length, n = some || left;
  one("accept").textContent = some ? count("accept_chosen", n) : count("accept_all", n);
  one("reject").textContent = some ? count("reject_chosen", n) : count("reject_all", n);
  one("accept").disabled = one("reject").disabled = !left;
  one("undo").disabled = !steps.all().length;
  const further = one("further"), { offset, total } = grid.dataset;
  // What is decided is gone from the list when it comes again.
  const to = new URL(further.href);
  to.searchParams.set("offset", String(Number(offset) + left));
  further.href = to.href;
  further.classList.toggle("main", !left);
  if (!left && Number(total) <= Number(offset) + cards().length) one("said").textContent = say("all_decided");
}

function conflicts(made) {
  const against = made.filter((decision) => decision.conflict).length;
  if (against) tell(count("conflicts", against), { bad: true, seconds: 10 });
}

function send(group, decided, verdict, about) {
  const decisions = decided.map((card, n) => ({
    document: card.dataset.document, tag: grid.dataset.tag, verdict, seen: Number(card.dataset.seen), id: `${group}.${n + 1}`,
  }));
  // Somebody may have taken the step back before the answer comes.
  const still = () => decided.filter((card) => card.dataset.group === group);
  outbox.put(`${API}/decisions`, { decisions }, about, group)
    .then((answer) => { still().forEach((card) => show(card, verdict, "stored")); conflicts(answer.decisions); })
    .catch((error) => {
      const refused = outbox.refused().some((entry) => entry.id === group);
      still().forEach((card) => show(card, refused ? verdict : "", refused ? "refused" : "", error.message));
      bar();
    });
  return decisions.map((decision) => decision.id);
}

function decide(which, verdict) {
  if (!which.length) return;
  const n = which.length, name = grid.dataset.name;
  const about = n === 1 ? say(`did_${verdict}_one`, { name, title: which[0].dataset.title }) : say(`did_${verdict}`, { name, n });
  const group = fresh();
  for (const card of which) {
    card.dataset.group = group;
    show(card, verdict, "waiting");
  }
  const ids = send(group, which, verdict, about);
  steps.keep([...steps.all(), { group, ids, about }]);
  one("said").textContent = about;
  if (n > 1) tell(about, { undo: { label: say("undo"), act: undo }, seconds: 8 });
  bar();
}

/** Decides about the card that the focus is at, and goes on to the next one. */
function decideOne(card, verdict) {
  decide([card], verdict);
  const all = cards(), rest = [...all.slice(all.indexOf(card) + 1), ...all];
  const next = rest.find((other) => !other.dataset.state);
  (next ?? card).focus({ preventScroll: true });
  (next ?? card).scrollIntoView({ block: "nearest" });
}

function undo() {
  const all = steps.all(), last = all.pop();
  if (!last) return;
  steps.keep(all);
  for (const card of cards().filter((known) => known.dataset.group === last.group)) {
    card.dataset.group = "";
    show(card, "");
  }
  const about = say("did_undo", { what: last.about });
  one("said").textContent = about;
  bar();
  const refused = outbox.refused().some((entry) => entry.id === last.group);
  if (refused) outbox.discard(last.group);
  else outbox.put(`${API}/decisions/revert`, { ids: last.ids }, about).catch((error) => tell(error.message, { bad: true, seconds: 8 }));
}

/** What waits in the browser from before a reload is shown as decided. */
function waiting() {
  const known = new Map(cards().map((card) => [card.dataset.document, card]));
  for (const entry of outbox.waiting()) {
    for (const made of entry.body.decisions ?? []) {
      const card = made.tag === grid.dataset.tag ? known.get(made.document) : null;
      if (!card) continue;
      card.dataset.group = entry.id;
      show(card, made.verdict, "waiting");
    }
  }
  outbox.onchange(() => {
    const left = new Set(outbox.waiting().map((entry) => entry.id));
    const gone = new Set(outbox.refused().map((entry) => entry.id));
    for (const card of cards().filter((one) => one.dataset.status === "waiting")) {
      if (!left.has(card.dataset.group) && !gone.has(card.dataset.group)) show(card, card.dataset.state, "stored");
    }
  });
}

function listen() {
  one("accept").addEventListener("click", () => decide(chosen().length ? chosen() : open(), "accept"));
  one("reject").addEventListener("click", () => decide(chosen().length ? chosen() : open(), "reject"));
  one("undo").addEventListener("click", undo);
  grid.addEventListener("change", bar);
  grid.addEventListener("click", (event) => {
    const card = event.target.closest(CARD);
    if (event.target.closest(".w-accept")) decideOne(card, "accept");
    else if (event.target.closest(".w-reject")) decideOne(card, "reject");
  });
  onKey((key, event) => {
    const card = at(CARD);
    if (!card || event.target.matches("a, button, input")) {
      if (!card || !["a", "x"].includes(key)) return false;
    }
    if (key === "Enter") card.querySelector("a").click();
    else if (card.dataset.state) return ["a", "x", " "].includes(key);
    else if (key === "a" || key === "x") decideOne(card, key === "a" ? "accept" : "reject");
    else if (key === " ") card.querySelector("input").click();
    else return false;
    return true;
  });
}

walk(CARD);
if (grid && one("bar")) {
  listen();
  waiting();
  bar();
  step(CARD, 1);
}
