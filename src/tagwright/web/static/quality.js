// Sends documents to be measured, shows how far that is, and lets a choice in a list act at once.
import { fresh } from "./outbox.js";
import { words } from "./words.js";

const say = words("quality"), SOON = 700, LATER = 3000;
const one = (id) => document.getElementById(id);

function choices() {
  document.documentElement.classList.add("scripted");
  for (const list of document.querySelectorAll("select[data-submits]")) {
    list.addEventListener("change", () => list.form.requestSubmit());
  }
}

/** Times as people write them here. */
function times() {
  const shape = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  for (const time of document.querySelectorAll("time[datetime]")) time.textContent = shape.format(new Date(time.dateTime));
}

function progress(text, done = null, total = null) {
  one("measure").hidden = true;
  one("measure-problem").hidden = true;
  one("measure-progress").hidden = false;
  one("measure-said").textContent = text;
  const bar = one("measure-bar");
  if (total) { bar.max = total; bar.value = done; } else bar.removeAttribute("value");
}

function problem(text) {
  one("measure").hidden = false;
  one("measure-progress").hidden = true;
  one("measure-problem").hidden = !text;
  one("measure-problem").textContent = text;
}

async function refusal(answer) {
  const said = await answer.json().catch(() => ({}));
  return [said.detail, said.hint].filter(Boolean).join("; ") || String(answer.status);
}

function ended(job) {
  const { state, said, result } = job;
  if (state === "cancelled") problem(say("cancelled"));
  else if (state !== "done") problem(say("failed", { why: said }));
  else if (!result.evaluation) problem(say("untagged"));
  else location.assign(location.pathname);
}

/** Looks again and again how far a job is. */
async function follow(jobs, id) {
  one("measure-cancel").onclick = () => fetch(`${jobs}/${id}/cancel`, { method: "POST" });
  for (;;) {
    let pause = SOON;
    try {
      const answer = await fetch(`${jobs}/${id}`);
      if (answer.ok) {
        const job = await answer.json();
        if (job.ended) return ended(job);
        progress(job.done ? say("running", { n: job.done, of: job.total }) : say("waiting"), job.done, job.done && job.total);
      } else if (answer.status < 500) return problem(say("failed", { why: await refusal(answer) }));
    } catch {
      progress(say("away"));
      pause = LATER;
    }
    await new Promise((done) => setTimeout(done, pause));
  }
}

async function measure(jobs, file) {
  const id = fresh();
  progress(say("sending", { name: file.name }));
  try {
    const answer = await fetch(`${jobs}?kind=evaluate&k=100&id=${id}`, {
      method: "POST", headers: { "content-type": "application/x-ndjson" }, body: file,
    });
    if (!answer.ok) return problem(say("failed", { why: await refusal(answer) }));
  } catch (error) {
    return problem(say("failed", { why: error.message }));
  }
  return follow(jobs, id);
}

function form() {
  const form = one("measure"), input = one("measure-file");
  const jobs = `/api/v1/projects/${encodeURIComponent(form.dataset.project)}/jobs`;
  input.addEventListener("change", () => {
    one("measure-name").textContent = input.files[0]?.name ?? "";
    one("measure-go").hidden = !input.files.length;
    problem("");
    one("measure-go").focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.files.length) measure(jobs, input.files[0]);
  });
  if (form.dataset.job) follow(jobs, form.dataset.job);
}

choices();
times();
if (one("measure")) form();
