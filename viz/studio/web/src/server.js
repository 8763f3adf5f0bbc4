// Questions to the server. A lost server is announced, and asked again until it answers.
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

let lost = false;
export const onLost = new Set();

function tell(now) {
  if (now === lost) return;
  lost = now;
  for (const listener of onLost) listener(lost);
  if (lost) again();
}

async function again() {
  while (lost) {
    await new Promise((done) => setTimeout(done, 1000));
    try {
      if ((await fetch("api/alive", { cache: "no-store" })).ok) tell(false);
    } catch {} // still lost
  }
}

async function answered(url, options) {
  let answer;
  try {
    answer = await fetch(url, { cache: "no-store", ...options });
  } catch {
    tell(true);
    throw new Refused(0, "the server does not answer");
  }
  tell(false);
  if (answer.ok) return answer;
  let message = `${answer.status} ${answer.statusText}`;
  try {
    message = (await answer.json()).message ?? message;
  } catch {} // no JSON
  throw new Refused(answer.status, message);
}

export const ask = async (name, body) =>
  (await answered(`api/${name}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })).json();

export const answer = async (name) => (await answered(`api/${name}`)).json();

export const bytes = async (name) => (await answered(`api/${name}`)).arrayBuffer();
