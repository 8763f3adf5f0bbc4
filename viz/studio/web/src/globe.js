// The globe: scene, camera, pointing and choosing, drawn only when something has changed.
import * as THREE from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { Earth, EARTH_KM } from "./earth.js";
import { Network } from "./network.js";
import { Satellites } from "./satellites.js";
import { Closeup } from "./closeup.js";
import { colourings } from "./colours.js";

const REACH_PX = 14; // of the pointer
const PATIENCE_MS = 2500; // before the pictures of the Earth are loaded

export class Globe {
  constructor(host, urls, { onChoose, onCamera, onHover }) {
    Object.assign(this, { host, onChoose, onCamera, onHover });
    this.renderer = new THREE.WebGLRenderer({ antialias: true, powerPreference: "high-performance" });
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    host.append(this.renderer.domElement);
    this.scene = new THREE.Scene();
    this.scene.add(stars());
    this.camera = new THREE.PerspectiveCamera(38, 1, 0.005, 400);
    this.camera.up.set(0, 0, 1);
    this.behind = new THREE.PerspectiveCamera(38, 1, 0.002, 400); // of the Earth behind a formation
    this.camera.position.set(2.6, -2.2, 1.5);
    this.controls = new OrbitControls(this.camera, this.renderer.domElement);
    Object.assign(this.controls, { enableDamping: true, dampingFactor: 0.12, minDistance: 1.12, maxDistance: 60, rotateSpeed: 0.55 });
    this.controls.addEventListener("change", () => this.touch());
    this.controls.addEventListener("end", () => onCamera());
    const turning = () => this.touch();
    this.earth = new Earth(this.scene, urls, turning);
    setTimeout(() => this.earth.pictures(), PATIENCE_MS); // or after the first satellites: large pictures would hold them up
    this.network = new Network(this.scene, this.earth.turning);
    this.satellites = new Satellites(this.scene);
    this.closeup = new Closeup(this.renderer.domElement, () => this.touch());
    this.near = false; // whether the formation is seen from close
    this.trail = trail(this.scene);
    this.chosen = [];
    this.colouring = "state";
    this.following = false;
    this.shadow = false;
    this.listen();
    new ResizeObserver(() => this.resize()).observe(host);
    this.resize();
    this.dirty = true;
    const draw = (now) => {
      this.next = requestAnimationFrame(draw);
      this.onFrame?.(now);
      if ((this.near ? this.closeup : this).controls.update()) this.dirty = true;
      if (!this.dirty) return;
      this.dirty = false;
      this.render();
      this.host.dataset.drawn = String(Number(this.host.dataset.drawn ?? 0) + 1);
      if (this.run) this.earth.pictures();
    };
    this.next = requestAnimationFrame(draw);
  }

  // Draw no longer, and give the drawing context back.
  stop() {
    cancelAnimationFrame(this.next);
    this.renderer.dispose();
    this.renderer.forceContextLoss();
  }

  touch() {
    this.dirty = true;
  }

  render() {
    this.renderer.autoClear = true;
    if (!this.near) return this.renderer.render(this.scene, this.camera);
    this.closeup.lead(this.behind);
    this.satellites.points.visible = false;
    this.renderer.render(this.scene, this.behind);
    this.satellites.points.visible = true;
    this.renderer.autoClear = false;
    this.renderer.clearDepth();
    this.renderer.render(this.closeup.scene, this.closeup.camera);
  }

  // Whether there is something to be seen from close: a formation, or a chosen satellite.
  get approachable() {
    return Boolean(this.run?.models.length && (this.run.formation || this.chosen.length));
  }

  // See a formation at its true spacing or the chosen satellite from close, or the globe.
  approach(near) {
    this.near = Boolean(near) && this.approachable;
    if (this.near && !this.run.formation && this.closeup.shown?.[0] !== this.chosen[0]) this.closeup.load(this.run, this.chosen[0]);
    this.controls.enabled = !this.near;
    this.closeup.controls.enabled = this.near;
    if (this.ms !== undefined) this.move(this.ms);
    this.touch();
  }

  resize() {
    const { clientWidth: w, clientHeight: h } = this.host;
    if (!w || !h) return;
    this.renderer.setSize(w, h, false);
    for (const camera of [this.camera, this.behind, this.closeup.camera]) {
      camera.aspect = w / h;
      camera.updateProjectionMatrix();
    }
    this.touch();
  }

  // Show another run, against a baseline where one is pinned; camera, time and colouring stay.
  load(run, baseline = null) {
    this.run = run;
    this.satellites.load(run);
    this.network.load(run);
    this.closeup.load(run, this.near ? (this.chosen[0] ?? null) : null);
    this.colourings = colourings(run, baseline);
    this.chosen = this.chosen.filter((i) => i < run.satellites);
    if (!this.approachable) this.approach(false);
    this.frame = -1;
    this.choose(this.chosen, true);
  }

  // Show a time.
  move(ms) {
    const run = this.run;
    if (!run) return;
    this.ms = ms;
    const when = run.at(ms), a = run.array, next = Math.min(when.frame + 1, run.frames - 1);
    const mix = (from, to) => from + (to - from) * when.share;
    this.turn = mix(a.sidereal_rad[when.frame], a.sidereal_rad[next]);
    const sun = new THREE.Vector3(...[0, 1, 2].map((i) => mix(a.sun[3 * when.frame + i], a.sun[3 * next + i])));
    const before = this.followed?.clone();
    this.earth.set(this.turn, sun);
    this.earth.shadow.visible = this.shadow;
    this.satellites.move(when);
    this.network.move(when, this.turn);
    const frame = run.nearest(ms);
    if (frame !== this.frame) {
      this.frame = frame;
      this.paint();
    }
    if (this.near) this.closeup.move(when, sun, this.by().paint(this.frame), this.chosen);
    this.follow(when, before);
    this.touch();
  }

  by() {
    return this.colourings.find((c) => c.name === this.colouring) ?? this.colourings[0];
  }

  paint() {
    if (!this.colourings) return;
    this.satellites.paint(this.by().paint(this.frame));
    if (this.near) this.closeup.move(this.run.at(this.ms), this.earth.sun, this.by().paint(this.frame), this.chosen);
    this.touch();
  }

  legend() {
    return this.colourings && this.by().legend(Math.max(0, this.frame));
  }

  follow(when, before) {
    this.followed = this.chosen.length ? this.run.position(this.chosen[0], when, new THREE.Vector3()).multiplyScalar(1 / EARTH_KM) : null;
    if (!this.following || !this.followed || !before) return;
    const turned = new THREE.Quaternion().setFromUnitVectors(before.normalize(), this.followed.clone().normalize());
    this.camera.position.applyQuaternion(turned);
  }

  // Choose satellites by their place among those shown.
  choose(chosen, quiet = false) {
    this.chosen = chosen;
    this.satellites.mark(chosen);
    this.trail.show(this.run, chosen, this.ms);
    if (this.near && !this.run.formation) this.approach(chosen.length > 0);
    if (this.near) this.paint();
    this.followed = null;
    if (this.run && this.ms !== undefined) this.follow(this.run.at(this.ms), null);
    if (!quiet) this.onChoose(chosen);
    this.touch();
  }

  // The first sight: a formation from above, or else the day and the night side.
  face() {
    const when = this.run.at(this.ms), to = this.earth.sun.clone().multiplyScalar(0.5);
    if (this.run.formation) to.addScaledVector(this.run.position(0, when, new THREE.Vector3()).normalize(), 1.4);
    else to.add(new THREE.Vector3(0, 0, 1).cross(this.earth.sun));
    to.z += 0.35;
    this.camera.position.copy(to.setLength(3.7));
    this.controls.update();
    this.touch();
  }

  // Turn the camera to a satellite.
  lookAt(satellite) {
    const to = this.run.position(satellite, this.run.at(this.ms), new THREE.Vector3()).normalize();
    this.camera.position.copy(to.multiplyScalar(Math.max(this.camera.position.length(), 2.2)));
    this.touch();
    this.onCamera();
  }

  // Satellite under the pointer, -1 where there is none.
  under(x, y) {
    const run = this.run;
    if (!run) return -1;
    const { clientWidth: w, clientHeight: h } = this.host, when = run.at(this.ms), spot = new THREE.Vector3();
    if (this.near) {
      const away = this.closeup.spots.map((at) => {
        spot.copy(at).project(this.closeup.camera);
        return spot.z > 1 ? Infinity : Math.hypot(((spot.x + 1) / 2) * w - x, ((1 - spot.y) / 2) * h - y);
      });
      const best = away.indexOf(Math.min(...away));
      return away[best] < 2 * REACH_PX ? this.closeup.shown[best] : run.formation ? -1 : this.chosen[0];
    }
    const eye = this.camera.position, far2 = eye.lengthSq(), at = run.all(this.ms, spot), way = new THREE.Vector3();
    let best = -1, nearest = REACH_PX * REACH_PX;
    for (let i = 0; i < run.satellites; i++) {
      spot.fromArray(at, 3 * i).multiplyScalar(1 / EARTH_KM);
      if (!(spot.lengthSq() > 1)) continue; // without a position
      way.copy(spot).sub(eye);
      const size2 = way.lengthSq(), along = -eye.dot(way) / size2;
      const hidden = along > 0 && along < 1 && far2 - along * along * size2 < 1; // behind the Earth
      if (hidden) continue;
      spot.project(this.camera);
      if (spot.z > 1) continue;
      const dx = ((spot.x + 1) / 2) * w - x, dy = ((1 - spot.y) / 2) * h - y, d = dx * dx + dy * dy;
      if (d < nearest) [best, nearest] = [i, d];
    }
    return best;
  }

  // Station under the pointer, or else the place on the ground with its latency where the map is shown; null where there is neither.
  ground(x, y) {
    if (!this.run || this.near) return null;
    const { clientWidth: w, clientHeight: h } = this.host, network = this.network;
    const ray = new THREE.Raycaster();
    ray.setFromCamera(new THREE.Vector2((2 * x) / w - 1, 1 - (2 * y) / h), this.camera);
    const hit = ray.ray.intersectSphere(new THREE.Sphere(new THREE.Vector3(), 1), new THREE.Vector3());
    if (!hit) return null;
    if (network.show.stations && network.stations) {
      const spot = new THREE.Vector3(), axis = new THREE.Vector3(0, 0, 1);
      let best = -1, nearest = (REACH_PX * REACH_PX) / 4;
      network.at.forEach((at, s) => {
        spot.copy(at).applyAxisAngle(axis, this.turn);
        if (spot.distanceTo(hit) > 0.5) return; // on the other side
        spot.project(this.camera);
        const dx = ((spot.x + 1) / 2) * w - x, dy = ((1 - spot.y) / 2) * h - y, d = dx * dx + dy * dy;
        if (d < nearest) [best, nearest] = [s, d];
      });
      if (best >= 0) return { station: best };
    }
    if (!network.show.latency) return null;
    const latitude = THREE.MathUtils.radToDeg(Math.asin(hit.z / hit.length()));
    const longitude = THREE.MathUtils.euclideanModulo(THREE.MathUtils.radToDeg(Math.atan2(hit.y, hit.x) - this.turn) + 180, 360) - 180;
    return network.latency.place(latitude, longitude);
  }

  listen() {
    const canvas = this.renderer.domElement;
    let down = null;
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    canvas.addEventListener("pointerdown", (event) => (down = [event.clientX, event.clientY]));
    canvas.addEventListener("pointerup", (event) => {
      if (!down || Math.hypot(event.clientX - down[0], event.clientY - down[1]) > 4) return;
      const hit = this.under(...place(event));
      if (event.shiftKey && hit >= 0) this.choose(this.chosen.includes(hit) ? this.chosen.filter((i) => i !== hit) : [...this.chosen, hit]);
      else this.choose(hit < 0 ? [] : [hit]);
    });
    let due = 0;
    canvas.addEventListener("pointermove", (event) => {
      if (event.buttons || performance.now() < due) return;
      due = performance.now() + 40;
      const [x, y] = place(event);
      this.onHover(this.under(x, y), x, y);
    });
    canvas.addEventListener("pointerleave", () => this.onHover(-1, 0, 0));
  }
}

function trail(scene) {
  const group = new THREE.Group();
  scene.add(group);
  return {
    // The path over one revolution of up to eight chosen satellites.
    show(run, chosen, ms) {
      for (const line of [...group.children]) {
        line.geometry.dispose();
        group.remove(line);
      }
      if (!run) return;
      for (const i of chosen.slice(0, 8)) {
        const points = run.path(i, ms ?? run.first, () => new THREE.Vector3()).map((point) => point.multiplyScalar(1 / EARTH_KM));
        const line = new THREE.Line(
          new THREE.BufferGeometry().setFromPoints(points),
          new THREE.LineBasicMaterial({ color: 0xfff1c4, transparent: true, opacity: 0.7, depthWrite: false }),
        );
        line.renderOrder = 1;
        group.add(line);
      }
    },
  };
}

function stars() {
  const n = 1800, at = new Float32Array(3 * n), spot = new THREE.Vector3();
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let i = 0; i < n; i++) spot.set(random() - 0.5, random() - 0.5, random() - 0.5).setLength(200).toArray(at, 3 * i);
  const shape = new THREE.BufferGeometry().setAttribute("position", new THREE.BufferAttribute(at, 3));
  return new THREE.Points(shape, new THREE.PointsMaterial({ color: 0xa9b8cc, size: 1.1, sizeAttenuation: false, transparent: true, opacity: 0.65 }));
}
