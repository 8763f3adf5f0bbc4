// Plotly with the traces that the studio draws. The strict traces come with compiled drawing code: the page's policy forbids compiling text.
import Plotly from "plotly.js/lib/core";
import bar from "plotly.js/lib/bar";
import heatmap from "plotly.js/lib/heatmap";
import parcoords from "plotly.js/src/traces/parcoords/strict";
import scattergl from "plotly.js/src/traces/scattergl/strict";

Plotly.register([bar, heatmap, parcoords, scattergl]);
window.Plotly = Plotly;
