// A tour of the first five minutes: each step points at a part of the page, says what it is for, and may do the thing itself.
import { el } from "./dom.js";

let box = null;

// Begin at a step. `steps` have a title, a text, a selector, and where wanted the name of an action and its function.
export function tour(host, steps, at = 0) {
  box?.end();
  const frame = el("div", { class: "tour-frame", ariaHidden: "true" });
  const card = el("div", { class: "tour-card", role: "dialog", ariaLabel: "Tour", tabIndex: -1 });
  const place = () => {
    const step = steps[at], part = document.querySelector(step.at), r = part?.getBoundingClientRect() ?? { left: 0, top: 0, width: innerWidth, height: innerHeight };
    Object.assign(frame.style, { left: `${r.left - 3}px`, top: `${r.top - 3}px`, width: `${r.width + 6}px`, height: `${r.height + 6}px` });
    const { offsetWidth: w, offsetHeight: h } = card;
    const right = r.left + r.width + 14 + w < innerWidth, left = r.left - 14 - w > 0;
    const x = right ? r.left + r.width + 14 : left ? r.left - 14 - w : Math.max(12, Math.min(innerWidth - w - 12, r.left + (r.width - w) / 2));
    const below = right || left ? r.top + 8 : r.top + r.height + 12;
    const y = below + h + 12 < innerHeight ? below : Math.max(12, right || left ? innerHeight - h - 12 : r.top - h - 12 > 0 ? r.top - h - 12 : innerHeight - h - 24);
    Object.assign(card.style, { left: `${x}px`, top: `${y}px` });
  };
  const go = (to) => {
    if (to < 0 || to >= steps.length) return box.end();
    at = to;
    const step = steps[at];
    card.replaceChildren(
      el("p", { class: "muted" }, `${at + 1} of ${steps.length}`), el("h3", {}, step.title), el("p", {}, step.text),
      el("div", { class: "buttons" },
        el("button", { type: "button", class: "plain", id: "tour-end", on: { click: () => box.end() } }, "end"),
        el("button", { type: "button", class: "plain", disabled: at === 0, on: { click: () => go(at - 1) } }, "back"),
        step.act ? el("button", { type: "button", class: "plain main", id: "tour-act", on: { click: () => (step.act(), go(at + 1)) } }, step.does) : "",
        el("button", { type: "button", class: step.act ? "plain" : "plain main", id: "tour-next", on: { click: () => go(at + 1) } }, at + 1 === steps.length ? "done" : "next")));
    step.show?.();
    requestAnimationFrame(place);
    card.focus();
  };
  const keys = (event) => {
    const to = { Escape: Infinity, ArrowRight: at + 1, ArrowLeft: at - 1 }[event.key];
    if (to === undefined) return;
    event.stopPropagation();
    event.preventDefault();
    go(to);
  };
  box = {
    end() {
      frame.remove();
      card.remove();
      removeEventListener("resize", place);
      box = null;
    },
  };
  card.addEventListener("keydown", keys);
  addEventListener("resize", place);
  host.append(frame, card);
  go(at);
}
