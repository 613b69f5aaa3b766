/** Who we are to the API: a session cookie that scripts cannot read.  A token or a one-time code is exchanged for it and forgotten. */
import { signal } from "@preact/signals";

export type SignIn = "unknown" | "in" | "out";
export const signIn = signal<SignIn>("unknown");

/** "#code=jnl_...", from a sign-in link; taken out of the address at once. */
export function takeCode(): string | null {
  const code = /^#code=([\w-]+)$/.exec(location.hash)?.[1] ?? null;
  if (code !== null) history.replaceState(null, "", location.pathname);
  return code;
}
