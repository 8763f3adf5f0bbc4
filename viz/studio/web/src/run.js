import { Orbits } from "./orbits.js";

// The data of a run: header and arrays of /api/scene, as viz/studio/scene_data.py writes them.
const TYPES = { float32: Float32Array, float64: Float64Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, uint32: Uint32Array };

export class Run {
  constructor(buffer) {
    const length = new DataView(buffer).getUint32(0, true);
    Object.assign(this, JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))));
    const start = 4 + length;
    this.array = {};
    for (const [name, { type, shape, begin }] of Object.entries(this.arrays)) {
      const count = shape.reduce((a, b) => a * b, 1);
      this.array[name] = new TYPES[type](buffer, start + begin, count);
    }
    this.frames = this.unix_ms.length;
    this.recorded = this.number.length; // satellites with states
    if (this.array.orbit) this.add();
    this.satellites = this.number.length;
    this.first = this.unix_ms[0];
    this.last = this.unix_ms[this.frames - 1];
  }

  // More satellites than were recorded, on mean orbits.
  add() {
    const { shown_number: numbers, recorded } = this.array, labels = this.label;
    this.place = new Int32Array(numbers.length).fill(-1); // where the states of each are
    recorded.forEach((shown, i) => (this.place[shown] = i));
    this.label = Array.from(numbers, (n, i) => (this.place[i] < 0 ? `Satellite ${n}` : labels[this.place[i]]));
    this.number = Array.from(numbers);
    this.orbits = new Orbits(this.array.orbit, numbers.length);
  }

  // Index of a value of a satellite in a frame, -1 where it was not recorded.
  index(frame, satellite) {
    const at = this.place ? this.place[satellite] : satellite;
    return at < 0 ? -1 : frame * this.recorded + at;
  }

  // Frame before a time, how far the time is on the way to the next, and the time after the epoch [s].
  at(ms) {
    const frames = this.unix_ms, s = (ms - this.epoch_ms) / 1000;
    let low = 0, high = this.frames - 1;
    if (high === 0 || ms <= frames[0]) return { frame: 0, share: 0, s };
    if (ms >= frames[high]) return { frame: high - 1, share: 1, s };
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (frames[middle] <= ms) low = middle;
      else high = middle;
    }
    return { frame: low, share: (ms - frames[low]) / (frames[low + 1] - frames[low]), s };
  }

  // Frame whose values are shown at a time: states are those of the step that ends there.
  nearest(ms) {
    const { frame, share } = this.at(ms);
    return Math.min(this.frames - 1, frame + (share > 0.5 ? 1 : 0));
  }

  // Position of a satellite [km]: on its mean orbit, or on the great circle between two frames.
  position(satellite, { frame, share, s }, out) {
    if (this.orbits) return this.orbits.position(satellite, s, out);
    const p = this.array.position_km, n = this.satellites;
    const a = 3 * (frame * n + satellite), b = frame + 1 < this.frames ? a + 3 * n : a;
    return between(p[a], p[a + 1], p[a + 2], p[b], p[b + 1], p[b + 2], share, out);
  }

  // Two points that follow each other on the way of a satellite [km].
  arc(satellite, when, point) {
    if (this.orbits) return [0, 60].map((s) => this.position(satellite, { s: when.s + s }, point()));
    const frame = Math.min(when.frame, Math.max(0, this.frames - 2));
    return [0, 1].map((share) => this.position(satellite, { frame, share }, point()));
  }

  // Points of a revolution of a satellite [km], by a function that makes a point.
  path(satellite, ms, point) {
    if (this.orbits) {
      const s = this.at(ms).s, period = this.orbits.period(satellite);
      return Array.from({ length: 181 }, (_, i) => this.position(satellite, { s: s + (period * i) / 180 }, point()));
    }
    const last = Math.min(this.frames - 1, this.revolution(satellite, point())), points = [];
    for (let frame = 0; frame < last; frame++) for (let i = 0; i < 4; i++) points.push(this.position(satellite, { frame, share: i / 4 }, point()));
    return points;
  }

  // Frames of one revolution, from the angle that is flown between frames.
  revolution(satellite, spot) {
    const before = spot.clone();
    let angle = 0;
    for (let frame = 0; frame + 1 < this.frames; frame++) {
      angle += this.position(satellite, { frame, share: 0 }, before).angleTo(this.position(satellite, { frame, share: 1 }, spot));
      if (angle >= 2 * Math.PI) return frame + 1;
    }
    return this.frames - 1;
  }

  // Positions of all satellites at a time [km], computed once for a time.
  all(ms, spot) {
    if (this.allAt === ms) return this.allKm;
    this.allKm ??= new Float32Array(3 * this.satellites);
    const when = this.at(ms);
    for (let i = 0; i < this.satellites; i++) this.position(i, when, spot).toArray(this.allKm, 3 * i);
    this.allAt = ms;
    return this.allKm;
  }
}

// Point between two points, on the circle around the origin that joins them.
export function between(ax, ay, az, bx, by, bz, share, out) {
  const ra = Math.hypot(ax, ay, az), rb = Math.hypot(bx, by, bz);
  const dot = Math.min(1, Math.max(-1, (ax * bx + ay * by + az * bz) / (ra * rb)));
  const angle = Math.acos(dot), sine = Math.sin(angle), radius = ra + (rb - ra) * share;
  const wa = sine < 1e-6 ? 1 - share : Math.sin((1 - share) * angle) / sine;
  const wb = sine < 1e-6 ? share : Math.sin(share * angle) / sine;
  const x = (wa * ax) / ra + (wb * bx) / rb, y = (wa * ay) / ra + (wb * by) / rb, z = (wa * az) / ra + (wb * bz) / rb;
  const scale = radius / Math.hypot(x, y, z);
  return out.set(x * scale, y * scale, z * scale);
}
