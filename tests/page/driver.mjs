// A browser for the tests of the page: reads one command per line, `{"do": "open", "url": "..."}`, and answers each with a line,
// `{"is": ...}` or `{"failed": "..."}`.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const browser = await chromium.launch({
  executablePath: process.argv[2],
  // As root in a container the sandbox cannot be set up.
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
page.setDefaultTimeout(60e3);
const complaints = [];
const asked = [];
page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(String(error)));
page.on("request", (request) => asked.push(request.url()));

const commands = {
  open: ({ url }) => page.goto(url).then(() => null),
  /// Replaces the master's response, for example to /events.
  fake: ({ path, body, type }) => page.route("**" + path, (route) => route.fulfill({ body, contentType: type })),
  /// The same, but only for requests with the token.
  guard: ({ path, body, type, token }) =>
    page.route("**" + path, (route) =>
      route.request().headers().authorization === "Bearer " + token
        ? route.fulfill({ body, contentType: type })
        : route.fulfill({ status: 401, body: "the cluster has a secret" })),
  eval: ({ code }) => page.evaluate(code),
  look: ({ colors, width, height }) =>
    page.emulateMedia({ colorScheme: colors }).then(() => page.setViewportSize({ width, height })),
  press: ({ key }) => page.keyboard.press(key),
  type: ({ text }) => page.keyboard.type(text),
  shot: ({ path, whole }) => page.screenshot({ path, fullPage: whole || false }).then(() => null),
  complaints: () => complaints.splice(0),
  asked: () => asked,
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  try {
    const is = await commands[command.do](command);
    console.log(JSON.stringify({ is: is === undefined ? null : is }));
  } catch (error) {
    console.log(JSON.stringify({ failed: String(error) }));
  }
}
await browser.close();
