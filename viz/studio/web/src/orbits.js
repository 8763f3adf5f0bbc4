// Mean orbits as orbit/mean_orbits.py fits them: slowly turning ellipses, here and in the graphics processor.
// Rows: semi-major axis, eccentricity vector, inclination, node and its rate, mean argument of latitude and its rate, rate of the apsis, gain of the argument.
export const [AXIS, E_COS, E_SIN, INCLINATION, NODE, NODE_RATE, ARGUMENT, ARGUMENT_RATE, APSIS_RATE, GAIN] = Array.from({ length: 10 }, (_, i) => i);
const REBASE_S = 6 * 3600; // single precision is enough for a phase over so long
const FULL = 2 * Math.PI;

export class Orbits {
  constructor(rows, count) {
    this.rows = rows;
    this.count = count;
    this.base = null;
  }

  value(row, i) {
    return this.rows[row * this.count + i];
  }

  // Position of a satellite at a time after the epoch [s], in kilometres.
  position(i, s, out) {
    const v = (row) => this.value(row, i), turn = v(APSIS_RATE) * s;
    const k = v(E_COS) * Math.cos(turn) - v(E_SIN) * Math.sin(turn), h = v(E_COS) * Math.sin(turn) + v(E_SIN) * Math.cos(turn);
    const mean = (v(ARGUMENT) + (v(ARGUMENT_RATE) + v(GAIN) * s) * s) % FULL;
    let f = mean + k * Math.sin(mean) - h * Math.cos(mean);
    for (let n = 0; n < 12; n++) {
      const step = (f + h * Math.cos(f) - k * Math.sin(f) - mean) / (1 - h * Math.sin(f) - k * Math.cos(f));
      f -= step;
      if (Math.abs(step) < 1e-10) break;
    }
    const beta = 1 / (1 + Math.sqrt(1 - h * h - k * k)), c = Math.cos(f), d = Math.sin(f), a = v(AXIS) / 1000;
    const x = a * ((1 - h * h * beta) * c + h * k * beta * d - k), y = a * ((1 - k * k * beta) * d + h * k * beta * c - h);
    const node = v(NODE) + v(NODE_RATE) * s, flat = y * Math.cos(v(INCLINATION));
    return out.set(x * Math.cos(node) - flat * Math.sin(node), x * Math.sin(node) + flat * Math.cos(node), y * Math.sin(v(INCLINATION)));
  }

  period(i) {
    return FULL / this.value(ARGUMENT_RATE, i);
  }

  // Values for the graphics processor, around a base time near `s`: filled anew only when that moves.
  attributes(s, shape, plane) {
    if (this.base !== null && Math.abs(s - this.base) < REBASE_S) return false;
    this.base = s;
    for (let i = 0; i < this.count; i++) {
      const v = (row) => this.value(row, i), turn = v(APSIS_RATE) * s, at = 4 * i;
      shape[at] = v(AXIS);
      shape[at + 1] = v(E_COS) * Math.cos(turn) - v(E_SIN) * Math.sin(turn);
      shape[at + 2] = v(E_COS) * Math.sin(turn) + v(E_SIN) * Math.cos(turn);
      shape[at + 3] = v(INCLINATION);
      plane[at] = (v(NODE) + v(NODE_RATE) * s) % FULL;
      plane[at + 1] = v(NODE_RATE);
      plane[at + 2] = (v(ARGUMENT) + (v(ARGUMENT_RATE) + v(GAIN) * s) * s) % FULL;
      plane[at + 3] = v(ARGUMENT_RATE) + 2 * v(GAIN) * s;
    }
    return true;
  }
}

// The same in the vertex shader, in units of the Earth's radius; `elapsed` is the time since the base [s].
export const ORBIT_GLSL = `
attribute vec4 shape; attribute vec4 plane; uniform float elapsed; uniform float radius;
vec3 place() {
  float k = shape.y, h = shape.z, mean = plane.z + plane.w * elapsed, f = mean + k * sin(mean) - h * cos(mean);
  for (int n = 0; n < 8; n++) f -= (f + h * cos(f) - k * sin(f) - mean) / (1.0 - h * sin(f) - k * cos(f));
  float beta = 1.0 / (1.0 + sqrt(1.0 - h * h - k * k)), c = cos(f), d = sin(f);
  float x = (1.0 - h * h * beta) * c + h * k * beta * d - k, y = (1.0 - k * k * beta) * d + h * k * beta * c - h;
  float node = plane.x + plane.y * elapsed, flatly = y * cos(shape.w);
  return shape.x / radius * vec3(x * cos(node) - flatly * sin(node), x * sin(node) + flatly * cos(node), y * sin(shape.w));
}`;
