// The globe beside a Plotly scatter (viz/globe_bench.py). Both sides: change what is shown, wait until it is drawn, and read a
// pixel, which waits for the drawing to be finished. Plotly is given its numbers ready, no Earth, dots as small, and as many
// pixels; it draws four times as many by default.
const raw = (name) => {
  const element = document.getElementById(name), bytes = Uint8Array.from(atob(element.textContent), (c) => c.charCodeAt(0));
  element.remove();
  return bytes;
};
const url = (name, type) => URL.createObjectURL(new Blob([raw(name)], { type }));
const { Globe, Run } = await import(url("script", "text/javascript"));
const urls = { day: url("day", "image/jpeg"), night: url("night", "image/jpeg"), borders: url("borders", "application/json") };
const run = new Run(raw("scene").buffer), host = document.getElementById("ours"), one = new Uint8Array(4);
const globe = new Globe(host, urls, { onChoose() {}, onCamera() {}, onHover() {} });
const times = [0.3, 1.6, 0.8, 2.4, 1.1, 3.7, 2.9].map((at) => run.first + ((run.last - run.first) * at) / 4.5);
const now = { ours: 0, theirs: 0 }, next = (side) => (now[side] = (now[side] + 1) % times.length);
const painted = () => new Promise(requestAnimationFrame);
const yellow = (gl) => {
  const w = gl.drawingBufferWidth, h = gl.drawingBufferHeight, pixels = new Uint8Array(4 * w * h);
  gl.readPixels(0, 0, w, h, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
  let count = 0;
  for (let i = 0; i < pixels.length; i += 4) count += pixels[i] > 110 && pixels[i + 1] > 70 && pixels[i + 2] < 0.5 * pixels[i];
  return count;
};
const draw = globe.render.bind(globe), waiting = [];
globe.render = () => {
  draw();
  const gl = globe.renderer.getContext();
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, one);
  for (const done of waiting.splice(0)) done(gl);
};
globe.load(run);
globe.move(times[0]);
globe.face();
const bench = {
  async ours(count = false) {
    const drawn = new Promise((done) => waiting.push(done));
    globe.move(times[next("ours")]);
    const gl = await drawn;
    return count ? yellow(gl) : now.ours;
  },
};
if (document.getElementById("plotly")) {
  (0, eval)(new TextDecoder().decode(raw("plotly")));
  const div = document.getElementById("theirs"), spot = { set(...at) { this.at = at; return this; } }, n = run.satellites;
  const moments = times.map((ms) => {
    const axes = [0, 1, 2].map(() => new Float32Array(n)), when = run.at(ms);
    for (let i = 0; i < n; i++) run.position(i, when, spot).at.forEach((v, k) => (axes[k][i] = v));
    return axes;
  });
  const [x, y, z] = moments[0], hidden = { visible: false };
  await Plotly.newPlot(
    div,
    [{ type: "scatter3d", mode: "markers", x, y, z, hoverinfo: "skip", marker: { size: 1, color: "#f0b400", line: { width: 0 } } }],
    {
      width: div.clientWidth, height: div.clientHeight, margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: "#000",
      scene: { xaxis: hidden, yaxis: hidden, zaxis: hidden, camera: { eye: { x: 1.0, y: -1.0, z: 0.5 } } },
    },
    { displayModeBar: false, plotGlPixelRatio: 1 },
  );
  bench.theirs = async (count = false) => {
    const [x, y, z] = moments[next("theirs")];
    await Plotly.restyle(div, { x: [x], y: [y], z: [z] }, [0]);
    await painted();
    const gl = div._fullLayout.scene._scene.glplot.gl;
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, one);
    return count ? yellow(gl) : now.theirs;
  };
}
window.bench = bench;
