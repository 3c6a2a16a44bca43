// Another tag instead of a suggested one: the broader, a narrower one, or any from where it stands in the vocabulary.
import { languages } from "./languages.js";
import { below, part } from "./review-ahead.js";
import { tell } from "./told.js";
import { words } from "./words.js";

const say = words("review");
const at = (id) => document.getElementById(id);
// Whoever gives a broader tag found the suggested one too narrow.
const WHY = { broader: "too narrow", narrower: "too broad" };

function linksOf(row, relation) {
  const names = new Map([...row.querySelectorAll(".s-link")].map((link) => [link.dataset.tag, link.textContent]));
  return row.dataset[relation].split("\n").filter(Boolean).map((id) => ({ id, name: names.get(id) ?? id }));
}

function choose(links, title, act) {
  const dialog = at("exchange"), list = at("exchange-list");
  at("exchange-title").textContent = title;
  list.replaceChildren(...links.map((link, n) => {
    const line = document.createElement("li"), button = document.createElement("button");
    button.type = "button";
    button.textContent = link.name;
    if (n < 9) {
      const key = document.createElement("kbd");
      key.textContent = button.dataset.key = String(n + 1);
      button.prepend(key, " ");
    }
    button.addEventListener("click", () => { dialog.close(); act(link); });
    line.append(button);
    return line;
  }));
  list.onkeydown = (event) => {
    const all = [...list.querySelectorAll("button")], here = all.indexOf(document.activeElement);
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    all[Math.max(0, Math.min(all.length - 1, here + step))].focus();
  };
  dialog.showModal();
  list.querySelector("button").focus();
}

/** Exchanges the tag of a row for a "broader" or "narrower" one; asks which where there are several. */
export function exchange(row, relation, swap) {
  const links = linksOf(row, relation);
  const act = (link) => swap(row, link, WHY[relation]);
  if (!links.length) tell(say(`no_${relation}`));
  else if (links.length === 1) act(links[0]);
  else choose(links, say(`exchange_${relation}`, { name: row.dataset.name }), act);
}

/** Shows where the tag of a row stands; a tag there that is pressed is given instead. */
export async function place(row, swap) {
  const dialog = at("placing");
  try {
    const found = await part(below("place", { tag: row.dataset.tag }));
    at("placed").replaceChildren(...found.children);
    languages(at("placed"));
  } catch (error) {
    tell(error.status ? error.message : say("no_answer"), { bad: true });
    return;
  }
  dialog.onclick = (event) => {
    const button = event.target.closest("[data-act=use]");
    if (!button || !swap) return;
    event.stopPropagation();
    dialog.close();
    const link = { id: button.dataset.tag, name: button.dataset.name };
    const relation = Object.keys(WHY).find((one) => row.dataset[one].split("\n").includes(link.id));
    swap(row, link, relation ? WHY[relation] : "wrong");
  };
  dialog.showModal();
}
