// Runs of the shown and the pinned variant: asked for, watched, handed to the globe and to the panels.
import { ask, bytes } from "./server.js";
import { pinned, shown } from "./state.js";
import { Run } from "./run.js";

const changes = ({ sets, events, seed }) => ({ sets, events, seed });
const same = (a, b) => JSON.stringify(changes(a)) === JSON.stringify(changes(b));
const wanted = (variant) => [shown(), pinned()].some((one) => one && same(one, variant)); // is shown, or is the baseline

export class Runs {
  constructor({ onStatus, onDocument, onScene, onResults, onSettled }) {
    Object.assign(this, { onStatus, onDocument, onScene, onResults, onSettled });
    this.turn = 0;
    this.scenes = new Map();
  }

  // Bring everything to the present state; a newer call takes over. The run is asked for at once, and the figures come before the globe.
  async update() {
    const turn = ++this.turn, one = shown(), other = pinned();
    const current = () => turn === this.turn;
    this.onStatus({ state: "queued", time_s: 0 });
    const begun = performance.now(), running = this.finish(one, current, this.onStatus);
    running.catch(() => {}); // awaited below
    try {
      const doc = await ask("document", changes(one));
      if (!current()) return;
      this.onDocument(doc);
      const key = await running;
      if (!key || !current()) return;
      const took = (performance.now() - begun) / 1000;
      const early = other ? this.draw(key, null, current) : null; // the globe does not wait for the baseline
      const against = other ? await this.finish(other, current, (status) => this.onStatus({ ...status, baseline: true })) : null;
      if (!current()) return;
      this.onStatus({ state: "done", time_s: took });
      this.onResults({ shown: key, pinned: against, name: one.name, baseline: other?.name ?? null, day: one.day ?? null });
      await (early ?? this.draw(key, null, current));
      if (against && against !== key) await this.draw(key, against, current);
      if (current()) this.onSettled(turn);
    } catch (error) {
      if (current()) this.onStatus({ state: "failed", message: error.message, log: "" });
    }
  }

  // Hand a run over to the globe, against a baseline where there is one.
  async draw(key, against, current) {
    const [scene, before] = await Promise.all([this.scene(key), against ? this.scene(against) : null]);
    if (current()) this.onScene(scene, before);
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
