// The screen Try: what is written is marked where it is quoted; files are dropped; ticked tags are copied.
import { onKey } from "./keys.js";
import { start } from "./rows.js";
import { tell } from "./told.js";
import { words } from "./words.js";

const say = words("try");
const at = (id) => document.getElementById(id);
const form = at("try"), text = at("text"), title = at("title"), paper = at("paper"), file = at("file");
let opened = false;

document.documentElement.classList.add("scripted");

/** Asks for suggestions at once. */
const again = () => htmx.trigger(form, "again");

function fill(record) {
  title.value = record.title;
  text.value = record.text;
  written();
  paper.scrollTop = 0;
  again();
}

/** The paper is as long as the text; marks come back with the next suggestions. */
function written() {
  at("marks").textContent = text.value;
}

function records() {
  const found = at("try-records");
  if (!found) return;
  const all = JSON.parse(found.textContent), place = at("records");
  const take = (number) => {
    place.querySelector("[aria-current]")?.removeAttribute("aria-current");
    place.querySelector(`[data-record="${number}"]`)?.setAttribute("aria-current", "true");
    fill(all[number]);
  };
  place.onclick = (event) => {
    const button = event.target.closest("[data-record]");
    if (button) take(Number(button.dataset.record));
  };
  found.remove();
  if (all.length) take(0);
}

async function copy(said, told) {
  try {
    await navigator.clipboard.writeText(said);
    tell(told);
  } catch {
    // Without HTTPS browsers do not let a page write there: the text is shown, ready to be copied.
    at("copied-text").value = said;
    at("copied").showModal();
    at("copied-text").select();
  }
}

async function copyChosen(button) {
  const choice = at("choice"), sent = new URLSearchParams(new FormData(choice));
  if (!sent.getAll("chosen").length) { tell(say("nothing")); return; }
  sent.set("form", button.value);
  try {
    const answer = await fetch(choice.action, { method: "POST", body: sent });
    if (!answer.ok) throw new Error(String(answer.status));
    await copy(await answer.text(), say("copied", { n: sent.getAll("chosen").length }));
  } catch {
    tell(say("failed"), { bad: true });
  }
}

function drops() {
  const over = (on) => (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    paper.classList.toggle("over", on);
  };
  document.addEventListener("dragover", over(true));
  document.addEventListener("dragleave", over(false));
  document.addEventListener("drop", (event) => {
    over(false)(event);
    if (!event.dataTransfer?.files.length) return;
    file.files = event.dataTransfer.files;
    file.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

text.addEventListener("input", written);
text.addEventListener("keydown", (event) => { if (event.key === "Escape") text.blur(); });
title.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); text.focus(); } });
at("clear").addEventListener("click", () => {
  at("records").replaceChildren();
  fill({ title: "", text: "" });
  text.focus();
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("#choice button[name=form]"), link = event.target.closest("#link");
  if (button) { event.preventDefault(); copyChosen(button); }
  if (link) copy(new URL(link.dataset.link, location.href).href, say("linked"));
});
file.addEventListener("click", () => { file.value = ""; });
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "records") records();
  if (event.detail.target.id === "found" && at("below")) at("below").open = opened;
});
document.addEventListener("toggle", (event) => { if (event.target.id === "below") opened = event.target.open; }, true);
onKey((key) => {
  if (key !== "m" || !at("below")) return false;
  at("below").open = !at("below").open;
  return true;
});
start({ digit: (row) => { const tick = row.querySelector(".s-tick"); tick.checked = !tick.checked; } });
drops();
