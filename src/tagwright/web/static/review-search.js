// The box that finds any tag: by name, beginning, synonym, notation, and with one typing error.
import { below, part } from "./review-ahead.js";
import { words } from "./words.js";

const say = words("review");
const PAUSE = 70;
let timer = 0, asking = null, answered = "";

const box = () => document.getElementById("find");
const list = () => document.getElementById("found");
const options = () => [...list().querySelectorAll("[data-tag]")];

function mark(option) {
  for (const one of options()) one.setAttribute("aria-selected", String(one === option));
  if (option) box().setAttribute("aria-activedescendant", option.id);
  else box().removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}

const marked = () => options().find((one) => one.getAttribute("aria-selected") === "true") ?? null;

function open(on) {
  list().hidden = !on;
  box().setAttribute("aria-expanded", String(on));
  if (!on) mark(null);
}

/** Closes the list and empties the box. */
export function clear() {
  clearTimeout(timer);
  asking?.abort();
  if (!box()) return;
  box().value = answered = "";
  list().replaceChildren();
  open(false);
}

async function ask() {
  const typed = box().value.trim();
  asking?.abort();
  if (!typed) { clear(); return; }
  asking = new AbortController();
  try {
    const found = await part(below("find", { query: typed }), asking.signal);
    list().replaceChildren(...found.querySelectorAll("li"));
    answered = typed;
    open(true);
    mark(options()[0] ?? null);
  } catch (error) {
    if (error.name === "AbortError") return;
    const line = document.createElement("li");
    line.className = "f-none soft";
    line.textContent = error.status ? error.message : say("no_answer");
    list().replaceChildren(line);
    open(true);
  }
}

async function enter(add) {
  // Whoever types quickly presses Enter before the answer is there: what was typed counts, not what is shown.
  clearTimeout(timer);
  if (answered !== box().value.trim()) await ask();
  const option = marked();
  if (option) add(option.dataset.tag, option.dataset.name);
}

function press(event, { add, leave }) {
  const all = options(), place = all.indexOf(marked());
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (!all.length) return;
    const step = event.key === "ArrowDown" ? 1 : all.length - 1;
    mark(all[place < 0 && step > 1 ? all.length - 1 : (place + step) % all.length]);
  } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
    if (box().value.trim()) enter(add);
  } else if (event.key === "Escape") {
    clear();
    leave();
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

/** Begins to listen; `add(tag, name)` is called for a chosen tag, `leave()` when the box is left with Escape. */
export function start({ add, leave }) {
  let typed = "";
  document.addEventListener("input", (event) => {
    if (event.target.id !== "find") return;
    clearTimeout(timer);
    typed = event.target.value;
    timer = setTimeout(ask, PAUSE);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.id === "find") press(event, { add, leave });
  }, true);
  document.addEventListener("focusout", (event) => {
    if (event.target.id === "find") setTimeout(() => { if (document.activeElement !== box() && list()) open(false); }, 150);
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.id === "find" && typed && box().value && options().length) open(true);
  });
  document.addEventListener("mousedown", (event) => {
    const option = event.target.closest("#found [data-tag]");
    if (!option) return;
    event.preventDefault();
    add(option.dataset.tag, option.dataset.name);
  });
}
