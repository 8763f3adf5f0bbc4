// What the tour shows. Its actions lead to a smaller solar array beside the scenario as it was opened.
import { openTab } from "./analyses.js";
import * as S from "./state.js";

const AREA = "satellite.power.array.area";

export const steps = ({ form, globe, timeline }) => {
  const area = form.base?.[AREA], [number, unit] = (area ?? "").split(" "), less = `${Number((0.75 * Number(number)).toPrecision(3))} ${unit}`;
  const trial = area
    ? { does: `branch with ${less}`, act: () => {
        if (S.state().pinned === null) S.pin();
        S.branch("smaller array");
        S.set(AREA, less);
      } }
    : {};
  return [
    { at: ".middle", title: "A run, on the globe", text: "Satellites, stations, links and the shadow side at one moment of the run. Drag to turn, use the wheel to come closer, click a satellite to choose it. The list at the top left colours satellites by what they do." },
    { at: "#timeline", title: "Time", text: "Play it, drag the slider, or jump to the next event with N: an outage of the run, or how the chosen satellite goes into eclipse or is throttled.",
      does: "choose a satellite and jump", act: () => (globe.run && globe.choose([0]), timeline.jump(1)) },
    { at: ".right", title: "The figures that count", text: "How many of the FLOPs are usable, and what they cost. Below, the waterfall: every lost accelerator-second has one cause, and the causes add up." },
    { at: ".below", title: "Over time", text: "Power, temperatures and rates under one cursor, which stands at the time of the globe. Other tabs have events, latency, and analyses.", show: () => openTab("Over time") },
    { at: ".left", title: "The scenario", text: "Every number with its unit; pointing at one shows its meaning, its plausible range and its source. Assumptions are marked. Change one, and the answer comes at once.", show: () => form.focus(area ? AREA : "duration") },
    { at: "#variants", title: "What if?", text: "Pin the scenario as the baseline and branch a variant: all figures then show the difference. Undo takes everything back.", ...trial },
    { at: ".right", title: "The difference", text: "Beside each figure stands its change against the baseline; outlines in the waterfall are its bars. On the globe, colour by “useful, change” shows which satellites gain or lose." },
    { at: ".below", title: "Why?", text: "This analysis takes each cause of loss away in turn, and gives 10 % more of each input: what is worth changing next. Plan lists the best ways to divide a training job.", show: () => openTab("Why") },
    { at: ".tools", title: "Take it with you", text: "Export gives the command and the scenario file that reproduce what you see; the address of the page holds its whole state. Ctrl+K finds every command, field and satellite." },
  ];
};
