// One satellite at a time: its cut-away, its temperatures over time, its track over the map of radiation.
const MINUTE_MS = 60000;
const ARC_RAD = Math.PI / 90; // longest straight piece of a ground track
const SPARSE_MS = 10 * MINUTE_MS; // moments farther apart do not tell the way between them
const INK = "#10233d";

// Latitude and longitude in degrees to a unit vector, and back.
function toVector([latitude, longitude]) {
  const [lat, lon] = [latitude * Math.PI / 180, longitude * Math.PI / 180];
  return [Math.cos(lat) * Math.cos(lon), Math.cos(lat) * Math.sin(lon), Math.sin(lat)];
}
function toPlace([x, y, z]) {
  return [Math.atan2(z, Math.hypot(x, y)) * 180 / Math.PI, Math.atan2(y, x) * 180 / Math.PI];
}

// Numbers of all satellites of the page.
class SatelliteData {
  constructor(data, buffer) {
    Object.assign(this, data);
    this.count = data.label.length;
    this.temperatures = decodedSeries(buffer, data.temperature_series, data.frames);
    this.lit = decodedSeries(buffer, data.lit_series, data.frames);
    this.places = decodedSeries(buffer, data.place_series, data.frames);
  }

  time(frame) {
    return this.first_ms + frame * this.spacing_ms;
  }

  degrees(frame, part, k) {
    return this.temperatures[(frame * this.parts.length + part) * this.count + k] / this.counts_per_degree;
  }

  series(part, k) {
    return Float32Array.from({ length: this.frames }, (_, frame) => this.degrees(frame, part, k));
  }

  // 1 in the steps in which more than half of the sunlight is missing.
  eclipsed(k) {
    return Uint8Array.from({ length: this.frames }, (_, frame) => (this.lit[frame * this.count + k] < 500 ? 1 : 0));
  }

  place(frame, k) {
    return [0, 1].map((axis) => this.places[(2 * frame + axis) * this.count + k] / this.counts_per_degree);
  }

  // Temperatures of all parts: at a frame, or the hottest, mean or coldest over the run.
  shown(way, frame, k) {
    return this.parts.map((_, part) => (way === "now" ? this.degrees(frame, part, k) : this.over_run[way][k][part]));
  }

  // The ground track over some frames, in pieces short enough to be drawn as straight lines, cut at 180 degrees.
  track(from, until, k) {
    const [latitude, longitude] = [[], []];
    if (this.spacing_ms > SPARSE_MS) return { x: [], y: [] };
    let before = null;
    const add = ([lat, lon]) => {
      if (before !== null && Math.abs(lon - before.lon) > 180) {
        const edge = Math.sign(before.lon) * 180;
        const share = (edge - before.lon) / (lon + 2 * edge - before.lon);
        const between = before.lat + share * (lat - before.lat);
        latitude.push(between, NaN, between);
        longitude.push(edge, NaN, -edge);
      }
      latitude.push(lat);
      longitude.push(lon);
      before = { lat, lon };
    };
    for (let frame = from; frame < until; frame += 1) {
      const [a, b] = [toVector(this.place(frame, k)), toVector(this.place(frame + 1, k))];
      const angle = Math.acos(Math.min(1, a[0] * b[0] + a[1] * b[1] + a[2] * b[2]));
      const pieces = Math.max(1, Math.ceil(angle / ARC_RAD));
      for (let n = 0; n < pieces; n += 1) {
        const share = n / pieces;
        const [s, t] = angle > 1e-9 ? [Math.sin((1 - share) * angle), Math.sin(share * angle)] : [1, 0];
        add(toPlace(a.map((v, i) => s * v + t * b[i])));
      }
    }
    add(this.place(until, k));
    return { x: longitude, y: latitude };
  }
}

// The colour between the two nearest of a scale [[temperature, colour]], and the text colour that is legible on it.
function colourOf(temperature, scale) {
  let n = scale.findIndex(([at]) => at > temperature) - 1;
  if (n === -2) n = scale.length - 2;
  n = Math.max(0, Math.min(scale.length - 2, n));
  const [[low, a], [high, b]] = [scale[n], scale[n + 1]];
  const share = Math.max(0, Math.min(1, (temperature - low) / (high - low)));
  const parts = [1, 3, 5].map((i) => {
    const [u, v] = [a, b].map((colour) => parseInt(colour.slice(i, i + 2), 16));
    return Math.floor(u + share * (v - u) + 0.5);
  });
  const light = 0.299 * parts[0] + 0.587 * parts[1] + 0.114 * parts[2];
  return { colour: `#${parts.map((v) => v.toString(16).padStart(2, "0")).join("")}`, ink: light < 140 ? "#ffffff" : INK };
}

const celsius = (value) => `${value.toFixed(1)}\u00a0\u00b0C`.replace("-", "\u2212");

// Writes the values of the first satellite into figures that are not drawn yet.
function setFirstSatellite(data, figures) {
  if (!figures.radiation) return;
  const track = data.track(0, data.frames - 1, 0);
  const [latitude, longitude] = data.place(data.moment, 0);
  for (const trace of figures.radiation.data) {
    if (trace.name === "track") Object.assign(trace, track);
    if (trace.name === "place") Object.assign(trace, { x: [longitude], y: [latitude] });
  }
}

class SatelliteControls {
  constructor(data, figures) {
    this.data = data;
    this.control = Object.fromEntries(["satellite", "moment", "moment-time", "satellite-dose"].map((id) => [id, document.getElementById(id)]));
    this.way = "now";
    this.quantity = "dose";
    this.limits = figures.nodes.layout.meta.limits;
    this.pending = false;
    this.listen();
    this.draw();
  }

  get k() {
    return Number(this.control.satellite.value);
  }

  get frame() {
    return this.control.moment ? Number(this.control.moment.value) : this.data.moment;
  }

  // Colours and numbers of the drawing.
  draw() {
    const { data, k, frame } = this;
    const values = Object.fromEntries(data.shown(this.way, frame, k).map((value, part) => [data.parts[part], value]));
    for (const drawing of document.querySelectorAll(".drawing")) drawing.hidden = Number(drawing.dataset.kind) !== data.kind[k];
    const drawing = document.querySelector(".drawing:not([hidden])");
    for (const element of drawing.querySelectorAll("[data-part]")) {
      const { colour } = colourOf(values[element.dataset.part], data.colours);
      element.setAttribute("stroke" in element.dataset ? "stroke" : "fill", colour);
    }
    for (const element of drawing.querySelectorAll("[data-number]")) {
      const value = values[element.dataset.number];
      element.textContent = celsius(value);
      if ("on" in element.dataset) element.setAttribute("fill", colourOf(value, data.colours).ink);
    }
    const lit = data.lit[frame * data.count + k];
    const light = lit >= 995 ? "in sunlight" : lit <= 5 ? "in eclipse" : "in penumbra";
    drawing.querySelector("[data-light]").textContent = this.way === "now" ? light : `${this.way} over the run`;
    const when = new Date(data.time(frame)).toISOString();
    this.control["moment-time"].textContent = `${when.slice(0, 10)} ${when.slice(11, 19)} UTC`;
    drawing.dataset.moment = `${k} ${frame} ${this.way}`;
  }

  // The cursor of the temperatures and the place on the map, drawn at most once for each picture of the screen.
  async drawCharts() {
    if (this.pending) return;
    this.pending = true;
    await new Promise((resolve) => { requestAnimationFrame(resolve); });
    this.pending = false;
    const { data, k, frame } = this;
    const nodes = figureElement("nodes");
    const kind = this.limits[data.kind[k]];
    const cursor = {
      type: "line", xref: "x", x0: data.time(frame), x1: data.time(frame), yref: "paper", y0: 0, y1: 1, line: { color: INK, width: 1.5 },
    };
    await Plotly.relayout(nodes, { shapes: [...kind.shapes, cursor], annotations: kind.annotations });
    if (document.getElementById("figure-radiation")) {
      const first = Math.max(0, frame - Math.round(data.revolution_ms / Math.max(1, data.spacing_ms)));
      const [latitude, longitude] = data.place(frame, k);
      const { x, y } = data.track(first, frame, k);
      await restyle("radiation", { tail: { x: [x], y: [y] }, place: { x: [[longitude]], y: [[latitude]] } });
    }
    nodes.dataset.moment = `${k} ${frame}`;
  }

  // Curves and track of another satellite.
  async change() {
    const { data, k } = this;
    const rows = Object.fromEntries(data.parts.map((part, n) => [part, { y: [data.series(n, k)] }]));
    const shaded = data.eclipsed(k);
    await restyle("nodes", { ...rows, eclipse: { y: [shaded, shaded] } });
    for (const table of document.querySelectorAll("div[data-satellite]")) table.hidden = Number(table.dataset.satellite) !== k;
    if (this.control["satellite-dose"] && data.dose.length) this.control["satellite-dose"].textContent = data.dose[k];
    if (document.getElementById("figure-radiation")) {
      const { x, y } = data.track(0, data.frames - 1, k);
      await restyle("radiation", { track: { x: [x], y: [y] }, ...this.visible() });
      const names = figureElement("radiation").layout.annotations || [];
      const annotations = names.map((one) => ({ ...one, visible: one.name === `anomaly-${data.kind[k]}` }));
      await Plotly.relayout(figureElement("radiation"), { annotations });
    }
    this.draw();
    await this.drawCharts();
  }

  // Which map is visible: of the chosen satellite's type, dose rate or protons.
  visible() {
    const kind = this.data.kind[this.k];
    return Object.fromEntries(figureElement("radiation").data.flatMap(({ name }) => {
      if (/^(dose|flux)-\d+$/.test(name)) return [[name, { visible: [name === `${this.quantity}-${kind}`] }]];
      return /^anomaly-\d+$/.test(name) ? [[name, { visible: [name === `anomaly-${kind}`] }]] : [];
    }));
  }

  moved() {
    this.draw();
    this.drawCharts();
  }

  listen() {
    const { satellite, moment } = this.control;
    satellite.addEventListener("change", () => this.change());
    if (moment) moment.addEventListener("input", () => this.moved());
    for (const choice of document.querySelectorAll("input[name=way]")) {
      choice.addEventListener("change", () => {
        this.way = choice.value;
        this.draw();
      });
    }
    for (const choice of document.querySelectorAll("input[name=quantity]")) {
      choice.addEventListener("change", () => {
        this.quantity = choice.value;
        restyle("radiation", this.visible());
      });
    }
    figureElement("nodes").on("plotly_click", ({ points }) => {
      if (!moment || !points.length) return;
      moment.value = points[0].pointIndex ?? points[0].pointNumber;
      this.moved();
    });
  }
}
