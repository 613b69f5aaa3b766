/** The command line that does what a button does. */
import type { Call } from "./client";

const ARGUMENT_MAX = 400; // what is longer comes by stdin: nobody reads it in a line, and a whole topology is no argument at all

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

export function curlLine(call: Pick<Call, "method" | "path" | "body" | "headers">): string {
  const words = ["curl", "-sS", "-H", '"Authorization: Bearer $TOKEN"'];
  if (call.method !== "GET") words.push("-X", call.method);
  for (const [name, value] of Object.entries(call.headers ?? {})) words.push("-H", quote(`${name}: ${value}`));
  const body = call.body === undefined ? null : JSON.stringify(call.body);
  const isLong = body !== null && body.length > ARGUMENT_MAX;
  if (body !== null) {
    const type = call.method === "PATCH" ? "application/merge-patch+json" : "application/json";
    words.push("-H", quote(`Content-Type: ${type}`));
    if (!isLong) words.push("--data", quote(body));
    else words.push("--data-binary", "@-");
  }
  words.push(quote(location.origin + call.path));
  return isLong ? `${words.join(" ")} <<'EOF'\n${body}\nEOF` : words.join(" ");
}
