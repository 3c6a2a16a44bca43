// One document under review: what was decided about its tags, whether that is stored, and what stands.
import { outbox } from "./outbox.js";

/** A change that is neither on its way nor refused is stored: whichever window of the browser has sent it. */
export const WAITING = "waiting", STORED = "stored", REFUSED = "refused";

export class Case {
  /** Reads the part of a page that the server has drawn. */
  constructor(element) {
    this.element = element;
    this.id = element.dataset.document;
    this.title = element.dataset.title ?? "";
    this.seen = Number(element.dataset.seen ?? 0);
    this.open(element.dataset.state ?? "open");
    const said = JSON.parse(element.querySelector("script.decided")?.textContent ?? '{"told":[],"before":[]}');
    this.before = new Set(said.before.map((one) => one.id));
    this.told = said.told.map((one) => ({ ...one, status: STORED }));
    this.conflicts = new Map();
    this.names = new Map([...said.before.map((one) => [one.id, one.name]), ...said.told.map((one) => [one.tag, one.name])]);
    for (const row of this.rows()) this.names.set(row.dataset.tag, row.dataset.name);
  }

  rows() {
    return [...this.element.querySelectorAll(".suggestion")];
  }

  row(tag) {
    return this.rows().find((one) => one.dataset.tag === tag);
  }

  name(tag) {
    return this.names.get(tag) ?? tag;
  }

  /** The last decision about a tag that was not refused, or null. */
  last(tag) {
    return this.told.findLast((one) => one.tag === tag && one.status !== REFUSED) ?? null;
  }

  /** "accepted", "rejected" or "suggested". */
  state(tag) {
    const last = this.last(tag);
    if (last) return last.verdict === "reject" ? "rejected" : "accepted";
    return this.before.has(tag) ? "accepted" : "suggested";
  }

  /** What the document is tagged with, in the order in which it came. */
  given() {
    return [...new Set([...this.before, ...this.told.map((one) => one.tag)])].filter((tag) => this.state(tag) === "accepted");
  }

  /** The number of the last decision of others about a tag that this person knows of. */
  seenOf(tag) {
    return Math.max(this.seen, this.conflicts.get(tag) ?? 0);
  }

  /** It is open again, or "done", "skipped" or "flagged"; it `waits` as long as nobody has said so here. */
  open(state = "open") {
    this.closed = state === "open" ? "" : state;
    this.waits = !this.closed;
  }

  take(ids) {
    this.told = this.told.filter((one) => !ids.includes(one.id));
  }

  /**
   * Adds what this browser keeps of an earlier visit, and notes what has been stored meanwhile; true where anything
   * changed. `sent`: what was stored after the server had drawn the document.
   */
  refresh(sent = []) {
    const before = JSON.stringify(this.told);
    const waiting = new Map(), refused = new Map();
    for (const entry of [...sent, ...outbox.waiting(), ...outbox.refused()]) {
      if (entry.url.endsWith("/decisions/revert") && !entry.said) this.take(entry.body.ids ?? []);
      for (const one of entry.url.endsWith("/decisions") ? entry.body.decisions : []) {
        if (!sent.includes(entry)) (entry.said ? refused : waiting).set(one.id, entry);
        this.#recall(one, entry);
      }
    }
    for (const one of this.told) {
      if (one.held) continue;
      const entry = refused.get(one.id);
      one.status = entry ? REFUSED : waiting.has(one.id) ? WAITING : STORED;
      one.said = entry?.said;
      one.entry = entry?.id;
    }
    return JSON.stringify(this.told) !== before;
  }

  #recall(one, entry) {
    if (one.document !== this.id || this.told.some((known) => known.id === one.id)) return;
    if (outbox.waiting().some((other) => other.body.ids?.includes(one.id))) return;
    if (entry.names?.[one.tag]) this.names.set(one.tag, entry.names[one.tag]);
    this.told.push({ id: one.id, tag: one.tag, verdict: one.verdict, reason: one.reason, person: "", mine: true });
  }
}
