// By what satellites are coloured: words with a colour each, or numbers on a scale.
const CIVIDIS = ["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"];
const DIVERGING = ["#7f3b08", "#b35806", "#e08214", "#fdb863", "#d8dde3", "#9ecae1", "#4292c6", "#2171b5", "#08306b"]; // less, more
const UNKNOWN = [0.16, 0.18, 0.22];

const rgb = (hex) => [1, 3, 5].map((i) => Math.pow(parseInt(hex.slice(i, i + 2), 16) / 255, 2.2)); // to linear light
const SCALE = CIVIDIS.map(rgb), BOTH = DIVERGING.map(rgb);

function onScale(share, out, at, scale = SCALE) {
  const x = Math.min(1, Math.max(0, share)) * (scale.length - 1), low = Math.min(scale.length - 2, Math.floor(x)), t = x - low;
  for (let c = 0; c < 3; c++) out[at + c] = scale[low][c] + (scale[low + 1][c] - scale[low][c]) * t;
}

export const UNRECORDED = "not recorded";

// All colourings of a run: `paint(frame)` gives the function that colours a satellite, `legend(frame)` what the key shows.
export function colourings(run, baseline) {
  const found = run.colourings.map((one) => words(run, one));
  const percent = (v) => `${(v / 2.5).toFixed(0)} %`;
  if (run.array.charge) found.push(scaled(run, "battery", run.array.charge, 255, 0, 250, percent));
  if (run.array.useful) found.push(scaled(run, "useful share", run.array.useful, 255, 0, 250, percent));
  const temps = run.array.junction_dk;
  if (temps) {
    let low = Infinity, high = -Infinity;
    for (const t of temps) if (t !== -32768) (low = Math.min(low, t)), (high = Math.max(high, t));
    found.push(scaled(run, "junction", temps, -32768, low, Math.max(high, low + 1), (t) => `${(t / 10 - 273.15).toFixed(1)} °C`));
  }
  if (baseline && baseline !== run && run.array.useful && baseline.array.useful) found.push(difference(run, baseline));
  return found;
}

function words(run, { name, names, colours, codes }) {
  const table = colours.map(rgb);
  const code = (frame, i) => {
    const at = run.index(codes ? 0 : frame, i);
    return at < 0 ? -1 : (codes ?? run.array.state)[at];
  };
  return {
    name,
    paint: (frame) => (i, out, at) => out.set(table[code(frame, i)] ?? UNKNOWN, at),
    legend: (frame) => {
      const counts = new Array(names.length).fill(0);
      for (let i = 0; i < run.satellites; i++) counts[code(frame, i)]++;
      const shown = names.map((word, k) => ({ word, colour: colours[k], count: counts[k] }));
      return { words: [...shown, { word: UNRECORDED, colour: "#6f7782", count: run.satellites - run.recorded }] };
    },
    value: (frame, i) => names[code(frame, i)] ?? UNRECORDED,
  };
}

function scaled(run, name, values, missing, low, high, text) {
  const of = (frame, i) => {
    const at = run.index(frame, i);
    return at < 0 ? missing : values[at];
  };
  return {
    name,
    paint: (frame) => (i, out, at) => (of(frame, i) === missing ? out.set(UNKNOWN, at) : onScale((of(frame, i) - low) / (high - low), out, at)),
    legend: () => ({ scale: CIVIDIS, low: text(low), high: text(high) }),
    value: (frame, i) => (of(frame, i) === missing ? UNRECORDED : text(of(frame, i))),
  };
}

// Useful share less that of the baseline, of the same satellite at the same time.
function difference(run, baseline) {
  const other = new Map(baseline.number.map((n, i) => [n, i]));
  const of = (frame, i) => {
    const at = run.index(frame, i), ms = run.unix_ms[frame], j = other.get(run.number[i]);
    if (at < 0 || j === undefined || ms < baseline.first || ms > baseline.last) return null;
    const before = baseline.index(baseline.nearest(ms), j);
    const a = run.array.useful[at], b = before < 0 ? 255 : baseline.array.useful[before];
    return a === 255 || b === 255 ? null : (a - b) / 250;
  };
  const points = (v) => `${v > 0 ? "+" : v < 0 ? "−" : ""}${Math.abs(100 * v).toFixed(0)} points`;
  return {
    name: "useful, change",
    paint: (frame) => (i, out, at) => {
      const v = of(frame, i);
      if (v === null) out.set(UNKNOWN, at);
      else onScale(0.5 + v / 2, out, at, BOTH);
    },
    legend: () => ({ scale: DIVERGING, low: "−100", high: "+100 points" }),
    value: (frame, i) => {
      const v = of(frame, i);
      return v === null ? UNRECORDED : points(v);
    },
  };
}
