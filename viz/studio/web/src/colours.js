// By what satellites are coloured: words with a colour each, or numbers on a scale.
const CIVIDIS = ["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"];
const UNKNOWN = [0.45, 0.48, 0.53];

const rgb = (hex) => [1, 3, 5].map((i) => Math.pow(parseInt(hex.slice(i, i + 2), 16) / 255, 2.2)); // to linear light
const SCALE = CIVIDIS.map(rgb);

function onScale(share, out, at) {
  const x = Math.min(1, Math.max(0, share)) * (SCALE.length - 1), low = Math.min(SCALE.length - 2, Math.floor(x)), t = x - low;
  for (let c = 0; c < 3; c++) out[at + c] = SCALE[low][c] + (SCALE[low + 1][c] - SCALE[low][c]) * t;
}

// All colourings of a run: `paint(frame)` gives the function that colours a satellite, `legend(frame)` what the key shows.
export function colourings(run) {
  const found = run.colourings.map(({ name, names, colours, codes }) => {
    const table = colours.map(rgb);
    const code = (frame, i) => (codes ? codes[i] : run.array.state[frame * run.satellites + i]);
    return {
      name,
      paint: (frame) => (i, out, at) => out.set(table[code(frame, i)] ?? UNKNOWN, at),
      legend: (frame) => {
        const counts = new Array(names.length).fill(0);
        for (let i = 0; i < run.satellites; i++) counts[code(frame, i)]++;
        return { words: names.map((word, k) => ({ word, colour: colours[k], count: counts[k] })) };
      },
      value: (frame, i) => names[code(frame, i)],
    };
  });
  const shares = (name, title) => {
    const values = run.array[name];
    if (!values) return;
    const of = (frame, i) => values[frame * run.satellites + i];
    found.push({
      name: title,
      paint: (frame) => (i, out, at) => (of(frame, i) === 255 ? out.set(UNKNOWN, at) : onScale(of(frame, i) / 250, out, at)),
      legend: () => ({ scale: CIVIDIS, low: "0 %", high: "100 %" }),
      value: (frame, i) => (of(frame, i) === 255 ? "not recorded" : `${(of(frame, i) / 2.5).toFixed(0)} %`),
    });
  };
  shares("charge", "battery");
  shares("useful", "useful share");
  const temps = run.array.junction_dk;
  if (temps) {
    let low = Infinity, high = -Infinity;
    for (const t of temps) if (t !== -32768) (low = Math.min(low, t)), (high = Math.max(high, t));
    const width = Math.max(high - low, 1), celsius = (t) => `${(t / 10 - 273.15).toFixed(1)} °C`;
    const of = (frame, i) => temps[frame * run.satellites + i];
    found.push({
      name: "junction",
      paint: (frame) => (i, out, at) => (of(frame, i) === -32768 ? out.set(UNKNOWN, at) : onScale((of(frame, i) - low) / width, out, at)),
      legend: () => ({ scale: CIVIDIS, low: celsius(low), high: celsius(high) }),
      value: (frame, i) => (of(frame, i) === -32768 ? "not recorded" : celsius(of(frame, i))),
    });
  }
  return found;
}
