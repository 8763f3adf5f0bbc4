// The studio: form, globe, time and runs, joined. Panels with figures are the server's; they follow the store "view".
import { forget, listenForAnalyses, openPoint, openTab } from "./analyses.js";
import { normals } from "./attitude.js";
import { UNRECORDED } from "./colours.js";
import { backToMission, listenForDays, showDay } from "./days.js";
import { el, number, toast } from "./dom.js";
import { askForEvent, askForText } from "./events.js";
import { exported } from "./exporting.js";
import { Form } from "./form.js";
import { Globe } from "./globe.js";
import { linkKey, roleName, stationKey } from "./network.js";
import { command, furtherCommands, listenForKeys, openPalette } from "./palette.js";
import { Runs } from "./runs.js";
import { answer, ask, onLost } from "./server.js";
import * as S from "./state.js";
import { Timeline } from "./timeline.js";
import { steps } from "./tour_steps.js";
import { tour } from "./tour.js";

const $ = (id) => document.getElementById(id);
const view = S.view;
let form, globe, timeline, runs, lastStatus = { state: "queued" };

function start() {
  S.readUrl();
  if (view.d !== null) dark(view.d);
  form = new Form($("form"));
  globe = new Globe($("globe-host"), { day: "assets/earth-day.jpg", night: "assets/earth-night.jpg", borders: "assets/borders.json" }, {
    onChoose: chose, onCamera: () => remember({ c: globe.camera.position.toArray().map((x) => Number(x.toFixed(4))) }), onHover: hover,
  });
  if (view.c?.length === 3) globe.camera.position.fromArray(view.c);
  globe.colouring = view.k;
  globe.following = Boolean(view.f);
  globe.shadow = Boolean(view.h);
  globe.network.show.latency = Boolean(view.l);
  timeline = new Timeline($("timeline"), (ms) => {
    globe.move(ms);
    remember({ t: Math.round(ms) });
    details();
    cursor(ms);
  }, { chosen: () => globe.chosen, onJump: jumped });
  globe.onFrame = (now) => timeline.frame(now);
  runs = new Runs({ onStatus: showStatus, onDocument: (doc) => (form.show(doc), header(doc)), onScene: showScene, onResults: showResults, onSettled: (turn) => (document.body.dataset.settled = String(turn)) });
  S.onState(() => (bar(), runs.update()));
  window.addEventListener("hashchange", () => location.reload());
  onLost.add((lost) => {
    $("lost").hidden = !lost;
    if (!lost) runs.update();
  });
  commands();
  listenForKeys();
  listenForAnalyses();
  listenForDays();
  document.addEventListener("click", chooseListed);
  $("enlarge").addEventListener("click", enlarge);
  toolbar();
  bar();
  runs.update();
  window.dawndusk = { normals, globe }; // what tests compare with the simulation
  document.body.dataset.ready = "true";
}

function remember(change) {
  Object.assign(view, change);
  S.writeUrl();
}

// --- the top: variants, and what the run is doing

let shownDocument = null;
function header(doc) {
  shownDocument = doc;
  $("scenario-name").textContent = doc.name;
  $("scenario-size").textContent = `${number(doc.satellites)} satellites, ${number(doc.accelerators)} accelerators`;
}

function bar() {
  const { variants, shown, pinned } = S.state();
  const chip = (variant, i) => {
    const changed = variant.sets.length + variant.events.length + (variant.seed === null ? 0 : 1);
    const name = el("button", {
      type: "button", class: "chip-name", title: [...variant.sets, ...variant.events].join("\n") || "as opened", ariaPressed: String(i === shown),
      on: { click: () => S.change((s) => (s.shown = i)), dblclick: () => rename(i) },
    }, variant.name, changed ? el("i", {}, String(changed)) : null);
    const close = variants.length > 1 ? el("button", { type: "button", class: "chip-close", title: "Remove this variant", ariaLabel: `Remove ${variant.name}`, on: { click: () => S.remove(i) } }, "×") : null;
    return el("span", { class: `chip${i === shown ? " shown" : ""}${i === pinned ? " pinned" : ""}` }, i === pinned ? el("b", { title: "pinned baseline" }, "⚲") : null, name, close);
  };
  $("variants").replaceChildren(
    ...variants.map(chip),
    el("button", { type: "button", class: "plain", id: "branch", title: "Branch a variant (B)", on: { click: () => S.branch() } }, "+ branch"),
    el("button", { type: "button", class: "plain", id: "pin", title: "Pin as baseline (P)", ariaPressed: String(pinned === shown), on: { click: S.pin } }, pinned === shown ? "unpin" : "pin"),
    el("button", { type: "button", class: "plain", id: "undo", title: "Undo (Ctrl+Z)", ariaLabel: "Undo", disabled: !S.canUndo(), on: { click: S.undo } }, "↶"),
    el("button", { type: "button", class: "plain", id: "redo", title: "Redo (Ctrl+Y)", ariaLabel: "Redo", disabled: !S.canRedo(), on: { click: S.redo } }, "↷"),
  );
  showDay($("day"));
  const one = S.shown();
  $("events").replaceChildren(...one.events.map((text, i) => el("span", { class: "event" }, text, el("button", {
    type: "button", ariaLabel: `Remove ${text}`, on: { click: () => S.change((s) => s.variants[s.shown].events.splice(i, 1)) },
  }, "×"))));
}

function rename(i) {
  askForText($("studio"), "Name of the variant", S.state().variants[i].name, (name) => S.change((s) => (s.variants[i].name = name)));
}

function showStatus(status) {
  lastStatus = status;
  const box = $("status");
  box.dataset.state = status.state;
  box.dataset.turn = String(runs?.turn ?? 0);
  const share = status.total ? status.done / status.total : 0;
  const text = {
    queued: "waiting", running: status.total ? `${status.baseline ? "baseline " : ""}${Math.floor(100 * share)} %` : "starting", done: status.time_s === undefined ? "up to date" : `answered in ${status.time_s.toFixed(2)} s`,
    refused: "not run: see the form", failed: "the run failed", cancelled: "cancelled",
  }[status.state] ?? status.state;
  const busy = ["queued", "running"].includes(status.state);
  box.replaceChildren(...[
    el("span", { class: "bar" }, el("i", { style: `width:${busy ? Math.max(3, 100 * share) : 0}%` })), el("span", { id: "status-text" }, text),
    busy ? el("button", { type: "button", class: "plain", id: "cancel", title: "Cancel (Esc)", on: { click: () => runs.cancel() } }, "cancel") : null,
    ["cancelled", "failed"].includes(status.state) ? el("button", { type: "button", class: "plain", id: "again", on: { click: () => runs.update() } }, "run again") : null,
  ].filter(Boolean));
  document.body.classList.toggle("stale", status.state !== "done");
  $("failure").hidden = status.state !== "failed";
  if (status.state === "failed") {
    $("failure").replaceChildren(el("h3", {}, "The run failed"), el("p", {}, status.message), status.log ? el("details", {}, el("summary", {}, "Log"), el("pre", {}, status.log)) : "",
      el("p", { class: "muted" }, "The figures below are those of the run before. Change the scenario, or run it again."));
  }
}

function showResults(results) {
  forget(results.shown);
  window.dash_clientside.set_props("view", { data: { ...results, turn: (showResults.turn = (showResults.turn ?? 0) + 1) } });
  for (const later of [400, 1200, 3000]) setTimeout(() => timeline.ms && cursor(timeline.ms), later); // once the charts are drawn
}

// --- the globe

function showScene(run, baseline) {
  $("no-scene").hidden = Boolean(run);
  if (!run) return;
  const first = !globe.run && !view.c;
  globe.load(run, baseline);
  timeline.load(run, view.t);
  if (first) globe.face();
  const chosen = view.s.map((n) => run.number.indexOf(n)).filter((i) => i >= 0);
  globe.choose(chosen);
  $("scene-note").textContent = run.note;
  globe.approach(view.n);
  toolbar();
  legend();
  document.body.dataset.scene = String(run.satellites);
}

function chose(chosen) {
  const run = globe.run;
  toolbar();
  remember({ s: chosen.map((i) => run.number[i]) });
  window.dash_clientside.set_props("selection", { data: view.s });
  details();
}

// What is known of a satellite in a frame, by name.
function known(frame, i) {
  const found = globe.colourings.map((c) => [c.name, c.value(frame, i)]).filter(([, value]) => value !== UNRECORDED);
  return found.length ? found : [["states", UNRECORDED]];
}

function details() {
  const run = globe.run, box = $("chosen");
  box.hidden = !run || !globe.chosen.length;
  if (box.hidden) return;
  const frame = run.nearest(timeline.ms ?? run.first);
  box.replaceChildren(...globe.chosen.slice(0, 4).map((i) => el("div", {}, el("b", {}, run.label[i]), ...known(frame, i).map(([name, value]) => el("span", {}, `${name} ${value}`)))),
    el("div", { class: "buttons" }, el("button", { type: "button", class: "plain", on: { click: () => globe.lookAt(globe.chosen[0]) } }, "centre"),
      el("button", { type: "button", class: "plain", ariaPressed: String(globe.following), on: { click: follow } }, globe.following ? "following" : "follow"),
      el("button", { type: "button", class: "plain", on: { click: () => globe.choose([]) } }, "clear")));
}

function follow() {
  globe.following = !globe.following;
  remember({ f: globe.following ? 1 : 0 });
  details();
}

// What is known of a station, or of a place on the map of latency.
function onGround({ station, latitude, longitude, rtt_ms, coverage }) {
  const run = globe.run;
  if (station !== undefined) return [el("b", {}, run.station[station]), el("span", {}, roleName(run, station))];
  const served = rtt_ms === null ? "no user is served" : `median round trip ${rtt_ms.toFixed(1)} ms, served ${(100 * coverage).toFixed(0)} % of the time`;
  return [el("b", {}, `${Math.abs(latitude).toFixed(1)}° ${latitude < 0 ? "S" : "N"}, ${Math.abs(longitude).toFixed(1)}° ${longitude < 0 ? "W" : "E"}`), el("span", {}, served)];
}

function hover(i, x, y) {
  const tip = $("tip"), run = globe.run, place = i < 0 && x ? globe.ground(x, y) : null;
  tip.hidden = i < 0 && !place;
  if (tip.hidden) return;
  if (place) tip.replaceChildren(...onGround(place));
  else tip.replaceChildren(el("b", {}, run.label[i]), ...known(run.nearest(timeline.ms), i).map(([name, value]) => el("span", {}, `${name}: ${value}`)));
  tip.style.left = `${Math.min(x + 14, $("globe-host").clientWidth - 190)}px`;
  tip.style.top = `${y + 12}px`;
}

function colourBy(name) {
  globe.colouring = name;
  remember({ k: name });
  globe.paint();
  legend();
}

function legend() {
  const run = globe.run;
  if (!run) return;
  const shown = globe.legend(), frame = globe.frame;
  legend.frame = frame;
  const names = globe.colourings.map((c) => c.name);
  const pick = el("select", { ariaLabel: "Colour by", id: "colour-by", on: { change: (e) => colourBy(e.target.value) } }, names.map((n) => el("option", { value: n, selected: n === globe.colouring }, n)));
  const key = shown.words
    ? el("ul", {}, shown.words.filter((w) => w.count).map((w) => el("li", {}, el("i", { style: `background:${w.colour}` }), w.word, el("b", {}, number(w.count)))))
    : el("div", { class: "scale" }, el("span", {}, shown.low), el("i", { style: `background:linear-gradient(90deg,${shown.scale.join(",")})` }), el("span", {}, shown.high));
  const meaning = run.array.link_ends && (globe.near || (globe.network.show.links && globe.network.has("links"))) ? linkKey(run) : null;
  const loads = meaning
    ? el("div", { class: "loads", title: meaning.title }, "links: ", meaning.words.map(({ word, colour }) => el("span", {}, el("i", { style: `background:${colour}` }), word)))
    : "";
  const shownRoles = globe.network.show.stations ? stationKey(run) : null;
  const signs = shownRoles ? el("div", { class: "loads signs" }, shownRoles.map(({ name, colour, sign, count }) => el("span", {}, el("i", { style: `color:${colour}` }, sign), `${name} ${number(count)}`))) : "";
  const map = globe.network.show.latency ? globe.network.latency.key() : null;
  const heat = map ? el("div", { class: "scale heat", title: map.title }, el("span", {}, map.low), el("i", { style: `background:linear-gradient(90deg,${map.scale.join(",")})` }), el("span", {}, map.high)) : "";
  $("legend").replaceChildren(el("label", {}, "colour by ", pick), key, loads, signs, heat);
}

function toolbar() {
  const layers = [["links", "links"], ["routes", "routes"], ["stations", "stations"], ["coverage", "coverage"], ["latency", "latency"]].filter(([name]) => globe.network.has(name));
  const box = (name, text, on, change) => el("label", {}, el("input", { type: "checkbox", id: `show-${name}`, checked: on, on: { change } }), text);
  $("layers").replaceChildren(
    ...layers.map(([name, text]) => box(name, text, globe.network.show[name], (e) => showLayer(name, e.target.checked))),
    globe.approachable ? box("near", "close-up", globe.near, (e) => (globe.approach(e.target.checked), remember({ n: globe.near ? 1 : 0 }), legend())) : "",
    box("shadow", "shadow", globe.shadow, (e) => ((globe.shadow = e.target.checked), remember({ h: globe.shadow ? 1 : 0 }), globe.move(timeline.ms))),
  );
}

function showLayer(name, on) {
  globe.network.show[name] = on;
  if (name === "latency") remember({ l: on ? 1 : 0 });
  globe.move(timeline.ms);
  legend();
}

// A list in a panel chooses satellites by their numbers.
function chooseListed(event) {
  const button = event.target.closest?.("button[data-satellites]"), run = globe.run;
  if (!button || !run) return;
  const chosen = button.dataset.satellites.split(" ").map((n) => run.number.indexOf(Number(n))).filter((i) => i >= 0);
  if (!chosen.length) return toast("these satellites are not shown on the globe");
  globe.choose(chosen);
  globe.lookAt(chosen[0]);
}

// A line through the charts at the time of the globe, at most ten times a second.
let cursorDue = 0;
function cursor(ms) {
  if (globe.run && legend.frame !== globe.frame && globe.colourings.find((c) => c.name === globe.colouring)?.name) {
    clearTimeout(legend.later);
    legend.later = setTimeout(legend, 120);
  }
  const chart = document.querySelector("#series .js-plotly-plot");
  if (!chart?._fullLayout || performance.now() < cursorDue) return;
  cursorDue = performance.now() + 100;
  const { xaxis, _size: size } = chart._fullLayout;
  let line = chart.querySelector(".time-cursor");
  if (!line) chart.append((line = el("div", { class: "time-cursor" })));
  const at = xaxis.d2p(new Date(ms).toISOString().slice(0, -1));
  line.hidden = !(at >= 0 && at <= xaxis._length);
  Object.assign(line.style, { left: `${size.l + at}px`, top: `${size.t}px`, height: `${size.h}px` });
}

// --- commands

function jumped(text) {
  toast(text || (globe.chosen.length ? "nothing more happens" : "nothing more happens; choose a satellite to step through its eclipses and limits"));
}

// The part below takes most of the page, or its usual share.
function enlarge() {
  document.getElementById("studio").classList.toggle("large");
  window.dispatchEvent(new Event("resize")); // charts follow
}

function dark(on) {
  document.documentElement.dataset.theme = on ? "dark" : "light";
  document.documentElement.dataset.mantineColorScheme = on ? "dark" : "light";
  window.dash_clientside?.set_props?.("theme", { data: on ? "dark" : "light" });
}

// At the time of the globe, in whole minutes after the epoch.
function addEvent() {
  const run = globe.run, minutes = run ? Math.max(0, Math.round((timeline.ms - run.epoch_ms) / 60000)) : 360;
  askForEvent($("studio"), `+${minutes} min`, shownDocument?.satellites ?? 1, (text) => S.change((s) => s.variants[s.shown].events.push(text)));
}

function beginTour() {
  tour($("studio"), steps({ form, globe, timeline }));
}

// Variants of the folder that the studio was started with.
let saved = [];
async function offerSaved() {
  try {
    const { variants } = await answer("variants");
    if (!variants) return;
    saved = variants;
    $("save-variant").hidden = false;
    command("Save the variant", save);
    $("save-variant").addEventListener("click", save);
  } catch {} // announced as a lost server
}

function save() {
  askForText($("studio"), "Save the variant as", S.shown().name, async (name) => {
    const { sets, events, seed } = S.shown();
    try {
      const found = await ask("save", { name, sets, events, seed });
      saved = [...saved.filter((one) => one.name !== found.name), { name: found.name, sets, events, seed }];
      toast(`saved: ${found.file}`);
    } catch (error) {
      toast(error.message, "error");
    }
  });
}

function commands() {
  command("Play or pause", () => timeline.toggle(), "space");
  command("Next event", () => jumped(timeline.jump(1)), "n");
  command("Previous event", () => jumped(timeline.jump(-1)), "shift+n");
  command("One frame on", () => timeline.step(1), "arrowright");
  command("One frame back", () => timeline.step(-1), "arrowleft");
  command("Faster", () => timeline.faster(1), "]");
  command("Slower", () => timeline.faster(-1), "[");
  command("Branch a variant", () => S.branch(), "b");
  command("Pin or unpin the baseline", S.pin, "p");
  command("Undo", () => S.undo(), "ctrl+z");
  command("Redo", () => S.redo(), "ctrl+y");
  command("Cancel the run, clear the choice", () => (["queued", "running"].includes(lastStatus.state) ? runs.cancel() : globe.choose([])), "escape");
  command("Follow the chosen satellite", follow, "f");
  command("Centre the chosen satellite", () => globe.chosen.length && globe.lookAt(globe.chosen[0]), "c");
  command("Find a field", () => form.search.focus(), "/");
  command("Export scenario and command", () => exported($("studio")), "e");
  command("Enlarge or reduce the part below", enlarge, "x");
  command("Light or dark", () => { const on = document.documentElement.dataset.theme !== "dark"; dark(on); remember({ d: on }); }, "d");
  command("Show or hide the shadow of the Earth", () => $("show-shadow").click(), "s");
  command("Show or hide the map of latency", () => $("show-latency")?.click(), "m");
  command("Close-up of the formation, or of the chosen satellite", () => $("show-near")?.click(), "z");
  command("Back from a day to its mission", backToMission);
  command("All commands", openPalette, "ctrl+k");
  command("Add an event", addEvent, "v");
  command("Rename the variant", () => rename(S.state().shown), "r");
  furtherCommands(() => [
    ...[...document.querySelectorAll('.tabs [role="tab"]')].map((tab) => ({ name: `Panel: ${tab.textContent}`, run: () => openTab(tab.textContent) })),
    ...saved.map(({ name, sets, events, seed }) => ({ name: `Open saved variant ${name}`, run: () => S.show({ name, sets, events, seed }) })),
    ...(globe.colourings ?? []).map((c) => ({ name: `Colour by ${c.name}`, run: () => colourBy(c.name) })),
    ...[...form.rows.keys()].map((path) => ({ name: `Field: ${path.replaceAll(".", " ").replaceAll("_", " ")}`, run: () => form.focus(path) })),
    ...(globe.run?.label ?? []).slice(0, 5000).map((label, i) => ({ name: `Go to ${label}`, run: () => { globe.choose([i]); globe.lookAt(i); } })),
  ]);
  command("Guided tour", beginTour, "?");
  $("open-tour").addEventListener("click", beginTour);
  offerSaved();
  $("open-palette").addEventListener("click", openPalette);
  $("open-export").addEventListener("click", () => exported($("studio")));
  $("add-event").addEventListener("click", addEvent);
}

// What panels of the server call.
window.dash_clientside = Object.assign({}, window.dash_clientside, {
  studio: {
    openPoint(clicked) {
      const point = clicked?.points?.[0]?.customdata;
      if (Number.isInteger(point)) openPoint(point).catch((error) => toast(error.message, "error"));
    },
  },
});

(function wait() {
  if ($("globe-host") && window.dash_clientside?.set_props) start();
  else setTimeout(wait, 30);
})();
