// The vocabulary: tags are shown beside the list without leaving it; what is added or taken back goes through the outbox.
import { fresh, outbox } from "./outbox.js";
import { languages } from "./languages.js";
import { choose, press, reach, turn } from "./tree.js";
import { tell } from "./told.js";
import { words } from "./words.js";

const say = words("vocabulary");
const place = document.getElementById("vocabulary"), card = document.getElementById("card"), list = document.getElementById("list");
const query = document.getElementById("q"), dialog = document.getElementById("add"), form = document.getElementById("add-form");
const api = `/api/v1/projects/${encodeURIComponent(document.body.dataset.project)}/vocabulary`;
const narrow = matchMedia("(max-width:48rem)");

const address = (base, asked) => {
  const said = new URLSearchParams(Object.entries(asked).filter(([, value]) => value));
  return said.size ? `${base}?${said}` : base;
};
const plain = (event) => !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
// The tag whose card is shown, or on its way.
let shown = card.querySelector(".tag-card")?.dataset.id ?? "";

/** Shows a tag's card; the address follows, so that it can be passed on. */
async function show(id, { push = true, focus = true } = {}) {
  shown = id;
  if (push) history.pushState({}, "", address(place.dataset.page, { q: query.value.trim(), id }));
  await htmx.ajax("GET", address(place.dataset.card, { id }), { target: "#card", swap: "innerHTML" });
  place.classList.add("has-card");
  const tree = document.getElementById("tree");
  if (tree) choose(tree, id);
  if (focus) card.querySelector("#card-title")?.focus({ preventScroll: !narrow.matches });
}

/** Shows the list anew: the tree, opened where the tag stands. */
async function leaf(id) {
  query.value = "";
  await htmx.ajax("GET", address(place.dataset.list, { id }), { target: "#list", swap: "innerHTML" });
}

/** The chosen line stands in the middle of the list; the page itself does not move. */
function centre() {
  const line = list.querySelector("[aria-selected=true] > .line");
  if (line) list.scrollTop += line.getBoundingClientRect().top - list.getBoundingClientRect().top - list.clientHeight / 2;
}

function added(rows, what, id) {
  const undo = rows.length ? { label: say("undo"), act: () => takeBack(rows, what, id) } : null;
  return { undo, seconds: 8 };
}

/** Keeps a change until it is stored, and tells both. */
async function change(path, body, what, done) {
  tell(say("storing", { what }), { seconds: 30 });
  try {
    await done(await outbox.put(`${api}/${path}`, body, what));
  } catch (error) {
    if (error.message !== "discarded") tell(say("refused", { what, said: error.message }), { bad: true, seconds: 12 });
  }
}

function takeBack(rows, name, id) {
  return change("revert", { rows }, say("undoes", { name }), async () => {
    await Promise.all([show(id, { push: false, focus: false }), query.value.trim() ? null : leaf(id)]);
    tell(say("back"));
  });
}

function newId(name) {
  const plain = name.normalize("NFKD").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 80);
  return `local:${plain || fresh()}`;
}

function open(broader, name) {
  const below = document.getElementById("add-below");
  form.reset();
  document.getElementById("add-alike").replaceChildren();
  form.dataset.broader = broader ?? "";
  below.hidden = !broader;
  below.textContent = broader ? say("below", { name }) : "";
  dialog.showModal();
  form.elements.name.focus();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const said = form.elements, name = said.name.value.trim(), language = said.language?.value || null;
  if (!name) return;
  const synonyms = said.synonyms.value.split("\n").map((one) => one.trim()).filter(Boolean), text = said.text.value.trim();
  const id = said.id.value.trim() || newId(name), key = language ?? form.dataset.shown ?? "";
  const tag = {
    id, name, language, notation: said.notation.value.trim(), broader: form.dataset.broader ? [form.dataset.broader] : [],
    synonyms: synonyms.length ? { [key]: synonyms } : {}, descriptions: text ? { [key]: text } : {}, replace: false,
  };
  dialog.close();
  const what = say("adds", { name });
  change("tags", tag, what, async ({ rows }) => {
    await Promise.all([leaf(id), show(id)]);
    tell(say("added", { what }), added(rows, name, id));
  });
});

function addSynonym(where) {
  const synonym = where.elements.synonym.value.trim(), { tag, name } = where.dataset;
  if (!synonym) return;
  const what = say("names", { synonym, name }), body = { tag, synonym, language: where.elements.language?.value || null };
  where.elements.synonym.value = "";
  change("synonyms", body, what, async ({ rows }) => {
    if (shown === tag) await show(tag, { push: false, focus: false });
    tell(say("added", { what }), added(rows, name, tag));
  });
}

// A list that comes anew while a line is pressed takes the click with it: the line that was pressed is meant all the same.
let pressed = null;
list.addEventListener("pointerdown", (event) => { pressed = plain(event) ? event.target.closest("a[data-tag]") : null; });
document.addEventListener("pointercancel", () => { pressed = null; });
document.addEventListener("pointerup", (event) => {
  if (pressed && !pressed.isConnected && list.contains(event.target)) show(pressed.dataset.tag);
  pressed = null;
});

card.addEventListener("submit", (event) => {
  if (!event.target.matches(".synonym")) return;
  event.preventDefault();
  addSynonym(event.target);
});

document.addEventListener("click", (event) => {
  const at = (selector) => event.target.closest(selector);
  const link = at("#vocabulary a[data-tag]"), opener = at("[data-add]"), undo = at("[data-undo]"), line = at("#tree .line");
  if (link && plain(event)) { event.preventDefault(); show(link.dataset.tag); }
  else if (at("a[data-shows]") && plain(event)) { event.preventDefault(); leaf(shown); }
  else if (opener) open(opener.dataset.broader, opener.dataset.name);
  else if (undo) takeBack(undo.dataset.undo.split(",").map(Number), undo.dataset.name, shown);
  else if (line) turn(line.parentElement);
});

function throughHits(event) {
  const hits = [...list.querySelectorAll(".hits a")], at = hits.indexOf(document.activeElement);
  if (!hits.length || !["ArrowDown", "ArrowUp"].includes(event.key)) return false;
  if (at < 0 && event.target !== query) return false;
  const next = at + (event.key === "ArrowDown" ? 1 : -1);
  (hits[next] ?? (next < 0 ? query : hits[at]))?.focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (!place.contains(event.target)) return;
  const act = (line) => { const link = line.querySelector(":scope > .line > a"); if (link) show(link.dataset.tag, { focus: false }); else turn(line); };
  if (press(event, act) || throughHits(event)) event.preventDefault();
}, true);

// On a phone the card stands before the list, but not before what is looked for.
query.addEventListener("input", () => place.classList.remove("has-card"));
query.form.addEventListener("submit", (event) => {
  event.preventDefault();
  const first = list.querySelector(".hits a");
  if (first) show(first.dataset.tag);
});

document.body.addEventListener("htmx:afterSettle", (event) => {
  languages(event.target);
  const tree = document.getElementById("tree");
  if (tree) reach(tree);
  if (event.target !== list) return;
  centre();
  history.replaceState(history.state, "", address(place.dataset.page, { q: query.value.trim(), id: shown }));
});

window.addEventListener("popstate", () => location.reload());
languages(document);
if (document.getElementById("tree")) reach(document.getElementById("tree"));
centre();
