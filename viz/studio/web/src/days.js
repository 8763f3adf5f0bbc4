// The days of a mission: a moment of its years, or a date that is written, opens as a variant; and the way back.
import { el, toast } from "./dom.js";
import { ask } from "./server.js";
import * as S from "./state.js";

const MOVED_PX = 4; // a press that moves further is no click

async function openDay(at) {
  const { name, sets, events, seed } = S.ofMission();
  try {
    const day = await ask("day", { sets, events, seed, at });
    S.show({ name: day.name, sets: day.sets, events: [], seed, day: { at: day.name, note: day.note, of: { name, sets, events, seed } } });
    toast(`${day.name}: the run of this day is on its way`);
  } catch (error) {
    toast(error.message, "error");
  }
}

export function backToMission() {
  const of = S.shown().day?.of;
  if (of) S.show(of);
}

// The date under the pointer, where it is over the years.
function dateAt(event) {
  const chart = event.target.closest?.("#mission-years .js-plotly-plot"), drawn = chart?._fullLayout;
  if (!drawn) return null;
  const box = chart.getBoundingClientRect(), x = event.clientX - box.left - drawn._size.l, y = event.clientY - box.top - drawn._size.t;
  if (x < 0 || x > drawn._size.w || y < 0 || y > drawn._size.h) return null;
  return String(drawn.xaxis.p2d(x)).slice(0, 10);
}

// Plotly covers the page while a button is down, so that no click reaches the chart: presses are watched.
export function listenForDays() {
  let pressed = null;
  document.addEventListener("pointerdown", (event) => {
    const at = event.button === 0 ? dateAt(event) : null;
    pressed = at ? { at, x: event.clientX, y: event.clientY } : null;
  }, true);
  document.addEventListener("pointerup", (event) => {
    const { at, x, y } = pressed ?? {};
    pressed = null;
    if (at && Math.hypot(event.clientX - x, event.clientY - y) <= MOVED_PX) openDay(at);
  }, true);
  document.addEventListener("pointercancel", () => (pressed = null), true);
  const written = () => openDay(document.getElementById("mission-day").value.trim());
  document.addEventListener("keydown", (event) => event.target.id === "mission-day" && event.key === "Enter" && written());
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#open-day")) written();
    if (event.target.closest?.("[data-back]")) backToMission();
    const change = event.target.closest?.("button[data-set]")?.dataset.set, cut = change?.indexOf("=");
    if (change) S.set(change.slice(0, cut), change.slice(cut + 1));
  });
}

// What a day of a mission is, above the time line.
export function showDay(host) {
  const day = S.shown().day;
  host.hidden = !day;
  if (day) host.replaceChildren(el("button", { type: "button", class: "plain", data: { back: "mission" } }, "← mission"), el("span", {}, day.note));
}
