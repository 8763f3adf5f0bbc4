// Normals of array and radiator from the direction of the Sun, as sim/spacecraft/attitude.py has them; a test compares both.
// Components are along radial (away from the Earth), along-track and orbit normal.
const DIRECTIONS = { zenith: [1, 0, 0], nadir: [-1, 0, 0], ahead: [0, 1, 0], behind: [0, -1, 0], "orbit-normal": [0, 0, 1], "against-normal": [0, 0, -1] };
const DRIVES = { radial: [1, 0, 0], "along-track": [0, 1, 0], "orbit-normal": [0, 0, 1] };

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const sum = (a, x, b, y) => a.map((value, i) => value * x + b[i] * y);

export function normals(sun, { law, cant_rad: cant = 0, point = "nadir", drive = "orbit-normal" }) {
  const flat2 = sun[1] ** 2 + sun[2] ** 2, flat = 1 / Math.sqrt(Math.max(flat2, 1e-20));
  const side = flat2 < 1e-20 ? [0, 0, 1] : [0, -sun[2] * flat, sun[1] * flat]; // Sun x nadir
  if (law === "sun-pointing" || law === "radiator-edge-on") {
    const turn = law === "sun-pointing" ? cant : 0;
    return { array: sun, radiator: sum(side, Math.cos(turn), sun, Math.sin(turn)) };
  }
  if (law === "slewing") {
    const axis = DRIVES[drive], held = DIRECTIONS[point], along = dot(sun, axis), left2 = 1 - along * along;
    const array = left2 < 1e-20 ? held.map((x) => -x) : sum(sun, 1 / Math.sqrt(left2), axis, -along / Math.sqrt(left2));
    return { array, radiator: sum(axis, Math.cos(cant), held, Math.sin(cant)) };
  }
  const array = law === "nadir" ? [1, 0, 0] : [0, 0, sun[2] >= 0 ? 1 : -1];
  return { array, radiator: sum(law === "nadir" ? [0, 0, 1] : [0, 1, 0], Math.cos(cant), array, Math.sin(cant)) };
}
