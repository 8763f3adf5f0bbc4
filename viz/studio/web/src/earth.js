// The Earth with its day and night sides, atmosphere, borders, shadow and Sun. One unit is the equatorial radius; axes are inertial, z to the north.
import * as THREE from "three";

export const EARTH_KM = 6378.137;

const VERTEX = `
varying vec2 vUv; varying vec3 vNormal; varying vec3 vWorld;
void main() {
  vUv = uv;
  vNormal = normalize(mat3(modelMatrix) * normal);
  vec4 world = modelMatrix * vec4(position, 1.0);
  vWorld = world.xyz;
  gl_Position = projectionMatrix * viewMatrix * world;
}`;

const SURFACE = `
uniform sampler2D day; uniform sampler2D night; uniform vec3 sun; uniform float ready;
varying vec2 vUv; varying vec3 vNormal; varying vec3 vWorld;
void main() {
  float height = dot(normalize(vNormal), sun);
  float lit = smoothstep(-0.10, 0.16, height);
  vec3 plain = vec3(0.10, 0.23, 0.40);
  vec3 dayColour = mix(plain, pow(texture2D(day, vUv).rgb, vec3(0.92)) * 1.08, ready);
  vec3 nightColour = mix(plain * 0.12, texture2D(night, vUv).rgb * 0.85, ready);
  vec3 toEye = normalize(cameraPosition - vWorld);
  vec3 half_ = normalize(sun + toEye);
  float water = clamp((dayColour.b - dayColour.r) * 3.0, 0.0, 1.0);
  float glint = pow(max(dot(normalize(vNormal), half_), 0.0), 180.0) * water * 0.22;
  vec3 colour = mix(nightColour, dayColour * (0.30 + 0.85 * max(height, 0.0)) + glint, lit);
  float rim = pow(1.0 - max(dot(normalize(vNormal), toEye), 0.0), 3.0);
  colour += vec3(0.20, 0.45, 0.95) * rim * (0.10 + 0.55 * lit);
  gl_FragColor = vec4(colour, 1.0);
  #include <colorspace_fragment>
}`;

const AIR = `
uniform vec3 sun; varying vec3 vNormal; varying vec3 vWorld;
void main() {
  vec3 toEye = normalize(cameraPosition - vWorld);
  float edge = max(dot(normalize(vNormal), -toEye), 0.0);
  float lit = smoothstep(-0.35, 0.45, dot(normalize(vNormal), sun));
  gl_FragColor = vec4(0.32, 0.60, 1.0, pow(edge, 3.2) * 1.9 * (0.12 + 0.88 * lit));
}`;

const SHADOW = `
varying float along;
void main() { gl_FragColor = vec4(0.02, 0.03, 0.09, 0.42 * (1.0 - along)); }`;
const SHADOW_VERTEX = `
varying float along; uniform float reach;
void main() { along = position.y / reach + 0.5; gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0); }`;

// Place of a longitude and latitude on a sphere, in axes that turn with the Earth.
export function onSphere(longitudeDeg, latitudeDeg, radius, out = new THREE.Vector3()) {
  const longitude = THREE.MathUtils.degToRad(longitudeDeg), latitude = THREE.MathUtils.degToRad(latitudeDeg);
  const flat = radius * Math.cos(latitude);
  return out.set(flat * Math.cos(longitude), flat * Math.sin(longitude), radius * Math.sin(latitude));
}

export class Earth {
  constructor(scene, urls, onChange) {
    this.sun = new THREE.Vector3(1, 0, 0);
    this.turning = new THREE.Group(); // turns with the Earth
    scene.add(this.turning);
    this.uniforms = { day: { value: null }, night: { value: null }, sun: { value: this.sun }, ready: { value: 0 } };
    const ball = new THREE.SphereGeometry(1, 128, 64).rotateX(Math.PI / 2); // u = 0.5 at the zero meridian, which is +x
    this.ball = new THREE.Mesh(ball, new THREE.ShaderMaterial({ vertexShader: VERTEX, fragmentShader: SURFACE, uniforms: this.uniforms }));
    this.turning.add(this.ball);
    const air = new THREE.ShaderMaterial({
      vertexShader: VERTEX, fragmentShader: AIR, uniforms: { sun: { value: this.sun } }, side: THREE.BackSide, transparent: true,
      depthWrite: false, blending: THREE.AdditiveBlending,
    });
    scene.add(new THREE.Mesh(new THREE.SphereGeometry(1.045, 96, 48), air));
    const reach = 6;
    const cone = new THREE.CylinderGeometry(1 - reach / 217, 1, reach, 96, 1, true); // the umbra ends after 217 radii
    this.shadow = new THREE.Mesh(
      cone,
      new THREE.ShaderMaterial({
        vertexShader: SHADOW_VERTEX, fragmentShader: SHADOW, uniforms: { reach: { value: reach } }, transparent: true, depthWrite: false,
        side: THREE.DoubleSide,
      }),
    );
    this.shadow.visible = false;
    this.shadowReach = reach;
    scene.add(this.shadow);
    this.disc = new THREE.Sprite(new THREE.SpriteMaterial({ map: glow(), depthWrite: false, transparent: true, blending: THREE.AdditiveBlending }));
    this.disc.scale.setScalar(9);
    scene.add(this.disc);
    this.loadBorders(urls.borders, onChange);
    this.pictures = () => {
      this.pictures = () => {};
      this.loadPictures(urls, onChange);
    };
  }

  // Pictures are decoded apart from the page's own work.
  async loadPictures(urls, onChange) {
    const loader = new THREE.ImageBitmapLoader().setOptions({ imageOrientation: "flipY" });
    const [day, night] = await Promise.all(
      [urls.day, urls.night].map(async (url) => {
        const picture = new THREE.Texture(await loader.loadAsync(url));
        Object.assign(picture, { colorSpace: THREE.SRGBColorSpace, anisotropy: 4, flipY: false, needsUpdate: true });
        return picture;
      }),
    );
    Object.assign(this.uniforms.day, { value: day });
    Object.assign(this.uniforms.night, { value: night });
    this.uniforms.ready.value = 1;
    onChange();
  }

  async loadBorders(url, onChange) {
    const pairs = await (await fetch(url)).json();
    const at = new Float32Array((pairs.length / 2) * 3), place = new THREE.Vector3();
    for (let i = 0; i < pairs.length; i += 2) onSphere(pairs[i] / 100, pairs[i + 1] / 100, 1.0015, place).toArray(at, (i / 2) * 3);
    const lines = new THREE.BufferGeometry().setAttribute("position", new THREE.BufferAttribute(at, 3));
    this.borders = new THREE.LineSegments(lines, new THREE.LineBasicMaterial({ color: 0xbfd4ee, transparent: true, opacity: 0.28, depthWrite: false }));
    this.turning.add(this.borders);
    onChange();
  }

  // The Earth at an angle of rotation [rad], and the Sun in a direction.
  set(siderealRad, sun) {
    this.turning.rotation.z = siderealRad;
    this.sun.copy(sun).normalize();
    this.shadow.position.copy(this.sun).multiplyScalar(-this.shadowReach / 2);
    this.shadow.quaternion.setFromUnitVectors(new THREE.Vector3(0, 1, 0), this.sun.clone().negate());
    this.disc.position.copy(this.sun).multiplyScalar(60);
  }
}

function glow() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 128;
  const draw = canvas.getContext("2d"), shade = draw.createRadialGradient(64, 64, 4, 64, 64, 64);
  shade.addColorStop(0, "rgba(255,250,230,1)");
  shade.addColorStop(0.14, "rgba(255,238,190,1)");
  shade.addColorStop(0.22, "rgba(255,210,120,0.35)");
  shade.addColorStop(1, "rgba(255,190,90,0)");
  draw.fillStyle = shade;
  draw.fillRect(0, 0, 128, 128);
  const texture = new THREE.CanvasTexture(canvas);
  texture.colorSpace = THREE.SRGBColorSpace;
  return texture;
}
