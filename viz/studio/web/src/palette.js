// Every command by name (Ctrl+K), and by its key.
import { el } from "./dom.js";

const commands = [];
let box = null;

// A command: name, what it does, and a key such as "p" or "shift+p".
export function command(name, run, key = "") {
  commands.push({ name, run, key });
}

// Commands that depend on what is loaded, such as the fields of the form.
let further = () => [];
export const furtherCommands = (list) => (further = list);

function score(words, name) {
  const text = name.toLowerCase();
  let total = 0;
  for (const word of words) {
    const at = text.indexOf(word);
    if (at < 0) return -1;
    total += at + (at && text[at - 1] !== " " ? 5 : 0);
  }
  return total;
}

export function openPalette() {
  if (box) return;
  const before = document.activeElement;
  let found = [], at = 0;
  const input = el("input", { type: "text", placeholder: "Type a command, a field or a satellite", ariaLabel: "Command", spellcheck: false });
  const list = el("ul", { role: "listbox" });
  const close = () => {
    const gone = box;
    box = null; // first: what is removed loses its focus, and would close again
    gone?.remove();
    before?.focus?.();
  };
  const pick = (i) => {
    const chosen = found[i];
    close();
    chosen?.run();
  };
  const fill = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = [...commands, ...further()].map((c) => ({ ...c, rank: score(words, c.name) })).filter((c) => c.rank >= 0)
      .sort((a, b) => (words.length ? a.rank - b.rank : 0)).slice(0, 40);
    at = 0;
    draw();
  };
  const draw = () => {
    list.replaceChildren(...found.map((c, i) =>
      el("li", { role: "option", ariaSelected: String(i === at), class: i === at ? "at" : "", on: { pointerdown: (e) => (e.preventDefault(), pick(i)) } },
        el("span", {}, c.name), c.key ? el("kbd", {}, c.key) : null)));
    if (!found.length) list.append(el("li", { class: "none" }, "nothing of that name"));
    list.children[at]?.scrollIntoView({ block: "nearest" });
  };
  input.addEventListener("input", fill);
  input.addEventListener("blur", () => box && close());
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) at = (at + step + found.length) % found.length;
    else if (event.key === "Enter") return pick(at);
    else if (event.key === "Escape") return close();
    else return;
    event.preventDefault();
    draw();
  });
  box = el("div", { class: "palette", role: "dialog", ariaLabel: "Commands" }, input, list);
  document.getElementById("studio").append(box);
  fill();
  input.focus();
}

// Keys outside of fields; Ctrl+K everywhere.
export function listenForKeys() {
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      return openPalette();
    }
    const typing = event.target.closest?.("input:not([type=range]):not([type=radio]):not([type=checkbox]), select, textarea, [contenteditable]");
    if (typing) return event.key === "Escape" ? event.target.blur() : undefined;
    const parts = [event.ctrlKey || event.metaKey ? "ctrl" : "", event.shiftKey && /^[a-z]$/i.test(event.key) ? "shift" : "", event.key === " " ? "space" : event.key.toLowerCase()];
    const key = parts.filter(Boolean).join("+");
    const found = commands.find((c) => c.key === key);
    if (!found || (key === "space" && event.target.tagName === "BUTTON")) return;
    event.preventDefault();
    found.run();
  });
}
