// Runs of the shown and the pinned variant: asked for, watched, handed to the globe and to the panels.
import { ask, bytes } from "./server.js";
import { pinned, shown } from "./state.js";
import { Run } from "./run.js";

const changes = ({ sets, events, seed }) => ({ sets, events, seed });
const same = (a, b) => JSON.stringify(changes(a)) === JSON.stringify(changes(b));
const wanted = (variant) => [shown(), pinned()].some((one) => one && same(one, variant)); // is shown, or is the baseline

export class Runs {
  constructor({ onStatus, onDocument, onScene, onResults }) {
    Object.assign(this, { onStatus, onDocument, onScene, onResults });
    this.turn = 0;
    this.scenes = new Map();
  }

  // Bring everything to the present state; a newer call takes over.
  async update() {
    const turn = ++this.turn, one = shown(), other = pinned();
    const current = () => turn === this.turn;
    try {
      const doc = await ask("document", changes(one));
      if (!current()) return;
      this.onDocument(doc);
      if (doc.problems.length) return this.onStatus({ state: "refused", problems: doc.problems });
      this.onStatus({ state: "queued", time_s: 0, expected: doc.time_s });
      const begun = performance.now();
      const key = await this.finish(one, current, (status) => this.onStatus({ ...status, expected: doc.time_s }));
      if (!key || !current()) return;
      const took = (performance.now() - begun) / 1000;
      const scene = await this.scene(key);
      if (!current()) return;
      this.onScene(scene, null);
      let against = null;
      if (other) {
        against = await this.finish(other, current, (status) => this.onStatus({ ...status, baseline: true }));
        const before = against && against !== key ? await this.scene(against) : null;
        if (!current()) return;
        if (before) this.onScene(scene, before);
      }
      this.onStatus({ state: "done", time_s: took });
      this.onResults({ shown: key, pinned: against, name: one.name, baseline: other?.name ?? null });
    } catch (error) {
      if (current()) this.onStatus({ state: "failed", message: error.message, log: "" });
    }
  }

  // Wait for the end of a run; its key, or null where it has no results.
  async finish(variant, current, tell) {
    for (;;) {
      const status = await ask("run", { ...changes(variant), wait_s: 0.5 });
      if (!current()) {
        if (["queued", "running"].includes(status.state) && !wanted(variant)) ask("cancel", { key: status.key }).catch(() => {});
        return null;
      }
      this.running = status.state === "running" || status.state === "queued" ? status.key : null;
      if (status.state === "done") return status.key;
      tell(status);
      if (!this.running) return null;
    }
  }

  async scene(key) {
    if (!this.scenes.has(key)) {
      const data = await bytes(`scene/${key}`);
      this.scenes.set(key, data.byteLength ? new Run(data) : null);
      while (this.scenes.size > 4) this.scenes.delete(this.scenes.keys().next().value);
    }
    return this.scenes.get(key);
  }

  cancel() {
    this.turn++;
    if (this.running) ask("cancel", { key: this.running }).catch(() => {});
    this.onStatus({ state: "cancelled" });
  }
}
