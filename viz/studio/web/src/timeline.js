// Time of the globe: play, speed, scrub, and jumps to what happens next.
import { el } from "./dom.js";

const SPEEDS = [1, 10, 60, 300, 1000, 3000, 10000];

export class Timeline {
  constructor(host, onTime, { chosen = () => [], onJump = () => {} } = {}) {
    Object.assign(this, { onTime, chosen, onJump });
    this.speed = 300;
    this.playing = false;
    this.play = el("button", { type: "button", class: "play", title: "Play or pause (space)", ariaLabel: "Play", on: { click: () => this.toggle() } }, "▶");
    this.slider = el("input", { type: "range", min: 0, max: 1000, step: 0.1, value: 0, ariaLabel: "Time", on: { input: () => this.scrub() } });
    this.marks = el("canvas", { class: "marks", ariaHidden: "true" });
    this.clock = el("output", { class: "clock" });
    this.rate = el("select", { ariaLabel: "Speed", title: "Speed ([ and ])", on: { change: () => (this.speed = Number(this.rate.value)) } },
      SPEEDS.map((s) => el("option", { value: s, selected: s === this.speed }, `${s.toLocaleString("en-US")}×`)));
    this.next = el("button", { type: "button", title: "Next event of the run, or change of the chosen satellite (N)", on: { click: () => this.onJump(this.jump(1)) } }, "next event");
    host.append(this.play, this.rate, el("div", { class: "track" }, this.marks, this.slider), this.clock, this.next);
    new ResizeObserver(() => this.drawMarks()).observe(this.marks);
  }

  load(run, ms) {
    this.run = run;
    const wanted = ms ?? this.ms ?? run.first;
    this.set(Math.min(run.last, Math.max(run.first, wanted)));
    this.drawMarks();
  }

  set(ms) {
    if (!this.run) return;
    this.ms = ms;
    const span = Math.max(1, this.run.last - this.run.first);
    this.slider.value = (1000 * (ms - this.run.first)) / span;
    this.clock.textContent = `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
    this.onTime(ms);
  }

  scrub() {
    if (this.run) this.set(this.run.first + (Number(this.slider.value) / 1000) * (this.run.last - this.run.first));
  }

  toggle(on = !this.playing) {
    this.playing = on && Boolean(this.run);
    this.play.textContent = this.playing ? "❚❚" : "▶";
    this.play.ariaLabel = this.playing ? "Pause" : "Play";
    this.before = undefined;
    if (this.playing && this.ms >= this.run.last) this.set(this.run.first);
  }

  faster(by) {
    const at = Math.min(SPEEDS.length - 1, Math.max(0, SPEEDS.indexOf(this.speed) + by));
    this.speed = SPEEDS[at];
    this.rate.value = String(this.speed);
  }

  // Called with every picture: the time goes on.
  frame(now) {
    if (!this.playing) return;
    if (this.before !== undefined) {
      const ms = this.ms + Math.min(200, now - this.before) * this.speed;
      if (ms >= this.run.last) {
        this.set(this.run.last);
        this.toggle(false);
        return;
      }
      this.set(ms);
    }
    this.before = now;
  }

  // What happened in the run, and where a satellite is chosen, how its state changed: eclipse, throttling, failure.
  happenings() {
    const run = this.run, found = (run?.events ?? []).map(({ unix_ms, action, target }) => ({ unix_ms, text: `${action} ${target}` }));
    const chosen = this.chosen()[0];
    if (run && chosen !== undefined && run.array.state) {
      const names = run.colourings[0].names, state = (frame) => run.array.state[run.index(frame, chosen)];
      for (let frame = 1; frame < run.frames && run.index(frame, chosen) >= 0; frame++) {
        if (state(frame) !== state(frame - 1)) found.push({ unix_ms: run.unix_ms[frame], text: `${run.label[chosen]}: ${names[state(frame)]}` });
      }
    }
    return found.sort((a, b) => a.unix_ms - b.unix_ms);
  }

  // To what happens next or happened before; its words, empty where there is nothing.
  jump(direction) {
    const all = this.happenings(), later = (e) => e.unix_ms > this.ms + 1, before = (e) => e.unix_ms < this.ms - 1;
    const found = direction > 0 ? all.find(later) : all.findLast(before);
    if (!found) return "";
    this.set(Math.min(this.run.last, Math.max(this.run.first, found.unix_ms)));
    return found.text;
  }

  step(frames) {
    if (!this.run) return;
    const at = Math.min(this.run.frames - 1, Math.max(0, this.run.nearest(this.ms) + frames));
    this.set(this.run.unix_ms[at]);
  }

  drawMarks() {
    const { clientWidth: w, clientHeight: h } = this.marks, run = this.run;
    if (!w || !run) return;
    this.marks.width = w * devicePixelRatio;
    this.marks.height = h * devicePixelRatio;
    const draw = this.marks.getContext("2d");
    draw.scale(devicePixelRatio, devicePixelRatio);
    draw.fillStyle = getComputedStyle(this.marks).color;
    for (const { unix_ms } of run.events) draw.fillRect(((unix_ms - run.first) / Math.max(1, run.last - run.first)) * (w - 1), 0, 1, h);
  }
}
