/** The command line that does what a button does. */
import type { Call } from "./client";

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

export function curlLine(call: Pick<Call, "method" | "path" | "body" | "headers">): string {
  const words = ["curl", "-sS", "-H", '"Authorization: Bearer $TOKEN"'];
  if (call.method !== "GET") words.push("-X", call.method);
  for (const [name, value] of Object.entries(call.headers ?? {})) words.push("-H", quote(`${name}: ${value}`));
  if (call.body !== undefined) {
    const type = call.method === "PATCH" ? "application/merge-patch+json" : "application/json";
    words.push("-H", quote(`Content-Type: ${type}`), "--data", quote(JSON.stringify(call.body)));
  }
  words.push(quote(location.origin + call.path));
  return words.join(" ");
}
