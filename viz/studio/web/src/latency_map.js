// Latency over the Earth: a layer above the ground, coloured by the median round trip of a user, clear where no user is served.
import * as THREE from "three";

const SCALE = ["#12a594", "#8fd16a", "#f4dc4e", "#f0903c", "#c2316f"], RADIUS = 1.0008, FINE = 10; // pixels of a place, each way
const COLOURS = SCALE.map((hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)));
const FAINT = 0.3; // opacity where one is hardly ever served, of that where one always is
const TITLE = "Median end-to-end round trip of a user at each place, over the moments at which one is served; fainter where that is seldom";

export class LatencyMap {
  constructor(turning) {
    this.turning = turning;
  }

  load(run) {
    this.layer?.removeFromParent();
    this.layer?.material.map.dispose();
    this.layer = null;
    const { place_rtt_ms: values, place_coverage: coverage } = run.array;
    Object.assign(this, { values, coverage });
    if (!values) return;
    [this.rows, this.columns] = run.arrays.place_rtt_ms.shape;
    const known = Array.from(values).filter((v) => !Number.isNaN(v)).sort((a, b) => a - b);
    this.low = known[0];
    this.high = Math.max(known[Math.floor(0.99 * (known.length - 1))], this.low + 0.1);
  }

  // Show or hide it; the picture is made when it is first shown.
  visible(on) {
    if (on && !this.layer && this.values) this.draw();
    if (this.layer) this.layer.visible = on;
  }

  draw() {
    const map = new THREE.CanvasTexture(this.picture());
    Object.assign(map, { colorSpace: THREE.SRGBColorSpace, anisotropy: 4 });
    const ball = new THREE.SphereGeometry(RADIUS, 128, 64).rotateX(Math.PI / 2); // as the Earth: the zero meridian is +x
    this.layer = new THREE.Mesh(ball, new THREE.MeshBasicMaterial({ map, transparent: true, opacity: 0.68, depthWrite: false }));
    this.layer.renderOrder = -1; // below borders and links
    this.turning.add(this.layer);
  }

  picture() {
    const canvas = document.createElement("canvas"), w = (canvas.width = FINE * this.columns), h = (canvas.height = FINE * this.rows);
    const draw = canvas.getContext("2d"), pixels = draw.createImageData(w, h);
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        const found = this.between((h - 1 - y + 0.5) / FINE - 0.5, (x + 0.5) / FINE - 0.5), at = 4 * (y * w + x);
        if (!found) continue;
        this.colour(found.rtt_ms, pixels.data, at);
        pixels.data[at + 3] = 255 * (FAINT + (1 - FAINT) * found.coverage);
      }
    }
    draw.putImageData(pixels, 0, 0);
    return canvas;
  }

  // What holds at a row and a column in between: by the nearest places that are served; null where the nearest place is not.
  between(row, column) {
    if (Number.isNaN(this.value(Math.round(row), Math.round(column)))) return null;
    const r = Math.floor(row), c = Math.floor(column), dr = row - r, dc = column - c;
    let sum = 0, share = 0, weight = 0;
    for (const [i, j, part] of [[r, c, (1 - dr) * (1 - dc)], [r, c + 1, (1 - dr) * dc], [r + 1, c, dr * (1 - dc)], [r + 1, c + 1, dr * dc]]) {
      const value = this.value(i, j);
      if (!Number.isNaN(value)) (sum += part * value), (share += part * this.coverage[this.index(i, j)]), (weight += part);
    }
    return { rtt_ms: sum / weight, coverage: share / weight };
  }

  value(row, column) {
    return this.values[this.index(row, column)];
  }

  index(row, column) {
    return Math.min(Math.max(row, 0), this.rows - 1) * this.columns + ((column + this.columns) % this.columns);
  }

  colour(value, into, at) {
    const x = Math.min(1, Math.max(0, (value - this.low) / (this.high - this.low))) * (COLOURS.length - 1);
    const i = Math.min(COLOURS.length - 2, Math.floor(x)), t = x - i;
    for (let c = 0; c < 3; c++) into[at + c] = Math.round(COLOURS[i][c] + (COLOURS[i + 1][c] - COLOURS[i][c]) * t);
  }

  // What is known of a place [deg]; null without a map.
  place(latitude, longitude) {
    if (!this.values) return null;
    const i = this.index(Math.floor(((latitude + 90) / 180) * this.rows), Math.floor(((longitude + 180) / 360) * this.columns));
    return { latitude, longitude, rtt_ms: Number.isNaN(this.values[i]) ? null : this.values[i], coverage: this.coverage[i] };
  }

  key() {
    return this.values ? { title: TITLE, scale: SCALE, low: `round trip ${this.low.toFixed(1)}`, high: `${this.high.toFixed(1)} ms and more` } : null;
  }
}
