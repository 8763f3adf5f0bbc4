// A formation at its true spacing, or one satellite: array and radiator in their attitude, in metres around the common centre.
// Axes are radial, along-track and orbit normal; the Earth behind is drawn first, by a camera that follows this one.
import * as THREE from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { normals } from "./attitude.js";
import { EARTH_KM } from "./earth.js";
import { usedColour } from "./network.js";

const LINK = 0x7fb2ff;

const ARRAY = 0x31508c, ARRAY_BACK = 0x8d99ad, RADIATOR = 0xe8edf4, BODY = 0xb9a06a;

export class Closeup {
  constructor(canvas, onChange) {
    this.scene = new THREE.Scene();
    this.camera = new THREE.PerspectiveCamera(38, 1, 1, 60000);
    this.camera.up.set(1, 0, 0); // the zenith
    this.controls = new OrbitControls(this.camera, canvas);
    Object.assign(this.controls, { enabled: false, enableDamping: true, dampingFactor: 0.12, minDistance: 8, maxDistance: 30000 });
    this.controls.addEventListener("change", onChange);
    this.light = new THREE.DirectionalLight(0xfff4e0, 3.0);
    this.scene.add(this.light, new THREE.HemisphereLight(0xbfd6ff, 0x4a6a92, 1.3));
    this.parts = [];
    this.lines = new THREE.LineSegments(new THREE.BufferGeometry(), new THREE.LineBasicMaterial({ color: LINK, transparent: true, opacity: 0.35 }));
    this.lines.frustumCulled = false;
    this.scene.add(this.lines);
    this.axes = [0, 1, 2].map(() => new THREE.Vector3());
    this.centre = new THREE.Vector3();
    this.spots = [];
  }

  // Show the satellites of a formation, or one of a fleet that is none.
  load(run, satellite = null) {
    for (const mesh of this.parts) {
      this.scene.remove(mesh);
      mesh.geometry.dispose();
      mesh.dispose?.();
    }
    this.parts = [];
    this.run = run;
    this.shown = run.formation ? Array.from({ length: run.satellites }, (_, i) => i) : satellite === null ? [] : [satellite];
    if (!this.shown.length) return;
    const n = this.shown.length, extent = run.formation ? Math.max(run.extent_m, 60) : 26;
    const plate = (front, back) => {
      const shape = new THREE.BoxGeometry(1, 1, 1);
      const of = (colour) => new THREE.MeshStandardMaterial({ color: colour, roughness: 0.45, metalness: 0.15 });
      const faces = [back, back, back, back, front, back].map(of); // the front is +z
      return this.put(new THREE.InstancedMesh(shape, faces, n));
    };
    this.array = plate(ARRAY, ARRAY_BACK);
    this.radiator = plate(RADIATOR, RADIATOR);
    this.body = this.put(new THREE.InstancedMesh(new THREE.BoxGeometry(1, 1, 1), new THREE.MeshStandardMaterial({ color: 0xffffff, roughness: 0.6 }), n));
    for (let i = 0; i < n; i++) this.body.setColorAt(i, new THREE.Color(BODY));
    this.spots = Array.from({ length: n }, () => new THREE.Vector3());
    // seen from afar a satellite is smaller than a pixel: a dot of its colour stands for it
    const dots = new THREE.BufferGeometry();
    dots.setAttribute("position", new THREE.BufferAttribute(new Float32Array(3 * n), 3));
    dots.setAttribute("color", new THREE.BufferAttribute(new Float32Array(3 * n), 3));
    this.dots = this.put(new THREE.Points(dots, new THREE.PointsMaterial({ size: 6, sizeAttenuation: false, vertexColors: true, map: round(), transparent: true, depthWrite: false })));
    const ends = run.formation ? (run.array.link_ends?.length ?? 0) : 0;
    this.lines.geometry.dispose();
    this.lines.geometry = new THREE.BufferGeometry();
    for (const name of ["position", "color"]) this.lines.geometry.setAttribute(name, new THREE.BufferAttribute(new Float32Array(3 * ends), 3));
    this.lines.material.vertexColors = Boolean(run.array.link_used);
    this.lines.material.color.set(run.array.link_used ? 0xffffff : LINK);
    this.lines.material.needsUpdate = true;
    this.camera.position.set(0.55, -0.75, 0.85).multiplyScalar(0.95 * extent);
    this.camera.far = 40 * Math.max(extent, 1000);
    this.camera.updateProjectionMatrix();
  }

  put(mesh) {
    mesh.frustumCulled = false;
    this.parts.push(mesh);
    this.scene.add(mesh);
    return mesh;
  }

  // Centre of what is shown [km] and its axes at a time.
  place(when) {
    const run = this.run, [radial, along, cross] = this.axes, spot = new THREE.Vector3();
    this.centre.set(0, 0, 0);
    for (const i of this.shown) this.centre.add(run.position(i, when, spot));
    this.centre.divideScalar(this.shown.length);
    const [before, after] = run.arc(this.shown[0], when, () => new THREE.Vector3());
    radial.copy(this.centre).normalize();
    cross.crossVectors(before, after).normalize();
    along.crossVectors(cross, radial).normalize();
    cross.crossVectors(radial, along);
    return this.axes;
  }

  // A vector in inertial axes along radial, along-track and orbit normal.
  local(vector) {
    return this.axes.map((axis) => axis.dot(vector));
  }

  move(when, sun, paint, chosen) {
    const run = this.run;
    if (!this.shown?.length) return;
    this.place(when);
    const toSun = this.local(sun), a = run.array.offset_m, n = run.satellites, next = Math.min(when.frame + 1, run.frames - 1);
    this.light.position.set(...toSun).multiplyScalar(1000);
    const types = run.models.map(({ attitude, array_m2, radiator_m2, body_m2 }) => {
      const { array, radiator } = normals(toSun, attitude), side = Math.sqrt(body_m2 / 6);
      return {
        array: [facing(array, radiator), square(array_m2)], radiator: [facing(radiator, array), square(radiator_m2)],
        body: [facing(array, radiator), new THREE.Vector3(side, side, side)],
      };
    });
    const matrix = new THREE.Matrix4(), colour = new Float32Array(3), shade = new THREE.Color();
    this.shown.forEach((i, at) => {
      const p = 3 * (when.frame * n + i), q = 3 * (next * n + i), spot = this.spots[at];
      if (run.formation) spot.set(...[0, 1, 2].map((k) => a[p + k] + (a[q + k] - a[p + k]) * when.share));
      const recorded = run.index(0, i), type = types[recorded < 0 ? 0 : (run.array.type?.[recorded] ?? 0)];
      for (const part of ["array", "radiator", "body"]) this[part].setMatrixAt(at, matrix.compose(spot, ...type[part]));
      paint(i, colour, 0);
      this.body.setColorAt(at, run.formation && chosen.includes(i) ? shade.setRGB(1, 1, 1) : shade.setRGB(...colour));
      spot.toArray(this.dots.geometry.attributes.position.array, 3 * at);
      shade.toArray(this.dots.geometry.attributes.color.array, 3 * at);
    });
    for (const mesh of [this.array, this.radiator, this.body]) mesh.instanceMatrix.needsUpdate = true;
    this.body.instanceColor.needsUpdate = true;
    for (const name of ["position", "color"]) this.dots.geometry.attributes[name].needsUpdate = true;
    this.links(when);
  }

  links(when) {
    const { link_ends: ends, link_frames: frames } = this.run.array;
    if (!ends || !this.run.formation) return;
    const frame = when.frame + (when.share > 0.5 ? 1 : 0), m = ends.length / 2, { position: into, color } = this.lines.geometry.attributes;
    let at = 0;
    for (let i = 0; i < m; i++) {
      if (frame < frames[i] || frame >= frames[m + i]) continue;
      this.spots[ends[i]].toArray(into.array, at);
      this.spots[ends[m + i]].toArray(into.array, at + 3);
      for (const end of [at, at + 3]) usedColour(this.run, i)?.toArray(color.array, end);
      at += 6;
    }
    this.lines.geometry.setDrawRange(0, at / 3);
    into.needsUpdate = color.needsUpdate = true;
  }

  // The camera of the globe, where this one stands and looks.
  lead(camera) {
    const basis = new THREE.Matrix4().makeBasis(...this.axes), turn = new THREE.Quaternion().setFromRotationMatrix(basis);
    camera.position.copy(this.camera.position).applyMatrix4(basis).multiplyScalar(1e-3).add(this.centre).multiplyScalar(1 / EARTH_KM);
    camera.quaternion.copy(turn).multiply(this.camera.quaternion);
    camera.updateMatrixWorld();
  }
}

function round() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 32;
  const draw = canvas.getContext("2d");
  draw.fillStyle = "#fff";
  draw.beginPath();
  draw.arc(16, 16, 13, 0, 2 * Math.PI);
  draw.fill();
  return new THREE.CanvasTexture(canvas);
}

// Size of a square plate.
function square(area) {
  const side = Math.sqrt(area);
  return new THREE.Vector3(side, side, 0.02 * side + 0.05);
}

// Turn of a plate whose front is +z to a normal, its first side along the line in which it meets the plane of another normal.
function facing(normal, other) {
  const z = new THREE.Vector3(...normal).normalize(), x = new THREE.Vector3().crossVectors(z, new THREE.Vector3(...other));
  if (x.lengthSq() < 1e-6) x.set(Math.abs(z.x) < 0.9 ? 1 : 0, Math.abs(z.x) < 0.9 ? 0 : 1, 0).cross(z);
  x.normalize();
  return new THREE.Quaternion().setFromRotationMatrix(new THREE.Matrix4().makeBasis(x, new THREE.Vector3().crossVectors(z, x), z));
}

