// Builds the studio's scripts, and prepares what the globe needs, into ../assets: run `npm ci && npm run build` here, or `make studio`.
import { build } from "esbuild";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { mesh } from "topojson-client";

const assets = new URL("../assets/", import.meta.url);
const notebook = new URL("../../notebook/assets/", import.meta.url); // apart: the page of the studio loads every script of its own folder
const modules = new URL("./node_modules/", import.meta.url);
mkdirSync(assets, { recursive: true });

const script = (source, outfile, more = {}) =>
  build({ entryPoints: [`src/${source}`], bundle: true, minify: true, format: "iife", target: "es2022", legalComments: "none", outfile: outfile.pathname, ...more });
await script("main.js", new URL("studio.js", assets));
await script("plotly.js", new URL("plotly.js", assets), { // as plotly.js builds itself
  define: { global: "window", "define.amd": "false" }, alias: { regl: "@plotly/regl", stream: "stream-browserify" }, loader: { ".css": "empty" },
});
await script("widget.js", new URL("globe_widget.js", notebook), { format: "esm" });

// borders of countries as pairs of points, hundredths of a degree
const atlas = JSON.parse(readFileSync(new URL("world-atlas/countries-110m.json", modules)));
const lines = mesh(atlas, atlas.objects.countries).coordinates;
const pairs = lines.flatMap((line) => line.slice(1).flatMap((end, i) => [...line[i], ...end].map((d) => Math.round(d * 100))));
writeFileSync(new URL("borders.json", assets), JSON.stringify(pairs));

for (const name of ["earth-day.jpg", "earth-night.jpg"]) {
  copyFileSync(new URL(`three-globe/example/img/${name}`, modules), new URL(name, assets));
}

const licence = (name, file = "LICENSE") => readFileSync(new URL(`${name}/${file}`, modules), "utf8").trim();
writeFileSync(
  new URL("LICENSES.txt", assets),
  [
    "What studio.js, globe_widget.js, plotly.js, borders.json and the pictures of the Earth consist of beside Dawndusk's own code:",
    `three.js ${version("three")}\n\n${licence("three")}`,
    `plotly.js ${version("plotly.js")} (core, bar, heatmap, parcoords, scattergl)\n\n${licence("plotly.js")}`,
    `topojson-client ${version("topojson-client")} (used to build borders.json)\n\n${licence("topojson-client")}`,
    `world-atlas ${version("world-atlas")}: Natural Earth, public domain; its packaging:\n\n${licence("world-atlas")}`,
    `earth-day.jpg, earth-night.jpg: Blue Marble and Black Marble, NASA Earth Observatory, public domain; copies from three-globe ` +
      `${version("three-globe")}:\n\n${licence("three-globe")}`,
  ].join("\n\n----\n\n") + "\n",
);

function version(name) {
  return JSON.parse(readFileSync(new URL(`${name}/package.json`, modules))).version;
}
