// How far a person is: documents done, and how long one takes.
import { words } from "./words.js";

const say = words("review");
const at = (id) => document.getElementById(id);
const place = at("progress");
// Whoever does nothing for longer is elsewhere.
const IDLE = 60;
let done = Number(place.dataset.done), seconds = place.dataset.seconds.split(" ").filter(Boolean).map(Number);
let spent = 0, since = 0;

const now = () => performance.now() / 1000;

function tick() {
  const time = now();
  if (since && !document.hidden) spent += Math.min(IDLE, time - since);
  since = time;
}

/** Measures how long a person has a document before the eyes. */
export const clock = {
  start() { spent = 0; since = now(); },
  stop() { tick(); return spent; },
};

for (const name of ["keydown", "pointerdown", "pointermove", "wheel", "visibilitychange"]) {
  document.addEventListener(name, tick, { passive: true, capture: true });
}

/** One more document is done after so many seconds, or, with null, one less. */
export function counted(taken) {
  const all = Number(place.dataset.all);
  done = Math.max(0, Math.min(all, done + (taken === null ? -1 : 1)));
  if (taken !== null) seconds = [taken, ...seconds].slice(0, 50);
  else seconds = seconds.slice(1);
  at("progress-bar").value = done;
  at("progress-done").textContent = say("progress", { done: done.toLocaleString(document.documentElement.lang), all: all.toLocaleString(document.documentElement.lang) });
  const sorted = [...seconds].sort((a, b) => a - b), middle = sorted[Math.floor(sorted.length / 2)];
  const usual = Math.max(1, Math.round(middle));
  at("progress-time").textContent = middle ? say(usual === 1 ? "median_one" : "median", { n: usual }) : "";
}
