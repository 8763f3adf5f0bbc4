// Elements of the page in one call: tag, properties, children. Text is always text, never markup.
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "on") for (const [name, listener] of Object.entries(value)) node.addEventListener(name, listener);
    else if (key === "data") Object.assign(node.dataset, value);
    else if (key === "class") node.className = value;
    else if (key in node && key !== "list") node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const number = (value) => value.toLocaleString("en-US");

// A short message that goes by itself.
export function toast(message, kind = "note") {
  const host = document.getElementById("toasts");
  const box = el("div", { class: `toast ${kind}`, role: "status" }, message);
  host.append(box);
  setTimeout(() => box.remove(), kind === "error" ? 9000 : 4000);
}
