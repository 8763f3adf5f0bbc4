// The globe of the studio as a widget of a notebook (anywidget), with its time line and its key.
// The classes are exported too: the benchmark of the globe runs them as they are.
import { el, number } from "./dom.js";
import { Globe } from "./globe.js";
import { Run } from "./run.js";
import { Timeline } from "./timeline.js";

export { Globe, Run };

const SEND_MS = 200; // between two times that are sent while the globe plays

// Bytes of a trait, from their own beginning: arrays of a run are aligned to 8 bytes.
const bytes = (model, name) => {
  const view = model.get(name);
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
};

class View {
  constructor(model, host) {
    this.model = model;
    this.run = new Run(bytes(model, "_scene"));
    this.urls = {};
    for (const [name, type] of [["day", "image/jpeg"], ["night", "image/jpeg"], ["borders", "application/json"]]) {
      this.urls[name] = URL.createObjectURL(new Blob([bytes(model, `_${name}`)], { type }));
    }
    this.key = el("div", { class: "key" });
    this.tip = el("div", { class: "tip" });
    this.tip.hidden = true;
    this.stage = el("div", { class: "stage", ariaLabel: "Globe with satellites, stations and links", role: "img" }, this.key, this.tip);
    const bar = el("div", { class: "bar", role: "toolbar", ariaLabel: "Time" });
    host.replaceChildren(el("div", { class: "dawndusk-globe" }, this.stage, bar, el("p", { class: "note" }, this.run.note)));
    this.resize();
    this.globe = new Globe(this.stage, this.urls, { onChoose: (chosen) => this.chose(chosen), onCamera: () => {}, onHover: (i, x, y) => this.hover(i, x, y) });
    this.timeline = new Timeline(bar, (ms) => this.moved(ms), { chosen: () => this.globe.chosen });
    this.globe.onFrame = (now) => this.timeline.frame(now);
  }

  start() {
    const { globe, timeline, run, model } = this;
    globe.colouring = model.get("colouring");
    globe.load(run);
    timeline.load(run, model.get("time_ms"));
    globe.face();
    this.choose();
    this.legend();
    const react = { time_ms: () => this.follow(), selection: () => this.choose(), colouring: () => this.colour(), height_px: () => this.resize() };
    for (const [name, listener] of Object.entries(react)) model.on(`change:${name}`, listener);
    this.end = () => {
      for (const [name, listener] of Object.entries(react)) model.off(`change:${name}`, listener);
      this.close();
    };
    this.stage.dataset.ready = "yes";
  }

  // --- from the page to Python

  send(name, value) {
    this.sending = true;
    this.model.set(name, value);
    this.sending = false;
    this.model.save_changes();
  }

  moved(ms) {
    this.globe.move(ms);
    if (this.shownFrame !== this.globe.frame) this.legend();
    clearTimeout(this.later);
    if (this.quiet) return;
    const wait = SEND_MS - (performance.now() - (this.sent ?? -SEND_MS));
    const now = () => {
      this.sent = performance.now();
      this.send("time_ms", this.timeline.ms);
    };
    if (wait <= 0) now();
    else this.later = setTimeout(now, wait);
  }

  chose(chosen) {
    this.send("selection", chosen.map((i) => this.run.number[i]));
  }

  // --- from Python to the page

  follow() {
    if (this.sending || Math.abs(this.model.get("time_ms") - this.timeline.ms) < 0.5) return;
    this.quiet = true;
    this.timeline.set(this.model.get("time_ms"));
    this.quiet = false;
  }

  choose() {
    if (this.sending) return;
    this.globe.choose(this.model.get("selection").map((n) => this.run.number.indexOf(n)).filter((i) => i >= 0), true);
  }

  colour() {
    this.globe.colouring = this.model.get("colouring");
    this.globe.paint();
    this.legend();
  }

  resize() {
    this.stage.style.height = `${this.model.get("height_px")}px`;
  }

  // --- what stands over the globe

  legend() {
    const globe = this.globe, shown = globe.legend(), names = globe.colourings.map((c) => c.name);
    this.shownFrame = globe.frame;
    const pick = el("select", { ariaLabel: "Colour by", on: { change: (e) => (this.send("colouring", e.target.value), this.colour()) } },
      names.map((name) => el("option", { value: name, selected: name === globe.colouring }, name)));
    const key = shown.words
      ? el("ul", {}, shown.words.filter((w) => w.count).map((w) => el("li", {}, el("i", { style: `background:${w.colour}` }), w.word, el("b", {}, number(w.count)))))
      : el("div", { class: "scale" }, el("span", {}, shown.low), el("i", { style: `background:linear-gradient(90deg,${shown.scale.join(",")})` }), el("span", {}, shown.high));
    const near = this.run.formation && this.run.models.length
      ? el("label", { class: "near" }, el("input", { type: "checkbox", checked: globe.near, on: { change: (e) => globe.approach(e.target.checked) } }), "close-up")
      : "";
    this.key.replaceChildren(el("label", {}, "colour by ", pick), key, near);
  }

  hover(i, x, y) {
    this.tip.hidden = i < 0;
    if (i < 0) return;
    const frame = this.run.nearest(this.timeline.ms);
    this.tip.replaceChildren(el("b", {}, this.run.label[i]), ...this.globe.colourings.map((c) => el("span", {}, `${c.name}: ${c.value(frame, i)}`)));
    this.tip.style.left = `${Math.min(x + 14, this.stage.clientWidth - 190)}px`;
    this.tip.style.top = `${y + 12}px`;
  }

  // The cell is shown no longer: browsers keep few drawing contexts.
  close() {
    clearTimeout(this.later);
    this.timeline.toggle(false);
    Object.values(this.urls).forEach(URL.revokeObjectURL);
    this.globe.stop();
  }
}

export default {
  render({ model, el: host }) {
    const view = new View(model, host);
    view.start();
    return () => view.end();
  },
};
