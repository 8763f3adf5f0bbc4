"use strict";
// Drawing the figures of a page, and their layout on narrow screens and on paper.
const MARGIN_PX = 6; // between the columns of numbers beside a bar chart and its edge
const PAPER_PX = 620; // width of a chart on a sheet of A4 or Letter
const NARROW_ZOOM = 1.25; // camera distance factor on a narrow screen
const narrow = window.innerWidth <= 640;
const flat = { displayModeBar: false, responsive: true, displaylogo: false, showLink: false, sendData: false };
const threeD = {
  ...flat,
  displayModeBar: true,
  scrollZoom: false,
  modeBarButtons: [["zoom3d", "tableRotation", "resetCameraDefault3d"]],
};
const figureElement = (name) => document.getElementById("figure-" + name);

// Base64 to bytes.
function bytesOf(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

// The decompressed content of a page element: `kind` is "text" or "arrayBuffer".
function unpacked(identifier, kind = "text") {
  const packed = new Blob([bytesOf(document.getElementById(identifier).textContent)]).stream();
  return new Response(packed.pipeThrough(new DecompressionStream("gzip")))[kind]();
}

// The charting library runs as a script of the page, so that it defines the global Plotly.
async function loadLibrary() {
  const script = document.createElement("script");
  script.textContent = await unpacked("library");
  document.head.append(script);
}

// On a narrow screen the labels of a bar chart are drawn above the bars.
function labelsAbove(figure) {
  const layout = figure.layout;
  const labels = layout.yaxis.ticktext;
  const up = 0.22;
  const bar = 0.17;
  const columns = layout.margin.r - MARGIN_PX;
  layout.margin = { ...layout.margin, l: 4, r: 4 };
  layout.height += 14 * labels.length;
  for (const note of layout.annotations) {
    note.xshift -= columns;
    note.bgcolor = "#ffffff";
    if (note.yref !== "paper") note.y -= up;
  }
  labels.forEach((text, y) => layout.annotations.push({
    text, x: 0, xref: "paper", xanchor: "left", xshift: -4, y: y - up, yanchor: "middle", showarrow: false, font: { size: 13 }, bgcolor: "#ffffff",
  }));
  for (const line of layout.shapes || []) {
    const row = Math.floor(line.y0);
    line.y0 = row + up + bar;
    line.y1 = row + 1 + up - bar;
  }
  for (const trace of figure.data) {
    trace.y = trace.y.map((y) => y + up);
    if (trace.width) trace.width = trace.width.map ? trace.width.map(() => 2 * bar) : 2 * bar;
  }
  layout.yaxis.showticklabels = false;
  layout.yaxis.range = [labels.length - 0.45, -0.6];
}

// Layout for narrow screens.
function narrowLayout(name, figure) {
  const layout = figure.layout;
  layout.font.size = 12;
  if (layout.xaxis && layout.xaxis.type === "date") layout.xaxis.nticks = 4;
  if (layout.scene) for (const k of "xyz") layout.scene.camera.eye[k] *= NARROW_ZOOM;
  if (layout.yaxis && layout.yaxis.scaleanchor) layout.height = 320;
  for (const { colorbar } of figure.data) if (colorbar && colorbar.orientation === "h") colorbar.len = 1;
  if (name.startsWith("waterfall") || name === "differences") labelsAbove(figure);
  if (name === "differences") layout.xaxis.nticks = 4;
  return layout;
}

// Figures are drawn from the top of the page down; the globe takes longest and is drawn last.
async function drawAll(figures) {
  const depth = (name) => (name === "globe" ? Infinity : figureElement(name).getBoundingClientRect().top);
  for (const name of Object.keys(figures).sort((a, b) => depth(a) - depth(b))) {
    const figure = figures[name];
    const layout = narrow ? narrowLayout(name, figure) : figure.layout;
    if (name === "globe") layout.height = figureElement(name).clientHeight;
    else figureElement(name).style.height = `${layout.height}px`;
    await Plotly.newPlot(figureElement(name), figure.data, layout, name === "globe" ? threeD : flat);
    await new Promise((resolve) => { setTimeout(resolve); }); // lets the browser paint and scroll in between
  }
}
