// Animation of the globe and the formation views: positions, colours, links, routes, night side.
const AXES = ["x", "y", "z"];

// An array of the page, or null.
function decoded(buffer, entry, kind) {
  return entry === null ? null : new kind(buffer, entry.begin, entry.size / kind.BYTES_PER_ELEMENT);
}

// Values [frame][object] of a series that was written as what is left of a prediction (viz/buffers.py).
function decodedSeries(buffer, entry, frames) {
  const bytes = new Uint8Array(buffer, entry.begin, entry.size);
  const half = entry.size / 2;
  const count = half / frames;
  const factor = entry.factor ? decoded(buffer, entry.factor, Float32Array) : null;
  const values = new Int16Array(half);
  for (let k = 0; k < count; k += 1) {
    let before = 0;
    let last = 0;
    for (let frame = 0; frame < frames; frame += 1) {
      const at = k * frames + frame;
      const folded = bytes[at] | (bytes[half + at] << 8);
      const rest = folded & 1 ? -((folded + 1) >> 1) : folded >> 1;
      const predicted = factor && frame > 1 ? Math.floor(factor[k] * last - before + 0.5) : last;
      before = last;
      last = ((predicted + rest) << 16) >> 16;
      values[frame * count + k] = last;
    }
  }
  return values;
}

// Positions [frame][axis][object] of objects that circle; NaN where they are missing.
function decodedPositions(buffer, entry, frames, scale) {
  const position = Float32Array.from(decodedSeries(buffer, entry.series, frames), (v) => v * entry.unit * scale);
  const missing = decoded(buffer, entry.missing, Uint8Array);
  const count = position.length / frames / 3;
  if (missing) {
    missing.forEach((absent, i) => {
      const frame = Math.floor(i / count);
      if (absent) for (let axis = 0; axis < 3; axis += 1) position[(3 * frame + axis) * count + (i % count)] = NaN;
    });
  }
  return position;
}

// Turns positions about the pole, in place, by the angle of each frame.
function turned(position, angles) {
  const count = position.length / angles.length / 3;
  angles.forEach((angle, frame) => {
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    for (let i = 3 * frame * count; i < (3 * frame + 1) * count; i += 1) {
      const [x, y] = [position[i], position[i + count]];
      position[i] = cos * x + sin * y;
      position[i + count] = cos * y - sin * x;
    }
  });
  return position;
}

// A colour scale of equal steps; code i is drawn at i + 0.5.
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

// Decoded arrays of all frames, and what a view shows at one frame.
class FrameData {
  constructor(animation, buffer) {
    Object.assign(this, animation);
    this.frames = animation.unix_ms.length;
    this.count = animation.satellite.length;
    this.position = turned(decodedPositions(buffer, animation.position, this.frames, 1), animation.turn_rad);
    this.state = Uint8Array.from(decodedSeries(buffer, animation.state, this.frames));
    this.sun = decoded(buffer, animation.sun, Float32Array);
    this.offset = animation.offset && decodedPositions(buffer, animation.offset, this.frames, 0.1);
    this.code = animation.colourings.map((c) => decoded(buffer, c.code, Uint16Array));
    this.details = animation.details.map((d) => ({ ...d, values: decodedSeries(buffer, d.series, this.frames) }));
    if (animation.links) {
      this.ends = decoded(buffer, animation.links.ends, Uint16Array);
      this.linkFrames = decoded(buffer, animation.links.frames, Uint16Array);
    }
    if (animation.routes) {
      const { routes } = animation;
      this.routeData = {
        station: decoded(buffer, routes.station, Int16Array),
        frames: decoded(buffer, routes.frames, Uint16Array),
        firstHop: decoded(buffer, routes.first_hop, Uint32Array),
        satellite: decoded(buffer, routes.satellite, Uint16Array),
        stationPosition: decoded(buffer, routes.station_position, Float32Array),
      };
    }
  }

  component(buffer, frame, axis, n) {
    return buffer.slice((frame * 3 + axis) * n, (frame * 3 + axis + 1) * n);
  }

  // The code of each satellite: an index into the names of the colouring.
  codes(colouring, frame) {
    return this.code[colouring] || this.state.subarray(frame * this.count, (frame + 1) * this.count);
  }

  countByCode(colouring, frame) {
    const counts = new Array(this.colourings[colouring].names.length).fill(0);
    for (const c of this.codes(colouring, frame)) counts[c] += 1;
    return counts;
  }

  // The colours of the markers on the globe: of each satellite, or the most common one for a formation.
  markerColours(colouring, frame) {
    if (this.markers === this.count) return Float32Array.from(this.codes(colouring, frame), (c) => c + 0.5);
    const counts = this.countByCode(colouring, frame);
    return Float32Array.of(counts.indexOf(Math.max(...counts)) + 0.5);
  }

  hover(frame) {
    const codes = this.colourings.map((_, k) => this.codes(k, frame));
    return Array.from({ length: this.count }, (_, i) => {
      const index = frame * this.count + i;
      const names = this.colourings.map((c, k) => c.names[codes[k][i]]);
      const lines = this.details.filter((d) => d.values[index] !== this.missing).map((d) => `${d.title} ${d.values[index]} ${d.unit}`);
      return [this.satellite_label[i], ...names, ...lines].join("<br>");
    });
  }

  // Indices of the links that exist at a frame.
  linksAt(frame) {
    const n = this.links.count;
    return Array.from({ length: n }, (_, i) => i).filter((i) => this.linkFrames[i] <= frame && frame < this.linkFrames[n + i]);
  }

  // Links as line segments, separated by NaN, between the position components [axis][satellite].
  linkLines(active, components) {
    const n = this.links.count;
    return components.map((position) => {
      const line = new Float32Array(3 * active.length).fill(NaN);
      active.forEach((i, k) => {
        line[3 * k] = position[this.ends[i]];
        line[3 * k + 1] = position[this.ends[n + i]];
      });
      return line;
    });
  }

  // Routes at a frame as line segments from station over satellites (a formation is one point on the globe), and their count.
  routeLines(frame) {
    const data = this.routeData;
    const n = this.routes.count;
    const stations = data.stationPosition.length / 3;
    const lines = [[], [], []];
    let routes = 0;
    for (let i = 0; i < n; i += 1) {
      if (!(data.frames[i] <= frame && frame < data.frames[n + i])) continue;
      routes += 1;
      const hops = data.satellite.subarray(data.firstHop[i], data.firstHop[i + 1]);
      lines.forEach((line, axis) => {
        const position = this.component(this.position, frame, axis, this.markers);
        line.push(data.stationPosition[axis * stations + data.station[i]]);
        for (const hop of hops) line.push(position[this.markers === this.count ? hop : 0]);
        if (data.station[n + i] >= 0) line.push(data.stationPosition[axis * stations + data.station[n + i]]);
        line.push(NaN);
      });
    }
    return { lines, routes };
  }
}

// The colour legend with the number of satellites of each colour; at most `most` entries are named.
function writeLegend(frameData, colouring, frame) {
  const { names, colours } = frameData.colourings[colouring];
  const counts = frameData.countByCode(colouring, frame);
  const most = 12;
  const rows = names.map((name, i) => ({ name, colour: colours[i], count: counts[i], i }));
  const shown = frameData.colourings[colouring].name === "state" ? rows.reverse() : rows.filter((r) => r.count);
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

// The trace attributes of every figure at a frame: {figure: {trace name: {attribute: [a value for each trace]}}}.
function traceUpdates(frameData, frame, colouring, shown) {
  const texts = frameData.hover(frame);
  const components = [0, 1, 2].map((axis) => frameData.component(frameData.position, frame, axis, frameData.markers));
  const active = frameData.links && shown.links ? frameData.linksAt(frame) : [];
  const { lines, routes } = frameData.routes && shown.routes ? frameData.routeLines(frame) : { lines: [[], [], []], routes: 0 };
  const markerStyle = (colour) => ({
    "marker.color": [colour],
    "marker.cmax": [frameData.colourings[colouring].colours.length],
    "marker.colorscale": [stepped(frameData.colourings[colouring].colours)],
  });
  const coordinates = (parts) => Object.fromEntries(parts.map((values, axis) => [AXES[axis], [values]]));
  const figures = {
    globe: {
      satellites: { ...coordinates(components), ...markerStyle(frameData.markerColours(colouring, frame)), hovertext: [frameData.offset ? [frameData.label] : texts] },
      routes: coordinates(lines),
    },
  };
  if (frameData.links && !frameData.offset) figures.globe.links = coordinates(frameData.linkLines(active, components));
  for (const [name, up] of frameData.offset ? [["formation-plane", 0], ["formation-side", 2]] : []) {
    const across = [1, up].map((axis) => frameData.component(frameData.offset, frame, axis, frameData.count));
    const colour = Float32Array.from(frameData.codes(colouring, frame), (c) => c + 0.5);
    figures[name] = { satellites: { ...coordinates(across), ...markerStyle(colour), hovertext: [texts] } };
    if (frameData.links) figures[name].links = coordinates(frameData.linkLines(active, across));
  }
  return { figures, links: active.length, routes };
}

// Writes the first frame into figures that are not drawn yet.
function setFirstFrame(frameData, figures) {
  for (const [name, traces] of Object.entries(traceUpdates(frameData, 0, 0, { links: true, routes: true }).figures)) {
    for (const trace of figures[name].data) {
      for (const [path, values] of Object.entries(traces[trace.name] || {})) {
        const [key, below] = path.split(".");
        if (below) trace[key][below] = values[0];
        else trace[key] = values[0];
      }
    }
  }
}

// One restyle call for all traces of a figure; undefined leaves an attribute of a trace unchanged.
function restyle(name, traces) {
  const rows = figureElement(name).data.map((trace) => traces[trace.name]);
  const which = rows.flatMap((row, i) => (row ? [i] : []));
  const seen = {};
  const attributes = {};
  for (const i of which) {
    const title = figureElement(name).data[i].name;
    seen[title] = (seen[title] || 0) + 1;
    for (const [path, values] of Object.entries(rows[i])) {
      attributes[path] = attributes[path] || new Array(which.length).fill(undefined);
      attributes[path][which.indexOf(i)] = values[seen[title] - 1];
    }
  }
  return Plotly.restyle(figureElement(name), attributes, which);
}

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

// The animated views and their controls; frames are drawn one at a time.
class AnimationControls {
  constructor(frameData) {
    this.frameData = frameData;
    this.globe = figureElement("globe");
    this.rotating = this.globe.data.flatMap((trace, i) => (["night", "sun"].includes(trace.name) ? [i] : []));
    this.initial = this.rotating.map((i) => AXES.map((k) => Float32Array.from(this.globe._fullData[i][k])));
    this.control = Object.fromEntries(
      ["clock", "play", "next-event", "frame-time", "follow", "show-links", "show-routes"].map((id) => [id, document.getElementById(id)]),
    );
    this.colouring = 0;
    this.pending = null;
    this.busy = false;
    this.playing = false;
    this.listen();
    const { links, routes } = traceUpdates(frameData, 0, 0, this.shown());
    this.writeLabels(0, links, routes);
    this.globe.dataset.frame = 0;
  }

  get now() {
    return this.control.clock ? Number(this.control.clock.value) : 0;
  }

  // Which layers are switched on; a layer without a checkbox is off.
  shown() {
    const checked = (name) => Boolean(this.control[`show-${name}`] && this.control[`show-${name}`].checked);
    return { links: checked("links"), routes: checked("routes") };
  }

  // Night side and Sun at a frame, rotated from their position at the first frame.
  nightAndSun(frame) {
    const sun = this.frameData.sun;
    const m = rotation(sun.slice(0, 3), sun.slice(3 * frame, 3 * frame + 3));
    const turned = this.initial.map(([x, y, z]) => m.map((row) => x.map((v, i) => row[0] * v + row[1] * y[i] + row[2] * z[i])));
    const named = { night: { x: [], y: [], z: [] }, sun: { x: [], y: [], z: [] } };
    this.rotating.forEach((i, k) => AXES.forEach((axis, c) => named[this.globe.data[i].name][axis].push(turned[k][c])));
    return named;
  }

  writeLabels(frame, links, routes) {
    const when = new Date(this.frameData.unix_ms[frame]).toISOString();
    this.control["frame-time"].textContent = `${when.slice(0, 10)} ${when.slice(11, 19)} UTC`;
    writeLegend(this.frameData, this.colouring, frame);
    const shown = this.shown();
    for (const [name, count] of [["links", links], ["routes", routes]]) {
      const total = document.getElementById(`${name}-count`);
      if (total) total.textContent = shown[name] ? count.toLocaleString("en") : "";
    }
  }

  async show(frame) {
    const { figures, links, routes } = traceUpdates(this.frameData, frame, this.colouring, this.shown());
    this.writeLabels(frame, links, routes);
    Object.assign(figures.globe, this.nightAndSun(frame));
    for (const [name, traces] of Object.entries(figures)) await restyle(name, traces);
    if (this.control.follow && this.control.follow.checked) await this.moveCamera(frame);
    this.globe.dataset.frame = frame;
  }

  // Moves the camera to keep the followed object in view, until it is turned by hand.
  moveCamera(frame) {
    const [x, y, z] = this.frameData.camera_eye[frame].map((v) => v * (narrow ? NARROW_ZOOM : 1));
    return Plotly.relayout(this.globe, { "scene.camera.eye": { x, y, z } });
  }

  // A request made while a frame is being drawn replaces earlier pending requests.
  async request(frame = this.now) {
    this.pending = frame;
    if (this.busy) return;
    this.busy = true;
    while (this.pending !== null) {
      const next = this.pending;
      this.pending = null;
      delete this.globe.dataset.frame;
      await this.show(next);
    }
    this.busy = false;
  }

  // Plays about two minutes of the run at a time, 150 ms apart; frames that lie further apart are shown for longer.
  async run() {
    const { unix_ms: times, frames } = this.frameData;
    const spacing = (times[frames - 1] - times[0]) / (frames - 1);
    const stride = Math.max(1, Math.round(120000 / spacing));
    const shown = Math.min(300, Math.max(60, 150 * (stride * spacing) / 120000));
    while (this.playing) {
      this.control.clock.value = this.now === frames - 1 ? 0 : Math.min(frames - 1, this.now + stride);
      await Promise.all([this.request(), pause(shown)]);
    }
  }

  // Moves the clock to the next frame with an event, after the last one to the first.
  nextEvent() {
    const { events } = this.frameData;
    this.control.clock.value = events.find((frame) => frame > this.now) ?? events[0];
    this.request();
  }

  listen() {
    const { clock, play, follow } = this.control;
    for (const name of ["links", "routes"]) {
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
    follow.addEventListener("change", () => { if (follow.checked) this.request(); });
    clock.addEventListener("input", () => this.request());
    if (this.control["next-event"]) this.control["next-event"].addEventListener("click", () => this.nextEvent());
    play.addEventListener("click", () => {
      this.playing = !this.playing;
      play.textContent = this.playing ? "Pause" : "Play";
      play.setAttribute("aria-pressed", String(this.playing));
      if (this.playing) this.run();
    });
  }
}
