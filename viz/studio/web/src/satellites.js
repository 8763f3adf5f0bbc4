// Satellites as points that move between two frames in the graphics processor, with a ring around those that are chosen.
import * as THREE from "three";
import { EARTH_KM } from "./earth.js";
import { ORBIT_GLSL } from "./orbits.js";

// Where a satellite is: between two key frames, or on its mean orbit.
const BETWEEN = `
attribute vec3 next; uniform float share;
vec3 place() {
  float a = length(position), b = length(next);
  vec3 u = position / a, v = next / b;
  float angle = acos(clamp(dot(u, v), -1.0, 1.0)), s = sin(angle);
  vec3 way = s < 1e-4 ? mix(u, v, share) : (sin((1.0 - share) * angle) * u + sin(share * angle) * v) / s;
  return normalize(way) * mix(a, b, share);
}`;
const VERTEX = `
attribute vec3 colour; attribute float mark;
uniform float size; uniform float pixels;
varying vec3 vColour; varying float vMark;
void main() {
  vec4 seen = modelViewMatrix * vec4(place(), 1.0);
  gl_Position = projectionMatrix * seen;
  gl_PointSize = clamp(size * pixels * 3.2 / -seen.z, 1.4 * pixels, 26.0 * pixels) * (1.0 + 0.9 * mark);
  if (mark > 0.5) gl_PointSize = max(gl_PointSize, 9.0 * pixels);
  vColour = colour; vMark = mark;
}`;
const FRAGMENT = `
varying vec3 vColour; varying float vMark;
void main() {
  float r = length(gl_PointCoord - 0.5) * 2.0;
  if (r > 1.0) discard;
  vec3 colour = vColour;
  float alpha = 1.0 - smoothstep(0.82, 1.0, r);
  if (vMark > 0.5) {
    float ring = smoothstep(0.62, 0.68, r) * (1.0 - smoothstep(0.9, 1.0, r));
    if (r < 0.55) alpha = 1.0; else { colour = vec3(1.0); alpha = ring; }
  } else colour = mix(colour, colour * 0.55, smoothstep(0.55, 0.85, r));
  gl_FragColor = vec4(colour, alpha);
  #include <colorspace_fragment>
}`;

export class Satellites {
  constructor(scene) {
    this.scene = scene;
    this.uniforms = {
      share: { value: 0 }, elapsed: { value: 0 }, radius: { value: 1000 * EARTH_KM }, size: { value: 7 }, pixels: { value: Math.min(devicePixelRatio, 2) },
    };
    const material = (place) => new THREE.ShaderMaterial({
      vertexShader: place + VERTEX, fragmentShader: FRAGMENT, uniforms: this.uniforms, transparent: true, depthWrite: false,
    });
    this.materials = { frames: material(BETWEEN), orbits: material(ORBIT_GLSL) };
  }

  // Show the satellites of a run.
  load(run) {
    this.dispose();
    this.run = run;
    this.frame = -1;
    const n = run.satellites, shape = new THREE.BufferGeometry();
    const room = (name, width) => shape.setAttribute(name, new THREE.BufferAttribute(new Float32Array(width * n), width));
    if (run.orbits) {
      run.orbits.base = null;
      room("shape", 4);
      room("plane", 4);
    } else {
      this.scaled = Float32Array.from(run.array.position_km, (x) => (Number.isFinite(x) ? x / EARTH_KM : 0));
      room("next", 3);
    }
    room("position", 3);
    room("colour", 3);
    room("mark", 1);
    this.uniforms.size.value = n > 20000 ? 2 : n > 4000 ? 3.2 : n > 800 ? 5 : 7;
    this.points = new THREE.Points(shape, run.orbits ? this.materials.orbits : this.materials.frames);
    this.points.frustumCulled = false;
    this.points.renderOrder = 3;
    this.scene.add(this.points);
  }

  // Move to a time; values are handed over only when key frames change, or phases grow too large.
  move({ frame, share, s }) {
    if (!this.points) return;
    const { position, next, shape, plane } = this.points.geometry.attributes, n = 3 * this.run.satellites;
    if (this.run.orbits) {
      if (this.run.orbits.attributes(s, shape.array, plane.array)) shape.needsUpdate = plane.needsUpdate = true;
      this.uniforms.elapsed.value = s - this.run.orbits.base;
      return;
    }
    if (frame !== this.frame) {
      const after = Math.min(frame + 1, this.run.frames - 1);
      position.array.set(this.scaled.subarray(frame * n, frame * n + n));
      next.array.set(this.scaled.subarray(after * n, after * n + n));
      position.needsUpdate = next.needsUpdate = true;
      this.frame = frame;
    }
    this.uniforms.share.value = share;
  }

  // Colours of all satellites: `of` writes red, green and blue of one of them, 0 to 1.
  paint(of) {
    if (!this.points) return;
    const { colour } = this.points.geometry.attributes;
    for (let i = 0; i < this.run.satellites; i++) of(i, colour.array, 3 * i);
    colour.needsUpdate = true;
  }

  mark(chosen) {
    if (!this.points) return;
    const { mark } = this.points.geometry.attributes;
    mark.array.fill(0);
    for (const i of chosen) mark.array[i] = 1;
    mark.needsUpdate = true;
  }

  dispose() {
    if (!this.points) return;
    this.scene.remove(this.points);
    this.points.geometry.dispose();
    this.points = null;
  }
}
