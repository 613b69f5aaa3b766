/** The part after '#': which view, and what is selected in it.  "#/topology?select=jail/guest1" */
import { computed, signal } from "@preact/signals";

export const views = ["topology", "drift", "macs", "events", "audit", "history", "edit", "tokens", "health"] as const;
export type View = (typeof views)[number];

function parse(hash: string): { view: View; params: URLSearchParams } {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const view = views.find((name) => name === path) ?? "topology";
  return { view, params: new URLSearchParams(query) };
}

const hash = signal(location.hash);
window.addEventListener("hashchange", () => {
  hash.value = location.hash;
});

const route = computed(() => parse(hash.value));
export const view = computed(() => route.value.view);
/** "jail/guest1", or null. */
export const selected = computed(() => route.value.params.get("select"));

export function linkTo(name: View, params: Record<string, string> = {}): string {
  const query = new URLSearchParams(params).toString();
  return `#/${name}${query === "" ? "" : `?${query}`}`;
}

export function select(object: string | null): void {
  const next = linkTo(view.value, object === null ? {} : { select: object });
  history.replaceState(null, "", next);
  hash.value = next;
}
