/** Who we are to the API: a session cookie that scripts cannot read.  A token or a one-time code is exchanged for it and forgotten. */
import { computed, signal } from "@preact/signals";
import type { components } from "./schema";

export type SignIn = "unknown" | "in" | "out";
export const signIn = signal<SignIn>("unknown");
/** Why the sign-in page is shown. */
export const signInNote = signal<string | null>(null);

export const me = signal<components["schemas"]["Whoami"] | null>(null);
/** What the daemon would refuse is not offered. */
export const mayChange = computed(() => me.value !== null && me.value.role !== "viewer");
export const isAdmin = computed(() => me.value?.role === "admin");

/** "#code=jnl_...", from a sign-in link; taken out of the address at once. */
export function takeCode(): string | null {
  const code = /^#code=([\w-]+)$/.exec(location.hash)?.[1] ?? null;
  if (code !== null) history.replaceState(null, "", location.pathname);
  return code;
}
