// A library of events: what may happen to a fleet, as the scenario writes it. The server has the last word on each.
import { el } from "./dom.js";

const KINDS = [
  { name: "lose a plane", action: "lose", target: "plane 3", lasts: "90 min" },
  { name: "lose a satellite", action: "lose", target: "satellite 17", lasts: "" },
  { name: "lose half of the accelerators of a satellite", action: "derate", target: "satellite 17 accelerators", to: "0.5", lasts: "" },
  { name: "lower the clock rate of all (storm)", action: "derate", target: "all", to: "0.5", lasts: "2 h" },
  { name: "switch everything off (safe mode)", action: "lose", target: "all", lasts: "2 h" },
  { name: "lose the links of a satellite", action: "lose", target: "links of satellite 4", lasts: "1 h" },
  { name: "lose a ground station", action: "lose", target: "station Dublin", lasts: "" },
  { name: "maintain a satellite", action: "maintain", target: "satellite 17", lasts: "3 h" },
  { name: "avoid a collision", action: "maneuver", target: "satellite 17", lasts: "30 min" },
  { name: "a silent error", action: "corrupt", target: "satellite 17", lasts: null },
  { name: "the owner takes half of the satellites back", action: "lose", target: (n) => `satellites 0-${Math.max(0, Math.floor(n / 2) - 1)}`, lasts: "" },
  { name: "a launch is late: its satellites are not there yet", at: "+0 min", action: "lose", target: (n) => `satellites 0-${Math.max(0, Math.floor(n / 4) - 1)}`, lasts: "6 h" },
];

export const written = ({ at, action, target, to, lasts }) =>
  [at, action, target, action === "derate" ? `to ${to}` : "", lasts ? `for ${lasts}` : ""].filter(Boolean).join(" ");

// Ask for an event; `add` gets its text. `at` is the time after the epoch that is proposed, for a fleet of so many satellites.
export function askForEvent(host, at, satellites, add) {
  const input = (id, value, label, title = "") => el("label", {}, label, el("input", { type: "text", id, value, title, spellcheck: false, on: { input: show } }));
  const kind = el("select", { id: "event-kind", on: { change: fill } }, KINDS.map((k, i) => el("option", { value: i }, k.name)));
  const body = el("div", { class: "event-fields" }), text = el("code", { id: "event-text" });
  const value = (id) => body.querySelector(`#${id}`)?.value.trim() ?? "";
  let chosen = KINDS[0];

  function current() {
    return written({ at: value("event-at"), action: chosen.action, target: value("event-target"), to: value("event-to"), lasts: value("event-lasts") });
  }
  function show() {
    text.textContent = current();
  }
  function fill() {
    const before = chosen.at ? at : value("event-at") || at;
    chosen = KINDS[Number(kind.value)];
    const target = typeof chosen.target === "function" ? chosen.target(satellites) : chosen.target;
    body.replaceChildren(...[
      input("event-at", chosen.at ?? before, "when", "A time after the epoch, such as +6 h, or a date in UTC"), input("event-target", target, "what", "satellite 17, satellites 3-9, plane 3, all, station Dublin, link 3-4"),
      chosen.to !== undefined ? input("event-to", chosen.to, "left", "Share that is left, 0 to 1") : null,
      chosen.lasts !== null ? input("event-lasts", chosen.lasts, "for", "How long; empty: for good") : null,
    ].filter(Boolean));
    show();
  }
  const close = () => dialog.remove();
  const done = () => {
    add(current());
    close();
  };
  const dialog = el("form", { class: "dialog small", role: "dialog", ariaLabel: "An event", id: "event-dialog", on: {
    submit: (event) => (event.preventDefault(), done()), keydown: (event) => event.key === "Escape" && close(),
  } },
    el("h3", {}, "What happens"), kind, body, el("p", { class: "muted" }, "as the scenario writes it: ", text),
    el("div", { class: "buttons" }, el("button", { type: "button", class: "plain", on: { click: close } }, "cancel"), el("button", { type: "submit", class: "plain main", id: "event-add" }, "add")));
  host.append(dialog);
  fill();
  kind.focus();
}

// Ask for a short text.
export function askForText(host, label, value, take) {
  const input = el("input", { type: "text", value, maxLength: 60, ariaLabel: label });
  const close = () => dialog.remove();
  const dialog = el("form", { class: "dialog small", role: "dialog", ariaLabel: label, on: {
    submit: (event) => {
      event.preventDefault();
      if (input.value.trim()) take(input.value.trim());
      close();
    },
    keydown: (event) => event.key === "Escape" && close(),
  } }, el("h3", {}, label), input,
    el("div", { class: "buttons" }, el("button", { type: "button", class: "plain", on: { click: close } }, "cancel"), el("button", { type: "submit", class: "plain main" }, "save")));
  host.append(dialog);
  input.focus();
  input.select();
}
