// Stations, links between satellites and routes to the ground.
import * as THREE from "three";
import { EARTH_KM, onSphere } from "./earth.js";
import { LatencyMap } from "./latency_map.js";

const LINK = 0x7fb2ff, COVERAGE = 0xffe08a;
// stations by role, as sim.schema has them; routes have the colour of where they begin
const ROLES = [
  { name: "users", colour: "#ffffff", route: "#ff8a5c", shape: [[16, 3], [29, 16], [16, 29], [3, 16]], px: 7, sign: "◆" },
  { name: "gateways", colour: "#8dff9a", route: "#8dff9a", shape: [[16, 3], [30, 28], [2, 28]], px: 9, sign: "▲" },
  { name: "points of presence", colour: "#d9b8ff", route: "#d9b8ff", shape: [[5, 5], [27, 5], [27, 27], [5, 27]], px: 7, sign: "■" },
];
const POP = 2;
// links by what workloads take of them or, where that is not known, by the number of routes over them: none, one, two, up to four, more
const LOADS = ["#4f7fbf", "#8fd0a5", "#d9d24b", "#f0903c", "#e34a4a"].map((hex) => new THREE.Color(hex));
const FAINT = ["#4f7fbf", "#4f9fd8", "#6fc3ee", "#a6e3fb", "#ffffff"].map((hex) => new THREE.Color(hex)); // where all links are nearly idle: no warning
const NEARLY_IDLE = 0.1; // utilisation of the busiest link
const load = (routes) => (routes < 3 ? routes : routes < 5 ? 3 : 4);
const DENSE = [0.1, 0.3, 0.5, 0.8, 0.95], SPARSE = [0.42, 0.5, 0.6, 0.8, 0.95]; // opacity: a dense net of idle links hides what is below
const ROUTES = ["no route", "1 route", "2 routes", "3 or 4", "5 or more"];

function highest(run) {
  if (run.highestUsed === undefined) {
    run.highestUsed = 0;
    for (const used of run.array.link_used) if (used > run.highestUsed) run.highestUsed = used;
  }
  return run.highestUsed;
}

// Upper ends of the bands of utilisation: fixed ones, or parts of the highest where all links are nearly idle.
function limits(run) {
  const top = highest(run);
  return top > NEARLY_IDLE ? [0, 0.25, 0.5, 0.9] : [0, top / 30, top / 10, top / 3];
}
const shades = (run) => (run.array.link_used && highest(run) <= NEARLY_IDLE ? FAINT : LOADS);

// Band of link i by its utilisation, from 0 (idle) to 4; null where none is known.
export function usedBand(run, i) {
  const used = run.array.link_used;
  if (!used) return null;
  if (!run.linkBands) {
    const ends = limits(run);
    run.linkBands = Int8Array.from(used, (one) => (Number.isNaN(one) ? -1 : ends.filter((end) => one > end).length));
  }
  return run.linkBands[i] < 0 ? null : run.linkBands[i];
}

// Colour of link i by its utilisation; null where none is known.
export function usedColour(run, i) {
  return shades(run)[usedBand(run, i) ?? -1] ?? null;
}

const USED = ["idle", "up to 25 %", "to 50 %", "to 90 %", "above 90 %"], percent = (value) => `${Number((100 * value).toPrecision(2))} %`;

// What the colours of links mean; null where they have one colour.
export function linkKey(run) {
  const used = run.array.link_used, faint = used && highest(run) <= NEARLY_IDLE, colours = shades(run);
  const words = faint ? ["idle", "", "", "", `up to ${percent(highest(run))}`] : used ? USED : run.array.route_satellite && !run.formation ? ROUTES : null;
  if (!words) return null;
  const title = used ? "Links by mean utilisation of their busier direction; jobs at full clock rate" : "Links by the number of routes to the ground over them";
  return { title: faint ? `${title}; steps at a thirtieth, a tenth and a third of the busiest` : title, words: words.map((word, i) => ({ word, colour: `#${colours[i].getHexString()}` })) };
}

// What the signs of stations mean, with their numbers; null where all are users.
export function stationKey(run) {
  const counts = roleCounts(run);
  return counts.slice(1).some(Boolean) ? ROLES.map(({ name, colour, sign }, r) => ({ name, colour, sign, count: counts[r] })).filter(({ count }) => count) : null;
}

// Role of a station in one word.
export const roleName = (run, s) => ["user", "gateway", "point of presence"][role(run, s)];

const role = (run, s) => run.array.station_role?.[s] ?? 0;
function roleCounts(run) {
  const counts = [0, 0, 0];
  run.station.forEach((_, s) => counts[role(run, s)]++);
  return counts;
}

function lines(colour, opacity, order) {
  const drawn = new THREE.LineSegments(
    new THREE.BufferGeometry(),
    new THREE.LineBasicMaterial({ color: colour, transparent: true, opacity, depthWrite: false }),
  );
  drawn.frustumCulled = false;
  drawn.renderOrder = order;
  return drawn;
}

export class Network {
  constructor(scene, turning) {
    this.scene = scene;
    this.turning = turning;
    this.links = lines(LINK, 0.42, 1);
    this.routes = lines(0xffffff, 0.95, 2);
    scene.add(this.links, this.routes);
    Object.assign(this.links.material, { vertexColors: true, opacity: 1 }); // each link has its own opacity
    this.links.material.color.set(0xffffff);
    this.routes.material.vertexColors = true;
    this.latency = new LatencyMap(turning);
    this.show = { links: true, routes: true, stations: true, coverage: false, latency: false };
    this.counts = { links: 0, routes: 0 };
  }

  load(run) {
    this.run = run;
    this.loadFrame = -1;
    this.stations?.removeFromParent();
    this.coverage?.removeFromParent();
    this.stations = this.coverage = null;
    const a = run.array, n = run.station.length;
    this.at = Array.from({ length: n }, (_, i) => onSphere(a.station_deg[2 * i + 1], a.station_deg[2 * i], 1.004));
    for (const drawn of [this.links, this.routes]) drawn.geometry.setDrawRange(0, 0);
    if (a.link_ends) this.room(this.links, a.link_ends.length).setAttribute("color", new THREE.BufferAttribute(new Float32Array(4 * a.link_ends.length), 4));
    this.opacity = (a.link_ends?.length ?? 0) > 1000 ? DENSE : SPARSE;
    if (a.route_satellite) {
      const points = 2 * (a.route_satellite.length + 2 * run.station.length + 64);
      this.room(this.routes, points).setAttribute("color", new THREE.BufferAttribute(new Float32Array(3 * points), 3));
    }
    this.latency.load(run);
    if (!n) return;
    this.stations = new THREE.Group();
    ROLES.forEach(({ colour, shape, px }, r) => {
      const mine = this.at.filter((_, s) => role(run, s) === r);
      if (!mine.length) return;
      const look = { color: colour, size: px, sizeAttenuation: false, map: sign(shape), transparent: true, alphaTest: 0.3 };
      const drawn = new THREE.Points(new THREE.BufferGeometry().setFromPoints(mine), new THREE.PointsMaterial(look));
      drawn.renderOrder = r ? 2 : 3; // users above gateways
      this.stations.add(drawn);
    });
    this.turning.add(this.stations);
    this.coverage = this.circles(run);
    if (this.coverage) this.turning.add(this.coverage);
  }

  has(layer) {
    const a = this.run?.array ?? {};
    return { links: a.link_ends && !this.run?.formation, routes: a.route_satellite, stations: this.stations, coverage: this.coverage, latency: a.place_rtt_ms }[layer];
  }

  room(drawn, points) {
    drawn.geometry.dispose();
    drawn.geometry = new THREE.BufferGeometry();
    drawn.geometry.setAttribute("position", new THREE.BufferAttribute(new Float32Array(3 * points), 3));
    drawn.geometry.setDrawRange(0, 0);
    return drawn.geometry;
  }

  // Routes over each link in a frame, by its ends.
  loads(frame) {
    const a = this.run.array, found = new Map(), n = this.run.satellites;
    for (let i = 0; a.route_satellite && i + 1 < a.route_first_hop.length; i++) {
      const m = a.route_first_hop.length - 1;
      if (frame < a.route_frames[i] || frame >= a.route_frames[m + i]) continue;
      for (let h = a.route_first_hop[i]; h + 1 < a.route_first_hop[i + 1]; h++) {
        const [from, to] = [a.route_satellite[h], a.route_satellite[h + 1]].sort((x, y) => x - y), key = from * n + to;
        found.set(key, (found.get(key) ?? 0) + 1);
      }
    }
    return found;
  }

  // Circles around stations, within which a satellite at the mean height of the fleet is above the lowest elevation.
  circles(run) {
    const a = run.array, spot = new THREE.Vector3(), when = run.at(run.first), count = Math.min(run.satellites, 200);
    let radius = 0, known = 0;
    for (let i = 0; i < count; i++) {
      const r = run.position(Math.floor((i * run.satellites) / count), when, spot).length() / EARTH_KM;
      if (r > 1) (radius += r), known++;
    }
    if (!known) return null;
    const points = [], axis = new THREE.Vector3(), side = new THREE.Vector3();
    this.at.forEach((station, s) => {
      if (role(run, s) === POP) return; // has no antenna
      const elevation = THREE.MathUtils.degToRad(Math.max(0, a.min_elevation_deg[s]));
      const reach = Math.acos(Math.min(1, (Math.cos(elevation) * known) / radius)) - elevation;
      axis.copy(station).normalize();
      side.set(0, 0, 1).cross(axis).normalize();
      if (side.lengthSq() < 0.5) side.set(1, 0, 0);
      const rim = axis.clone().multiplyScalar(Math.cos(reach)).addScaledVector(side, Math.sin(reach)).multiplyScalar(1.003);
      for (let i = 0; i < 96; i++) for (const k of [i, i + 1]) points.push(rim.clone().applyAxisAngle(axis, (k * Math.PI) / 48));
    });
    const drawn = lines(COVERAGE, 0.75, 1);
    drawn.geometry.setFromPoints(points);
    return drawn;
  }

  // Lines between where satellites are at a time; links of a formation are left to its close-up.
  move(when, turn) {
    const run = this.run;
    if (!run) return;
    const frame = when.frame + (when.share > 0.5 ? 1 : 0), a = run.array, spot = new THREE.Vector3();
    this.links.visible = this.show.links && !run.formation;
    this.routes.visible = this.show.routes;
    if (this.stations) this.stations.visible = this.show.stations;
    if (this.coverage) this.coverage.visible = this.show.coverage;
    this.latency.visible(this.show.latency);
    const put = (into, at, satellite) => run.position(satellite, when, spot).multiplyScalar(1 / EARTH_KM).toArray(into, at);
    this.counts = { links: 0, routes: 0 };
    if (a.link_ends) {
      const { position: into, color } = this.links.geometry.attributes, m = a.link_ends.length / 2;
      const carried = this.links.visible && this.loadFrame !== frame ? (this.carried = this.loads(frame)) : this.carried;
      const colours = shades(run);
      this.loadFrame = frame;
      let at = 0;
      for (let i = 0; i < m; i++) {
        if (frame < a.link_frames[i] || frame >= a.link_frames[m + i]) continue;
        this.counts.links++;
        if (!this.links.visible) continue;
        const from = a.link_ends[i], to = a.link_ends[m + i], over = carried?.get(Math.min(from, to) * run.satellites + Math.max(from, to)) ?? 0;
        const heavy = usedBand(run, i) ?? (a.link_used ? 0 : load(over));
        put(into.array, at, from);
        put(into.array, at + 3, to);
        for (const end of [(4 * at) / 3, (4 * at) / 3 + 4]) {
          colours[heavy].toArray(color.array, end);
          color.array[end + 3] = this.opacity[heavy];
        }
        at += 6;
      }
      this.links.geometry.setDrawRange(0, at / 3);
      into.needsUpdate = color.needsUpdate = true;
    }
    if (a.route_satellite) {
      const { position: into, color } = this.routes.geometry.attributes, m = a.route_first_hop.length - 1, end = new THREE.Vector3();
      const axis = new THREE.Vector3(0, 0, 1), ofRole = ROLES.map(({ route }) => new THREE.Color(route));
      let at = 0;
      for (let i = 0; i < m; i++) {
        if (frame < a.route_frames[i] || frame >= a.route_frames[m + i]) continue;
        this.counts.routes++;
        const hops = Array.from(a.route_satellite.subarray(a.route_first_hop[i], a.route_first_hop[i + 1]));
        if (!this.routes.visible || at + 6 * (hops.length + 1) > into.array.length) continue;
        const ground = (s) => end.copy(this.at[s]).applyAxisAngle(axis, turn).toArray(into.array, at);
        const begin = at;
        ground(a.route_station[i]);
        at += 3;
        for (const satellite of hops) {
          put(into.array, at, satellite);
          put(into.array, at + 3, satellite);
          at += 6;
        }
        if (a.route_station[m + i] >= 0) {
          ground(a.route_station[m + i]);
          at += 3;
        } else at -= 3; // the last satellite serves: no line leaves it
        for (let p = begin; p < at; p += 3) ofRole[role(run, a.route_station[i])].toArray(color.array, p);
      }
      this.routes.geometry.setDrawRange(0, at / 3);
      into.needsUpdate = color.needsUpdate = true;
    }
  }
}

// A filled shape by its corners, as a picture of 32 x 32 pixels.
function sign(corners) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 32;
  const draw = canvas.getContext("2d");
  draw.fillStyle = "#fff";
  draw.strokeStyle = "#10233d";
  draw.lineWidth = 3;
  draw.lineJoin = "round";
  draw.beginPath();
  corners.forEach(([x, y], i) => (i ? draw.lineTo(x, y) : draw.moveTo(x, y)));
  draw.closePath();
  draw.fill();
  draw.stroke();
  return new THREE.CanvasTexture(canvas);
}
