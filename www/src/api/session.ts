/** Who we are to the API: a session cookie (the browser keeps it), else a token that lives as long as this tab. */
import { signal } from "@preact/signals";

const KEY = "jailnet.token";

export type SignIn = "unknown" | "in" | "out";
export const signIn = signal<SignIn>("unknown");

let token = sessionStorage.getItem(KEY);

export function setToken(value: string | null): void {
  token = value;
  if (value === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, value);
}

export function authHeaders(): Record<string, string> {
  return token === null ? {} : { Authorization: `Bearer ${token}` };
}
