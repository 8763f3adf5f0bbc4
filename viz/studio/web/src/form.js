// The scenario as a form. Every change is an override of the shown variant; what differs from the opened scenario is marked.
import { el } from "./dom.js";
import { set, shown, valueOf } from "./state.js";

const title = (text) => (/^\d+$/.test(text) ? `${Number(text) + 1}` : text.replaceAll("_", " ").replace(/^\w/, (c) => c.toUpperCase()));

export class Form {
  constructor(host) {
    this.host = host;
    this.rows = new Map();
    this.open = new Set(["", "constellation", "satellite"]);
    this.only = "all";
    this.search = el("input", {
      type: "search", id: "field-search", placeholder: "Find a field", ariaLabel: "Find a field", on: { input: () => this.filter() },
    });
    const kinds = [["all", "All"], ["changed", "Changed"], ["assumption", "Assumptions"]];
    this.only_ = el("div", { class: "switch", role: "radiogroup", ariaLabel: "Fields shown" }, kinds.map(([value, text]) =>
      el("label", {}, el("input", { type: "radio", name: "only", value, checked: value === "all", on: { change: () => ((this.only = value), this.filter()) } }), text)));
    this.list = el("div", { class: "fields" });
    this.problems = el("div", { class: "problems", role: "alert" });
    host.append(el("div", { class: "form-head" }, this.search, this.only_), this.problems, this.list);
  }

  // Show a document of the server: fields, texts of the opened scenario, problems.
  show(document_) {
    const paths = document_.fields.map((field) => field.path).join("|");
    this.base = document_.base;
    if (paths !== this.paths) this.build(document_.fields);
    this.paths = paths;
    for (const field of document_.fields) this.update(field);
    this.mark(document_.problems);
    this.filter();
  }

  build(fields) {
    const focused = document.activeElement?.id;
    this.rows.clear();
    this.list.replaceChildren();
    const sections = new Map();
    for (const field of fields) {
      const parts = field.path.split("."), heads = fields.some((other) => other.path.startsWith(`${field.path}.`));
      const top = parts.length > 1 || heads ? parts[0] : "", alone = !fields.some((other) => other.path.startsWith(`${parts[0]}.1.`));
      const section = sections.get(top) ?? this.section(top, sections);
      const between = parts.slice(1, -1).filter((part) => !(alone && part === "0")), group = between.join(" · ");
      if (group !== section.group) {
        section.group = group;
        if (group) section.body.append(el("h4", {}, between.map(title).join(" · ")));
      }
      section.body.append(this.row(field, parts));
    }
    if (focused) document.getElementById(focused)?.focus();
  }

  section(top, sections) {
    const body = el("div", { class: "section-body" });
    const fold = el("details", { open: this.open.has(top), on: { toggle: (event) => (event.target.open ? this.open.add(top) : this.open.delete(top)) } },
      el("summary", {}, top ? title(top) : "Run", el("span", { class: "count" })), body);
    const made = { body, fold, group: null };
    this.list.append(fold);
    sections.set(top, made);
    return made;
  }

  row(field, parts) {
    const id = `field-${field.path}`, label = title(parts.at(-1)) + (field.form === "choice" && parts.length === 1 ? "" : "");
    const send = (event) => this.send(field.path, event.target);
    const input =
      field.form === "switch" ? el("input", { type: "checkbox", id, on: { change: send } })
      : field.form === "choice" ? el("select", { id, on: { change: send } }, field.choices.map((c) => el("option", { value: c }, c)))
      : el("input", { type: "text", id, spellcheck: false, autocomplete: "off", on: { change: send } });
    const reset = el("button", { type: "button", class: "reset", title: "Back to the opened scenario", ariaLabel: `Reset ${label}`, on: { click: () => set(field.path, null) } }, "↺");
    const error = el("p", { class: "field-error", id: `${id}-error` });
    input.setAttribute("aria-describedby", `${id}-error`);
    const node = el("div", { class: "field" }, el("label", { htmlFor: id }, label), el("span", { class: "kind" }), input, reset, error);
    this.rows.set(field.path, { node, input, error, field });
    return node;
  }

  send(path, input) {
    const value = input.type === "checkbox" ? String(input.checked) : input.value.trim();
    set(path, value === this.base[path] || value === "" ? null : value);
  }

  update(field) {
    const row = this.rows.get(field.path), own = valueOf(shown(), field.path), text = own ?? field.text;
    row.field = field;
    if (row.input.type === "checkbox") row.input.checked = text === "true";
    else if (document.activeElement !== row.input || row.input.tagName === "SELECT") row.input.value = text;
    const changed = own !== null || (field.path in this.base && this.base[field.path] !== field.text);
    row.node.classList.toggle("changed", own !== null);
    row.node.classList.toggle("follows", own === null && changed);
    const kind = row.node.querySelector(".kind");
    kind.textContent = field.kind === "assumption" ? "assumed" : field.kind === "estimated" ? "est." : "";
    kind.dataset.kind = field.kind;
    const range = field.low || field.high ? `Plausible: ${field.low || "…"} to ${field.high || "…"} ${field.unit}` : "";
    row.node.title = [
      field.path, field.meaning, range, field.limits && `Permitted: ${field.limits}`, field.kind && `${field.kind}: ${field.source}`, field.note,
      field.path in this.base && own !== null ? `Opened with ${this.base[field.path]}` : "",
    ].filter(Boolean).join("\n");
  }

  // Problems at their fields, in the words of the command line; others above the form.
  mark(problems) {
    const loose = [];
    for (const row of this.rows.values()) {
      row.error.textContent = "";
      row.node.classList.remove("wrong");
    }
    for (const [path, message] of problems) {
      const row = this.rows.get(path);
      if (!row) {
        loose.push(path ? `${path}: ${message}` : message);
        continue;
      }
      row.error.textContent = message;
      row.node.classList.add("wrong");
      row.node.closest("details").open = true;
    }
    this.problems.replaceChildren(...loose.map((text) => el("p", {}, text)));
    if (problems.length) this.rows.get(problems[0][0])?.node.scrollIntoView({ block: "nearest" });
  }

  filter() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = ({ node, field }) => {
      if (this.only === "changed" && !node.classList.contains("changed") && !node.classList.contains("follows")) return false;
      if (this.only === "assumption" && field.kind !== "assumption") return false;
      const text = `${field.path} ${field.path.replaceAll("_", " ")} ${field.meaning}`.toLowerCase();
      return words.every((word) => text.includes(word));
    };
    for (const row of this.rows.values()) row.node.hidden = !wanted(row);
    for (const fold of this.list.children) {
      const visible = [...fold.querySelectorAll(".field")].filter((node) => !node.hidden);
      fold.hidden = !visible.length;
      fold.querySelector(".count").textContent = visible.length;
      if (words.length || this.only !== "all") fold.open = true;
      for (const heading of fold.querySelectorAll("h4")) {
        let next = heading.nextElementSibling, any = false;
        for (; next && next.tagName !== "H4"; next = next.nextElementSibling) any ||= !next.hidden;
        heading.hidden = !any;
      }
    }
  }

  focus(path) {
    const row = this.rows.get(path);
    if (!row) return;
    row.node.closest("details").open = true;
    row.node.hidden = false;
    row.node.scrollIntoView({ block: "center" });
    row.input.focus();
    row.input.select?.();
  }
}
