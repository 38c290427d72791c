// The master's updates: server-sent events, read by hand, since the token must be sent in a header.

let token = new URLSearchParams(location.hash.slice(1)).get("token") || "";
// Keep the token out of the history and the address bar.
if (location.hash.startsWith("#token=")) history.replaceState(null, "", location.pathname);

/// The master requires a token; give_token() provides it.
class Unauthorized extends Error {}

let answer = null;
export function give_token(text) {
  token = text.trim();
  if (answer) answer();
}

async function read(on_news) {
  const headers = token ? { Authorization: "Bearer " + token } : {};
  const reply = await fetch("/events", { headers, cache: "no-store" });
  if (reply.status === 401) throw new Unauthorized(await reply.text());
  if (!reply.ok) throw new Error((await reply.text()).trim() || "status " + reply.status);
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("the master closed the connection");
    text += value;
    const events = text.split("\n\n");
    text = events.pop();
    for (const one of events) on_news(JSON.parse(one.slice("data: ".length)));
  }
}

/// Reads indefinitely and reconnects. `on_ask` shows or hides the token form.
export async function watch({ on_start, on_news, on_lost, on_ask }) {
  for (;;) {
    try {
      on_start();
      await read(on_news);
    } catch (error) {
      if (error instanceof Unauthorized) {
        const asked = new Promise((done) => (answer = done));
        on_ask(true, token !== "");
        await asked;
        on_ask(false);
        continue;
      }
      on_lost(error.message);
    }
    await new Promise((done) => setTimeout(done, 1000));
  }
}
