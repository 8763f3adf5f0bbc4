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
    this.satellites = this.number.length;
    this.first = this.unix_ms[0];
    this.last = this.unix_ms[this.frames - 1];
  }

  // Frame before a time, and how far the time is on the way to the next.
  at(ms) {
    const frames = this.unix_ms;
    let low = 0, high = this.frames - 1;
    if (high === 0 || ms <= frames[0]) return { frame: 0, share: 0 };
    if (ms >= frames[high]) return { frame: high - 1, share: 1 };
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (frames[middle] <= ms) low = middle;
      else high = middle;
    }
    return { frame: low, share: (ms - frames[low]) / (frames[low + 1] - frames[low]) };
  }

  // Frame whose values are shown at a time: states are those of the step that ends there.
  nearest(ms) {
    const { frame, share } = this.at(ms);
    return Math.min(this.frames - 1, frame + (share > 0.5 ? 1 : 0));
  }

  // Position of a satellite on the great circle between two frames [km].
  position(satellite, { frame, share }, out) {
    const p = this.array.position_km, n = this.satellites;
    const a = 3 * (frame * n + satellite), b = frame + 1 < this.frames ? a + 3 * n : a;
    return between(p[a], p[a + 1], p[a + 2], p[b], p[b + 1], p[b + 2], share, out);
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
