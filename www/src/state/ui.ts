/** What the person chose, kept across visits. */
import { effect, signal } from "@preact/signals";

function kept<T extends string>(key: string, values: readonly T[], start: T) {
  const stored = localStorage.getItem(`jailnet.${key}`);
  const choice = signal<T>(values.find((value) => value === stored) ?? start);
  effect(() => localStorage.setItem(`jailnet.${key}`, choice.value));
  return choice;
}

export const theme = kept("theme", ["auto", "light", "dark"], "auto");
export const showV4 = kept("v4", ["yes", "no"], "yes");
export const showV6 = kept("v6", ["yes", "no"], "no");

/** After how many seconds an unconfirmed change is taken back; 0 = never. */
export const confirmAfter = kept("confirm", ["0", "30", "60", "300"], "0");

effect(() => {
  if (theme.value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
});

/** Said aloud by screen readers, and shown for a moment. */
export const announcement = signal<{ text: string; serial: number } | null>(null);
let serial = 0;
export function announce(text: string): void {
  announcement.value = { text, serial: ++serial };
}
