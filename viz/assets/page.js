// Start of the page: unpack the data, draw the figures, start the controls; show an error message on failure.
(async () => {
  const { figures, animation, satellites } = JSON.parse(await unpacked("data"));
  await loadLibrary();

  // For printing, charts are redrawn at the width of the paper; the globe, already an image, is centred.
  function resize(width) {
    for (const name of Object.keys(figures)) {
      const half = figureElement(name).closest(".pair") !== null;
      if (name !== "globe") Plotly.relayout(figureElement(name), { width: half ? width && width / 2 : width });
    }
  }
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll("details").forEach((d) => { d.open = true; });
    resize(PAPER_PX);
    if (animation) {
      const content = figureElement("globe").firstElementChild;
      content.style.transform = `translateX(${(PAPER_PX - content.clientWidth) / 2}px)`;
    }
  });
  window.addEventListener("afterprint", () => {
    resize(null);
    if (animation) figureElement("globe").firstElementChild.style.transform = "";
  });

  const arrays = animation || satellites ? await unpacked("arrays", "arrayBuffer") : null;
  const frameData = animation && new FrameData(animation, arrays);
  const satelliteData = satellites && new SatelliteData(satellites, arrays);
  if (frameData) setFirstFrame(frameData, figures);
  if (satelliteData) setFirstSatellite(satelliteData, figures);
  await drawAll(figures);
  if (satelliteData) await new SatelliteControls(satelliteData, figures).drawCharts();
  if (frameData) new GlobeInput(new AnimationControls(frameData));
  document.documentElement.dataset.ready = "yes";
})().catch((error) => {
  const message = document.getElementById("error-message");
  message.textContent = `The charts of this page could not be drawn; a browser of 2023 or later is needed. (${error.message})`;
  message.hidden = false;
  throw error;
});
