// The globe and the formation, moved through time: positions, colours, links, ways, night.
const AXES = ["x", "y", "z"];

function decoded(text, kind) {
  return text === null ? null : new kind(bytesOf(text).buffer);
}

// A colour scale of equal steps, one for each whole number plus a half.
function stepped(colours) {
  const n = colours.length;
  return colours.flatMap((c, i) => [[i / n, c], [(i + 1) / n, c]]);
}

// The rotation that takes unit vector a to b, as rows of a matrix.
function rotation(a, b) {
  const axis = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const cos = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  let sin = Math.hypot(...axis);
  let k = axis.map((v) => v / sin);
  if (sin < 1e-9) {
    sin = 0;
    k = [-a[1], a[0], 0].map((v) => v / Math.hypot(a[0], a[1]));
  }
  return [0, 1, 2].map((r) => [0, 1, 2].map((c) => {
    const cross = [[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]][r][c];
    return (r === c ? cos : 0) + sin * cross + (1 - cos) * k[r] * k[c];
  }));
}

// Buffers of the film, and what they say of one frame.
class Film {
  constructor(movie) {
    Object.assign(this, movie);
    this.frames = movie.unix_ms.length;
    this.count = movie.satellite.length;
    const whole = decoded(movie.position, Int16Array);
    this.position = Float32Array.from(whole, (v) => (v === movie.missing ? NaN : v * movie.unit_km));
    this.state = decoded(movie.state, Uint8Array);
    this.sun = decoded(movie.sun, Float32Array);
    this.offset = decoded(movie.offset, Float32Array);
    this.code = movie.colourings.map((c) => decoded(c.code, Uint16Array));
    this.details = [
      ["charge_percent", "battery", "%"],
      ["junction_c", "junction", "°C"],
      ["useful_percent", "useful share", "%"],
    ].map(([key, title, unit]) => ({ values: decoded(movie[key], Int16Array), title, unit })).filter((d) => d.values);
    if (movie.links) {
      this.ends = decoded(movie.links.ends, Uint16Array);
      this.linkSpan = decoded(movie.links.span, Uint8Array);
    }
    if (movie.ways) {
      const w = movie.ways;
      this.way = {
        station: decoded(w.station, Int16Array),
        span: decoded(w.span, Uint8Array),
        begin: decoded(w.begin, Uint32Array),
        satellite: decoded(w.satellite, Uint16Array),
        place: decoded(w.place, Float32Array),
      };
    }
  }

  part(buffer, frame, axis, n) {
    return buffer.slice((frame * 3 + axis) * n, (frame * 3 + axis + 1) * n);
  }

  // What each satellite is coloured by: a row of the names of the colouring.
  codes(colouring, frame) {
    return this.code[colouring] || this.state.subarray(frame * this.count, (frame + 1) * this.count);
  }

  tally(colouring, frame) {
    const counts = new Array(this.colourings[colouring].names.length).fill(0);
    for (const c of this.codes(colouring, frame)) counts[c] += 1;
    return counts;
  }

  // The colours of the markers on the globe: of each satellite, or the commonest for a formation.
  markColours(colouring, frame) {
    if (this.markers === this.count) return Float32Array.from(this.codes(colouring, frame), (c) => c + 0.5);
    const counts = this.tally(colouring, frame);
    return Float32Array.of(counts.indexOf(Math.max(...counts)) + 0.5);
  }

  hover(frame) {
    return Array.from({ length: this.count }, (_, i) => {
      const at = frame * this.count + i;
      const names = this.colourings.map((c, k) => c.names[this.codes(k, frame)[i]]);
      const lines = this.details.filter((d) => d.values[at] !== this.missing).map((d) => `${d.title} ${d.values[at]} ${d.unit}`);
      return [`Satellite ${this.satellite[i]}`, ...names, ...lines].join("<br>");
    });
  }

  // Numbers of the links that stand at a frame.
  linksAt(frame) {
    const n = this.links.count;
    return Array.from({ length: n }, (_, i) => i).filter((i) => this.linkSpan[i] <= frame && frame < this.linkSpan[n + i]);
  }

  // Links as broken lines through the components [c][satellite] of places.
  linkLines(standing, components) {
    const n = this.links.count;
    return components.map((places) => {
      const line = new Float32Array(3 * standing.length).fill(NaN);
      standing.forEach((i, k) => {
        line[3 * k] = places[this.ends[i]];
        line[3 * k + 1] = places[this.ends[n + i]];
      });
      return line;
    });
  }

  // Ways at a frame: as broken lines from station to satellites (on the globe a formation is one place), and their number.
  wayLines(frame) {
    const w = this.way;
    const n = this.ways.count;
    const stations = w.place.length / 3;
    const lines = [[], [], []];
    let ways = 0;
    for (let i = 0; i < n; i += 1) {
      if (!(w.span[i] <= frame && frame < w.span[n + i])) continue;
      ways += 1;
      const hops = w.satellite.subarray(w.begin[i], w.begin[i + 1]);
      lines.forEach((line, axis) => {
        const places = this.part(this.position, frame, axis, this.markers);
        line.push(w.place[axis * stations + w.station[i]]);
        for (const hop of hops) line.push(places[this.markers === this.count ? hop : 0]);
        if (w.station[n + i] >= 0) line.push(w.place[axis * stations + w.station[n + i]]);
        line.push(NaN);
      });
    }
    return { lines, ways };
  }
}

// The key of the colours with the number of satellites in each; of many jobs only the first are named.
function writeKey(film, colouring, frame) {
  const { names, colours } = film.colourings[colouring];
  const counts = film.tally(colouring, frame);
  const most = 12;
  const rows = names.map((name, i) => ({ name, colour: colours[i], count: counts[i], i }));
  const shown = film.colourings[colouring].name === "state" ? rows.reverse() : rows.filter((r) => r.count);
  const items = shown.slice(0, most).map((r) => {
    const item = document.createElement("li");
    const dot = document.createElement("i");
    dot.style.backgroundColor = r.colour;
    const count = document.createElement("b");
    count.className = "count";
    count.dataset.code = r.i;
    count.textContent = r.count.toLocaleString("en");
    item.append(dot, `${r.name} `, count);
    return item;
  });
  if (shown.length > most) {
    const rest = document.createElement("li");
    rest.textContent = `and ${shown.length - most} more`;
    items.push(rest);
  }
  document.getElementById("colour-key").replaceChildren(...items);
}

// What the traces of every figure hold at a frame: {figure: {trace name: {attribute: [a value for each trace]}}}.
function scenery(film, frame, colouring, shown) {
  const texts = film.hover(frame);
  const components = [0, 1, 2].map((axis) => film.part(film.position, frame, axis, film.markers));
  const standing = film.links && shown.links ? film.linksAt(frame) : [];
  const { lines, ways } = film.ways && shown.ways ? film.wayLines(frame) : { lines: [[], [], []], ways: 0 };
  const marking = (colour) => ({
    "marker.color": [colour],
    "marker.cmax": [film.colourings[colouring].colours.length],
    "marker.colorscale": [stepped(film.colourings[colouring].colours)],
  });
  const located = (places) => Object.fromEntries(places.map((p, axis) => [AXES[axis], [p]]));
  const figures = {
    globe: {
      satellites: { ...located(components), ...marking(film.markColours(colouring, frame)), hovertext: [film.offset ? [film.label] : texts] },
      ways: located(lines),
    },
  };
  if (film.links && !film.offset) figures.globe.links = located(film.linkLines(standing, components));
  for (const [name, up] of film.offset ? [["formation-plane", 0], ["formation-side", 2]] : []) {
    const across = [1, up].map((axis) => film.part(film.offset, frame, axis, film.count));
    const colour = Float32Array.from(film.codes(colouring, frame), (c) => c + 0.5);
    figures[name] = { satellites: { ...located(across), ...marking(colour), hovertext: [texts] } };
    if (film.links) figures[name].links = located(film.linkLines(standing, across));
  }
  return { figures, links: standing.length, ways };
}

// Fills the first frame into figures that are not drawn yet.
function primed(film, figures) {
  for (const [name, traces] of Object.entries(scenery(film, 0, 0, { links: true, ways: true }).figures)) {
    for (const trace of figures[name].data) {
      for (const [path, values] of Object.entries(traces[trace.name] || {})) {
        const [key, below] = path.split(".");
        if (below) trace[key][below] = values[0];
        else trace[key] = values[0];
      }
    }
  }
}

// One call for all traces of a figure: where a trace has no such attribute, undefined leaves it alone.
function restyled(name, traces) {
  const rows = place(name).data.map((trace) => traces[trace.name]);
  const which = rows.flatMap((row, i) => (row ? [i] : []));
  const seen = {};
  const attributes = {};
  for (const i of which) {
    const title = place(name).data[i].name;
    seen[title] = (seen[title] || 0) + 1;
    for (const [path, values] of Object.entries(rows[i])) {
      attributes[path] = attributes[path] || new Array(which.length).fill(undefined);
      attributes[path][which.indexOf(i)] = values[seen[title] - 1];
    }
  }
  return Plotly.restyle(place(name), attributes, which);
}

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

// The views of a film with their controls; one frame is drawn after the other.
class OrbitClock {
  constructor(film) {
    this.film = film;
    this.globe = place("globe");
    this.moving = this.globe.data.flatMap((trace, i) => (["night", "sun"].includes(trace.name) ? [i] : []));
    this.still = this.moving.map((i) => AXES.map((k) => Float32Array.from(this.globe._fullData[i][k])));
    this.control = Object.fromEntries(
      ["clock", "play", "moment", "follow", "show-links", "show-ways"].map((id) => [id, document.getElementById(id)]),
    );
    this.colouring = 0;
    this.wanted = null;
    this.busy = false;
    this.playing = false;
    this.listen();
    const { links, ways } = scenery(film, 0, 0, this.shown());
    this.write(0, links, ways);
    this.globe.dataset.frame = 0;
  }

  get now() {
    return this.control.clock ? Number(this.control.clock.value) : 0;
  }

  // What the boxes ask for; without a box there is nothing to draw.
  shown() {
    const checked = (name) => Boolean(this.control[`show-${name}`] && this.control[`show-${name}`].checked);
    return { links: checked("links"), ways: checked("ways") };
  }

  // Night and Sun at a frame, turned from where they are drawn at the first.
  heavens(frame) {
    const sun = this.film.sun;
    const m = rotation(sun.slice(0, 3), sun.slice(3 * frame, 3 * frame + 3));
    const turned = this.still.map(([x, y, z]) => m.map((row) => x.map((v, i) => row[0] * v + row[1] * y[i] + row[2] * z[i])));
    const named = { night: { x: [], y: [], z: [] }, sun: { x: [], y: [], z: [] } };
    this.moving.forEach((i, k) => AXES.forEach((axis, c) => named[this.globe.data[i].name][axis].push(turned[k][c])));
    return named;
  }

  write(frame, links, ways) {
    const when = new Date(this.film.unix_ms[frame]).toISOString();
    this.control.moment.textContent = `${when.slice(0, 10)} ${when.slice(11, 19)} UTC`;
    writeKey(this.film, this.colouring, frame);
    const shown = this.shown();
    for (const [name, count] of [["links", links], ["ways", ways]]) {
      const total = document.getElementById(`${name}-count`);
      if (total) total.textContent = shown[name] ? count.toLocaleString("en") : "";
    }
  }

  async show(frame) {
    const { figures, links, ways } = scenery(this.film, frame, this.colouring, this.shown());
    this.write(frame, links, ways);
    Object.assign(figures.globe, this.heavens(frame));
    for (const [name, traces] of Object.entries(figures)) await restyled(name, traces);
    if (this.control.follow && this.control.follow.checked) await this.look(frame);
    this.globe.dataset.frame = frame;
  }

  // Stands the camera where it sees what is followed; turning the globe by hand ends that.
  look(frame) {
    const [x, y, z] = this.film.eye[frame].map((v) => v * (narrow ? NARROW_ZOOM : 1));
    return Plotly.relayout(this.globe, { "scene.camera.eye": { x, y, z } });
  }

  // A request that comes while a frame is drawn replaces those before it.
  async request(frame = this.now) {
    this.wanted = frame;
    if (this.busy) return;
    this.busy = true;
    while (this.wanted !== null) {
      const next = this.wanted;
      this.wanted = null;
      delete this.globe.dataset.frame;
      await this.show(next);
    }
    this.busy = false;
  }

  async run() {
    while (this.playing) {
      this.control.clock.value = (this.now + 1) % this.film.frames;
      await Promise.all([this.request(), pause(300)]);
    }
  }

  listen() {
    const { clock, play, follow } = this.control;
    for (const name of ["links", "ways"]) {
      const box = this.control[`show-${name}`];
      if (!box) continue;
      box.addEventListener("change", () => {
        for (const item of document.querySelectorAll(`.for-${name}`)) item.hidden = !box.checked;
        this.request();
      });
    }
    for (const choice of document.querySelectorAll("input[name=colouring]")) {
      choice.addEventListener("change", () => {
        this.colouring = Number(choice.value);
        this.request();
      });
    }
    if (!clock) return;
    for (const touch of ["mousedown", "touchmove"]) this.globe.addEventListener(touch, () => { follow.checked = false; });
    follow.addEventListener("change", () => { if (follow.checked) this.request(); });
    clock.addEventListener("input", () => this.request());
    play.addEventListener("click", () => {
      this.playing = !this.playing;
      play.textContent = this.playing ? "Pause" : "Play";
      play.setAttribute("aria-pressed", String(this.playing));
      if (this.playing) this.run();
    });
  }
}
