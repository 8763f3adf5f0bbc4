// What is shown: variants of the scenario, which one is shown and which is pinned; a history; all of it, with time and camera, in the URL.
const plain = () => ({ variants: [{ name: "scenario", sets: [], events: [], seed: null }], shown: 0, pinned: null });
const copy = (value) => JSON.parse(JSON.stringify(value));

let now = plain(), past = [], future = [];
const listeners = new Set();
export const view = { t: null, c: null, s: [], k: "state", f: 0, d: null, h: 0, n: 0, l: 0 }; // time, camera, chosen, colouring, follow, dark, shadow, close-up, map of latency

export const state = () => now;
export const shown = () => now.variants[now.shown];
export const pinned = () => (now.pinned === null ? null : now.variants[now.pinned]);
export const onState = (listener) => listeners.add(listener);

function tell() {
  writeUrl();
  for (const listener of listeners) listener(now);
}

// Change the state by a function that edits a copy; the change can be undone.
export function change(edit) {
  const next = copy(now);
  edit(next);
  if (JSON.stringify(next) === JSON.stringify(now)) return;
  past = [...past.slice(-99), now];
  future = [];
  now = next;
  tell();
}

export function undo() {
  if (!past.length) return false;
  future = [now, ...future];
  now = past.at(-1);
  past = past.slice(0, -1);
  tell();
  return true;
}

export function redo() {
  if (!future.length) return false;
  past = [...past, now];
  [now, ...future] = future;
  tell();
  return true;
}

export const canUndo = () => past.length > 0;
export const canRedo = () => future.length > 0;

// --- one variant

export const valueOf = (variant, path) => {
  const set = variant.sets.find((text) => text.startsWith(`${path}=`));
  return set === undefined ? null : set.slice(path.length + 1);
};

export function set(path, value) {
  change((next) => {
    const one = next.variants[next.shown], rest = one.sets.filter((text) => !text.startsWith(`${path}=`));
    one.sets = value === null ? rest : [...rest, `${path}=${value}`];
  });
}

export function branch(name) {
  change((next) => {
    const from = next.variants[next.shown];
    next.variants.push({ ...copy(from), name: name || `variant ${next.variants.length}` });
    next.shown = next.variants.length - 1;
  });
}

// Show a variant with given changes: one that is there, or a new one.
export function show(variant) {
  const key = ({ sets, events, seed }) => JSON.stringify([sets, events, seed]);
  change((next) => {
    const there = next.variants.findIndex((one) => key(one) === key(variant));
    if (there < 0) next.variants.push(copy(variant));
    next.shown = there < 0 ? next.variants.length - 1 : there;
  });
}

export function pin() {
  change((next) => {
    if (next.pinned === next.shown) next.pinned = null;
    else next.pinned = next.shown;
  });
}

export function remove(index) {
  change((next) => {
    if (next.variants.length < 2) return;
    next.variants.splice(index, 1);
    const moved = (i) => (i === null || i === index ? null : i > index ? i - 1 : i);
    next.pinned = moved(next.pinned);
    next.shown = Math.min(moved(next.shown) ?? index, next.variants.length - 1);
  });
}

// The variant whose mission is shown: the shown one, or that of which it is a day.
export const ofMission = () => shown().day?.of ?? shown();

// --- the URL

let due = 0;
export function writeUrl() {
  clearTimeout(due);
  document.body.dataset.url = "due"; // until it is written: what reads the URL can wait for it
  due = setTimeout(() => {
    const text = encodeURIComponent(JSON.stringify({ ...now, view }));
    history.replaceState(null, "", `${location.pathname}${location.search}#${text}`);
    delete document.body.dataset.url;
  }, 120);
}

export function readUrl() {
  try {
    const { view: seen, ...rest } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
    const fits = Array.isArray(rest.variants) && rest.variants.length > 0 && rest.variants.length <= 64 && rest.variants.every(fitting);
    if (!fits || !rest.variants[rest.shown] || (rest.pinned !== null && !rest.variants[rest.pinned])) return;
    now = { variants: rest.variants.map(({ name, sets, events, seed, day }) => ({ name, sets, events, seed, ...(fittingDay(day) ? { day } : {}) })), shown: rest.shown, pinned: rest.pinned };
    for (const key of Object.keys(view)) if (key in (seen ?? {})) view[key] = seen[key];
  } catch {} // no state in the URL: the scenario as it was opened
}

const texts = (list) => Array.isArray(list) && list.every((text) => typeof text === "string");
const fitting = (v) => v && typeof v.name === "string" && texts(v.sets) && texts(v.events) && (v.seed === null || Number.isInteger(v.seed));
const fittingDay = (d) => d && typeof d.at === "string" && typeof d.note === "string" && fitting(d.of);
