// The shown variant as a command and as a file.
import { el, toast } from "./dom.js";
import { ask } from "./server.js";
import { shown } from "./state.js";

export async function exported(host) {
  const { sets, events, seed, name } = shown();
  try {
    const found = await ask("export", { sets, events, seed });
    const close = el("button", { type: "button", class: "plain", on: { click: () => dialog.remove() } }, "close");
    const copy = (text, what) => el("button", { type: "button", class: "plain", on: { click: () => navigator.clipboard?.writeText(text).then(() => toast(`${what} copied`)) } }, "copy");
    const save = el("a", { class: "plain", download: `${name.replace(/\W+/g, "_")}.yaml`, href: URL.createObjectURL(new Blob([found.yaml], { type: "text/yaml" })) }, "save as file");
    const dialog = el("div", { class: "dialog", role: "dialog", ariaLabel: "Export", id: "export", on: { keydown: (event) => event.key === "Escape" && dialog.remove() } },
      el("h3", {}, "The command that reproduces it", copy(found.command, "command")), el("pre", { id: "export-command" }, found.command),
      el("h3", {}, "The scenario as a file", save), el("pre", { class: "long", id: "export-yaml" }, found.yaml), close);
    host.append(dialog);
    close.focus();
  } catch (error) {
    toast(error.message, "error");
  }
}
