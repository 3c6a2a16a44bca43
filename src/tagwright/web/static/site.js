// What every page does: colours, keys, and telling what is not stored yet.
import { start as startKeys } from "./keys.js";
import { outbox } from "./outbox.js";
import { tell } from "./told.js";
import { words } from "./words.js";

const say = words("site");

function theme() {
  const root = document.documentElement, button = document.getElementById("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const name = () => { button.textContent = isDark() ? button.dataset.light : button.dataset.dark; };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    localStorage.setItem("tagwright.theme", root.dataset.theme);
    name();
  });
  dark.addEventListener("change", name);
  name();
}

function showOutbox() {
  const button = document.getElementById("outbox"), dialog = document.getElementById("outbox-list");
  const draw = () => {
    const waiting = outbox.waiting().length, refused = outbox.refused().length;
    button.hidden = !waiting && !refused;
    button.classList.toggle("bad", refused > 0);
    const said = waiting === 1 ? say("waiting_one") : say("waiting", { n: waiting });
    button.textContent = refused ? say("refused", { n: refused }) : said;
    rows();
  };
  const rows = () => {
    const place = document.getElementById("outbox-rows");
    place.replaceChildren(...[...outbox.refused(), ...outbox.waiting()].map(row));
    if (!place.children.length) place.append(say("nothing"));
  };
  const row = (one) => {
    const line = document.createElement("p"), again = document.createElement("button"), drop = document.createElement("button");
    line.textContent = `${one.about} ${one.said ?? ""}`;
    again.textContent = say("retry");
    again.className = drop.className = "small";
    again.addEventListener("click", () => outbox.retry(one.id));
    drop.textContent = say("discard");
    drop.addEventListener("click", () => outbox.discard(one.id));
    line.append(" ", again, one.said ? drop : "");
    return line;
  };
  outbox.onchange(draw);
  outbox.ontrouble((kind) => tell(say(kind), { bad: kind !== "back", seconds: 8 }));
  button.addEventListener("click", () => dialog.showModal());
  draw();
}

/** What the page asks for by htmx and does not get, is told. */
function troubles() {
  document.body.addEventListener("htmx:sendError", () => tell(say("away"), { bad: true }));
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const status = event.detail.xhr.status;
    // A refusal is a part of a page that says why; 204 changes nothing.
    if (status >= 400 && event.detail.xhr.getResponseHeader("content-type")?.startsWith("text/html")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
}

// Where the screens do not fit beside each other, the one that is open is to be seen.
document.querySelector(".screens [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
theme();
startKeys();
showOutbox();
troubles();
