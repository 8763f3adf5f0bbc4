// Wheel, touch and keys on the globe: the page scrolls over it until it has the focus, by a click, a tap or the Tab key.
const TURN_RAD = Math.PI / 36; // for one press of an arrow key
const ZOOM = 1.12; // for one press of + or -
const WHEEL = 0.0012; // logarithm of the factor for a pixel of the wheel
const LINE_PX = 16; // wheels that count lines
const NEAREST = 0.55; // camera distance, in units of the scene
const FARTHEST = 4;
const coarse = window.matchMedia("(pointer: coarse)").matches;
const HINTS = coarse
  ? ["Tap the globe to turn it", "Drag turns the globe; tap elsewhere to scroll the page"]
  : ["Click the globe to zoom with the wheel; drag turns it", "Wheel or + \u2212 zooms, drag or arrow keys turn; Esc ends it"];

class GlobeInput {
  constructor(controls) {
    this.globe = controls.globe;
    this.follow = controls.control.follow;
    this.hint = document.getElementById("globe-hint");
    this.zoom = 1; // by the wheel, not drawn yet
    for (const name of ["touchstart", "touchmove", "touchend"]) {
      this.globe.addEventListener(name, (event) => this.filter(event), { capture: true, passive: true });
    }
    this.globe.addEventListener("wheel", (event) => this.wheel(event), { capture: true, passive: false });
    this.globe.addEventListener("mousedown", () => {
      this.globe.focus({ preventScroll: true });
      this.stopFollowing();
    }, true);
    this.globe.addEventListener("keydown", (event) => this.key(event));
    for (const name of ["focusin", "focusout"]) this.globe.addEventListener(name, () => setTimeout(() => this.describe()));
    this.describe();
  }

  get focused() {
    return this.globe.contains(document.activeElement);
  }

  describe() {
    this.hint.textContent = HINTS[Number(this.focused)];
    this.hint.classList.toggle("active", this.focused);
  }

  // The charting library never sees the wheel: it would keep the page from scrolling, and zoom by the time between events.
  wheel(event) {
    event.stopPropagation();
    if (!this.focused || event.ctrlKey) return;
    event.preventDefault();
    this.stopFollowing();
    if (this.zoom === 1) {
      requestAnimationFrame(() => {
        const factor = this.zoom;
        this.zoom = 1;
        this.move(0, 0, factor);
      });
    }
    this.zoom *= Math.exp(WHEEL * event.deltaY * (event.deltaMode === 1 ? LINE_PX : 1));
  }

  // Without the focus a touch does not reach the charting library, so that it scrolls the page.
  filter(event) {
    if (!this.focused) event.stopPropagation();
    else this.stopFollowing();
  }

  stopFollowing() {
    if (this.follow) this.follow.checked = false;
  }

  key(event) {
    const moves = {
      ArrowLeft: [-TURN_RAD, 0, 1], ArrowRight: [TURN_RAD, 0, 1], ArrowUp: [0, TURN_RAD, 1], ArrowDown: [0, -TURN_RAD, 1],
      "+": [0, 0, 1 / ZOOM], "=": [0, 0, 1 / ZOOM], "-": [0, 0, ZOOM],
    };
    if (event.key === "Escape") this.globe.blur();
    if (!moves[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.stopFollowing();
    this.move(...moves[event.key]);
  }

  // Moves the camera by two angles about the centre, and its distance by a factor.
  move(longitude, latitude, factor) {
    const { eye } = this.globe.layout.scene.camera;
    const distance = Math.hypot(eye.x, eye.y, eye.z);
    const around = Math.atan2(eye.y, eye.x) + longitude;
    const up = Math.max(-1.5, Math.min(1.5, Math.asin(eye.z / distance) + latitude));
    const out = Math.max(NEAREST, Math.min(FARTHEST, distance * factor));
    const turned = { x: out * Math.cos(up) * Math.cos(around), y: out * Math.cos(up) * Math.sin(around), z: out * Math.sin(up) };
    return Plotly.relayout(this.globe, { "scene.camera.eye": turned });
  }
}
