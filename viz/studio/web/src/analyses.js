// Analyses of the shown variant, asked for by the button of their panel: watched, and handed to the panel when they have ended.
import { ask } from "./server.js";
import * as S from "./state.js";

let running = null; // { task, key }
let answers = {}; // of the shown run: key of each answer, by task

const put = () => window.dash_clientside.set_props("answers", { data: { ...answers } });

// Another run is shown: its answers are not there yet, and what is being analysed is no longer wanted.
export function forget(key) {
  if (answers.of === key) return;
  answers = { of: key };
  put();
  stop();
}

export function stop() {
  if (running?.key) ask("cancel", { key: running.key }).catch(() => {});
  running = null;
}

function tell(task, text, busy) {
  const line = document.querySelector(`[data-task-status="${task}"]`), button = document.querySelector(`button[data-task="${task}"]`);
  if (line) line.textContent = text;
  if (button) button.textContent = busy ? "cancel" : (button.dataset.idle ?? "analyse");
}

const COUNTED = { days: "days are run", replicas: "replicas are run", processes: "processes are left out in turn" };
function howFar({ done, total, what }) {
  if (!total) return "at work";
  const share = `${Math.floor((100 * done) / total)} %`;
  return COUNTED[what] ? `${Math.floor(done)} of ${total} ${COUNTED[what]} (${share})` : share;
}

async function analyse(task) {
  if (running) {
    const before = running.task;
    stop();
    tell(before, "", false);
    if (before === task) return;
  }
  const mine = (running = { task, key: null }), of = answers.of, { sets, events, seed } = task === "mission" ? S.ofMission() : S.shown();
  tell(task, "waiting", true);
  try {
    while (running === mine) {
      const status = await ask("run", { sets, events, seed, task, wait_s: 0.5 });
      if (running !== mine) return;
      mine.key = status.key;
      if (status.state === "done") {
        running = null;
        answers = { ...answers, of, [task]: status.key };
        return put();
      }
      if (["queued", "running"].includes(status.state)) {
        tell(task, howFar(status), true);
        continue;
      }
      running = null;
      return tell(task, status.message || (status.problems ?? []).map(([field, message]) => (field ? `${field}: ${message}` : message)).join("; ") || status.state, false);
    }
  } catch (error) {
    if (running === mine) running = null;
    tell(task, error.message, false);
  }
}

export function listenForAnalyses() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-task]");
    if (button) analyse(button.dataset.task);
  });
}

// A tab by its name in the row below.
export function openTab(title) {
  [...document.querySelectorAll('.tabs [role="tab"]')].find((tab) => tab.textContent === title)?.click();
}

// A point of the opened sweep becomes a variant, or is shown again.
export async function openPoint(number) {
  const { name, sets } = await ask("point", { number });
  S.show({ name, sets, events: [], seed: null });
}
