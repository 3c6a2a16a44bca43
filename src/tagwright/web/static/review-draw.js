// How a document under review looks: each suggestion's state, the tags that are given. Nothing changes its place.
import { REFUSED, WAITING } from "./review-model.js";
import { words } from "./words.js";

const say = words("review");
const at = (id) => document.getElementById(id);
const CODES = ["too broad", "too narrow", "wrong", "not the topic", "duplicate"];

/** A reason as people say it. */
export const reasonOf = (reason) => (CODES.includes(reason) ? say(reason.replaceAll(" ", "_")) : reason);

function drawRow(one, row) {
  const tag = row.dataset.tag, state = one.state(tag), last = one.last(tag);
  const newest = one.told.findLast((told) => told.tag === tag), refused = newest?.status === REFUSED ? newest : null;
  row.dataset.state = state;
  row.setAttribute("aria-busy", String(last?.status === WAITING));
  row.querySelector(".d-accept").setAttribute("aria-pressed", String(state === "accepted"));
  row.querySelector(".d-reject").setAttribute("aria-pressed", String(state === "rejected"));
  row.querySelector(".d-said").textContent = state === "suggested" ? "" : saidOf(state, last);
  const problem = row.querySelector(".d-problem");
  problem.hidden = !refused;
  problem.textContent = refused ? say("refused", { said: refused.said }) : "";
}

function saidOf(state, last) {
  const parts = [state === "rejected" ? (last?.reason ? reasonOf(last.reason) : say("rejected")) : say("accepted")];
  if (last && !last.mine && last.person) parts.push(say("by", { person: last.person }));
  if (last?.fresh) parts.push(last.held || last.status === WAITING ? say("storing") : `✓ ${say("stored")}`);
  return parts.join(" · ");
}

function chipOf(one, tag) {
  const chip = at("chip").content.firstElementChild.cloneNode(true), button = chip.querySelector("button");
  const last = one.last(tag);
  chip.dataset.tag = tag;
  chip.classList.toggle("waiting", last?.status === WAITING);
  chip.classList.toggle("machine-free", !one.row(tag));
  chip.querySelector(".chip-name").textContent = one.name(tag);
  button.setAttribute("aria-label", say("remove", { name: one.name(tag) }));
  return chip;
}

/** Draws everything that depends on decisions. */
export function draw(one) {
  if (!one.id) return;
  one.rows().forEach((row) => drawRow(one, row));
  const state = one.element.querySelector(".document-state");
  state.hidden = !one.closed;
  state.textContent = one.closed ? say(`did_${one.closed}`) : "";
  const place = one.element.querySelector("#given"), given = one.given();
  const focused = place.contains(document.activeElement) ? [...place.children].indexOf(document.activeElement.closest("li")) : -1;
  place.replaceChildren(...given.map((tag) => chipOf(one, tag)));
  if (focused >= 0) (place.children[Math.min(focused, place.children.length - 1)]?.querySelector("button") ?? place).focus();
  one.element.querySelector("#given-count").textContent = given.length ? String(given.length) : "";
  one.element.querySelector("#given-none").hidden = given.length > 0;
}

/** Read aloud by screen readers, and shown nowhere. */
export function announce(text) {
  at("said").textContent = text;
}
