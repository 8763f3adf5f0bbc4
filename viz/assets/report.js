"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const movie = JSON.parse(document.getElementById("movie").textContent);
  const place = (name) => document.getElementById("figure-" + name);
  const COLUMNS_PX = 142; // width of the columns of numbers beside a bar chart
  const PAPER_PX = 620; // width of a chart on a sheet of A4 or Letter
  const NARROW_ZOOM = 1.25; // how much further away the camera stands on a narrow screen
  const narrow = window.innerWidth <= 640;
  const flat = { displayModeBar: false, responsive: true, displaylogo: false, showLink: false, sendData: false };
  const solid = {
    ...flat,
    displayModeBar: true,
    scrollZoom: false,
    modeBarButtons: [["zoom3d", "tableRotation", "resetCameraDefault3d"]],
  };

  // On a narrow screen the labels of a bar chart stand above the bars instead of beside them.
  function narrowed(figure) {
    const layout = figure.layout;
    layout.font.size = 12;
    if (layout.xaxis && layout.xaxis.type === "date") layout.xaxis.nticks = 4;
    if (layout.scene) for (const k of "xyz") layout.scene.camera.eye[k] *= NARROW_ZOOM;
    if (layout.yaxis && layout.yaxis.scaleanchor) layout.height = 320;
    const labels = layout.yaxis && layout.yaxis.ticktext;
    if (!labels) return layout;
    const up = 0.22;
    const bar = 0.17;
    layout.margin = { ...layout.margin, l: 4, r: 4 };
    layout.height += 14 * labels.length;
    for (const note of layout.annotations) {
      note.xshift -= COLUMNS_PX;
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
    return layout;
  }

  async function drawAll() {
    for (const [name, figure] of Object.entries(figures)) {
      const layout = narrow ? narrowed(figure) : figure.layout;
      if (name === "globe") layout.height = place(name).clientHeight;
      else place(name).style.height = `${layout.height}px`;
      await Plotly.newPlot(place(name), figure.data, layout, name === "globe" ? solid : flat);
    }
  }

  // Little-endian base64 to a typed array.
  function decoded(text, kind) {
    if (text === null) return null;
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    return new kind(bytes.buffer);
  }

  function orbitClock() {
    const frames = movie.unix_ms.length;
    const count = movie.satellite.length;
    const marks = movie.markers;
    const position = decoded(movie.position, Float32Array);
    const markState = decoded(movie.marker_state, Uint8Array);
    const state = decoded(movie.state, Uint8Array);
    const sun = decoded(movie.sun, Float32Array);
    const offset = decoded(movie.offset, Float32Array);
    const details = [
      ["charge_percent", "battery", "%"],
      ["junction_c", "junction", "°C"],
      ["useful_percent", "useful share", "%"],
    ].map(([key, title, unit]) => ({ values: decoded(movie[key], Int16Array), title, unit })).filter((d) => d.values);
    const globe = place("globe");
    const named = (name) => globe.data.flatMap((trace, i) => (trace.name === name ? [i] : []));
    const nights = named("night");
    const suns = named("sun");
    const satellites = named("satellites");
    const still = [...nights, ...suns].map((i) => ["x", "y", "z"].map((k) => Float32Array.from(globe._fullData[i][k])));
    const views = [["formation-plane", 0], ["formation-side", 2]].filter(([name]) => place(name));
    const clock = document.getElementById("clock");
    const play = document.getElementById("play");
    const moment = document.getElementById("moment");
    const follow = document.getElementById("follow");

    function part(buffer, frame, axis, n) {
      return buffer.slice((frame * 3 + axis) * n, (frame * 3 + axis + 1) * n);
    }

    function hover(frame) {
      return Array.from({ length: count }, (_, i) => {
        const at = frame * count + i;
        const lines = details.filter((d) => d.values[at] !== movie.missing).map((d) => `${d.title} ${d.values[at]} ${d.unit}`);
        return [`Satellite ${movie.satellite[i]}`, movie.states[state[at]], ...lines].join("<br>");
      });
    }

    // The rotation that takes the Sun of the first frame to the Sun of this one, applied to the night side.
    function turned(frame) {
      const a = sun.slice(0, 3);
      const b = sun.slice(3 * frame, 3 * frame + 3);
      const axis = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
      const cos = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
      let sin = Math.hypot(...axis);
      let k = axis.map((v) => v / sin);
      if (sin < 1e-9) {
        sin = 0;
        k = [-a[1], a[0], 0].map((v) => v / Math.hypot(a[0], a[1]));
      }
      const m = [0, 1, 2].map((r) => [0, 1, 2].map((c) => {
        const cross = [[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]][r][c];
        return (r === c ? cos : 0) + sin * cross + (1 - cos) * k[r] * k[c];
      }));
      return still.map(([x, y, z]) => m.map((row) => x.map((v, i) => row[0] * v + row[1] * y[i] + row[2] * z[i])));
    }

    async function show(frame) {
      const when = new Date(movie.unix_ms[frame]).toISOString();
      moment.textContent = `${when.slice(0, 10)} ${when.slice(11, 19)} UTC`;
      for (const item of document.querySelectorAll(".count")) {
        const wanted = Number(item.dataset.state);
        item.textContent = state.subarray(frame * count, (frame + 1) * count).reduce((n, s) => n + (s === wanted), 0);
      }
      const texts = hover(frame);
      const colour = (source, n) => Float32Array.from(source.subarray(frame * n, (frame + 1) * n), (s) => s + 0.5);
      for (const [name, up] of views) {
        await Plotly.restyle(place(name), {
          x: [part(offset, frame, 1, count)],
          y: [part(offset, frame, up, count)],
          "marker.color": [colour(state, count)],
          hovertext: [texts],
        }, [0]);
      }
      const moved = turned(frame);
      await Plotly.restyle(globe, {
        x: [...moved.map((p) => p[0]), part(position, frame, 0, marks)],
        y: [...moved.map((p) => p[1]), part(position, frame, 1, marks)],
        z: [...moved.map((p) => p[2]), part(position, frame, 2, marks)],
      }, [...nights, ...suns, ...satellites]);
      await Plotly.restyle(globe, {
        "marker.color": [colour(markState, marks)],
        hovertext: [offset ? [movie.label] : texts],
      }, satellites);
      if (follow && follow.checked) await look(frame);
    }

    // Stands the camera where it sees what is followed; turning the globe by hand ends that.
    function look(frame) {
      const [x, y, z] = movie.eye[frame].map((v) => v * (narrow ? NARROW_ZOOM : 1));
      return Plotly.relayout(globe, { "scene.camera.eye": { x, y, z } });
    }

    // One frame after the other: a request that comes while one is drawn replaces those before it.
    let wanted = null;
    let busy = false;
    async function request(frame) {
      wanted = frame;
      if (busy) return;
      busy = true;
      while (wanted !== null) {
        const next = wanted;
        wanted = null;
        await show(next);
      }
      busy = false;
    }

    let playing = false;
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    async function run() {
      while (playing) {
        clock.value = (Number(clock.value) + 1) % frames;
        await Promise.all([request(Number(clock.value)), pause(300)]);
      }
    }
    if (clock) {
      globe.addEventListener("mousedown", () => { follow.checked = false; });
      globe.addEventListener("touchmove", () => { follow.checked = false; });
      follow.addEventListener("change", () => { if (follow.checked) request(Number(clock.value)); });
      clock.addEventListener("input", () => request(Number(clock.value)));
      play.addEventListener("click", () => {
        playing = !playing;
        play.textContent = playing ? "Pause" : "Play";
        play.setAttribute("aria-pressed", String(playing));
        if (playing) run();
      });
    }
    return request(0);
  }

  // Charts are drawn for the screen; paper gets them at its own width, the globe (a picture by now) its middle part.
  function resized(width) {
    for (const name of Object.keys(figures)) {
      if (name !== "globe") Plotly.relayout(place(name), { width: name.startsWith("formation") ? width && width / 2 : width });
    }
  }
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll("details").forEach((d) => { d.open = true; });
    resized(PAPER_PX);
    if (movie) {
      const inside = place("globe").firstElementChild;
      inside.style.transform = `translateX(${(PAPER_PX - inside.clientWidth) / 2}px)`;
    }
  });
  window.addEventListener("afterprint", () => {
    resized(null);
    if (movie) place("globe").firstElementChild.style.transform = "";
  });

  drawAll().then(() => (movie ? orbitClock() : null)).then(() => { document.documentElement.dataset.ready = "yes"; });
})();
