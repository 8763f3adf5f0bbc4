// Opens the page: unpacks, draws, starts the clock; says so if it cannot.
(async () => {
  const { figures, movie } = JSON.parse(await unpacked("data"));
  await loadLibrary();

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

  const film = movie && new Film(movie);
  if (film) primed(film, figures);
  await drawAll(figures);
  if (film) new OrbitClock(film);
  document.documentElement.dataset.ready = "yes";
})().catch((error) => {
  const trouble = document.getElementById("trouble");
  trouble.textContent = `The charts of this page could not be drawn; a browser of 2023 or later is needed. (${error.message})`;
  trouble.hidden = false;
  throw error;
});
