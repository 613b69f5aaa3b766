/** What the daemon has, kept up to date by its events. */
import { batch, computed, signal } from "@preact/signals";
import { get, messageOf, Problem, request } from "../api/client";
import { EventStream } from "../api/events";
import { me, signIn } from "../api/session";
import type {
  Attachment,
  Bridge,
  Drift,
  Epair,
  EventRow,
  Interface,
  Jail,
  List,
  ServerInfo,
  Topology,
  Whoami,
} from "../api/types";

const ALL = "?limit=10000";
const EVENTS_KEPT = 500;
const LOOK_MS = 10_000;
const GATHER_MS = 15; // events of one change come together

export interface World {
  bridges: Bridge[];
  epairs: Epair[];
  jails: Jail[];
  attachments: Attachment[];
  interfaces: Interface[];
  drift: Drift[];
  /** ETag of the topology, for changes of the whole. */
  etag: string | null;
}

export type Link = "connecting" | "live" | "lost";

export const world = signal<World | null>(null);
export const server = signal<ServerInfo | null>(null);
export const events = signal<EventRow[]>([]); // newest first
export const link = signal<Link>("connecting");
export const linkReason = signal("");
export const loadError = signal<string | null>(null);
/** Counts reads of the world: views that read something of their own follow it. */
export const tick = signal(0);
export const isEmpty = computed(() => {
  const w = world.value;
  return w !== null && w.bridges.length + w.epairs.length + w.jails.length + w.attachments.length === 0;
});

async function readAttachments(topology: Topology): Promise<Attachment[]> {
  const names = Object.keys(topology.attachments ?? {});
  const found = await Promise.all(
    names.map((name) =>
      get<Attachment>(`/v1/interfaces/${encodeURIComponent(name)}/jail`).catch((error: unknown) => {
        if (error instanceof Problem && error.status === 404) return null; // gone meanwhile
        throw error;
      }),
    ),
  );
  return found.filter((item) => item !== null);
}

async function readWorld(): Promise<World> {
  const [bridges, epairs, jails, topology, interfaces, drift] = await Promise.all([
    get<List<Bridge>>(`/v1/bridges${ALL}`),
    get<List<Epair>>(`/v1/epairs${ALL}`),
    get<List<Jail>>(`/v1/jails${ALL}`),
    request<Topology>({ method: "GET", path: "/v1/topology" }),
    get<List<Interface>>(`/v1/interfaces${ALL}`),
    get<List<Drift>>(`/v1/drift${ALL}`),
  ]);
  return {
    bridges: bridges.items,
    epairs: epairs.items,
    jails: jails.items,
    attachments: await readAttachments(topology.body),
    interfaces: interfaces.items,
    drift: drift.items,
    etag: topology.etag,
  };
}

let reading = false;
let wanted = false;
let ended = 0;
let took = 0; // a rest as long as the last read: in a storm half of the time is spent reading
let timer: ReturnType<typeof setTimeout> | undefined;

async function read(): Promise<void> {
  if (reading) {
    wanted = true;
    return;
  }
  reading = true;
  const began = performance.now();
  try {
    const next = await readWorld();
    batch(() => {
      world.value = next;
      loadError.value = null;
      tick.value++;
    });
  } catch (error) {
    if (!(error instanceof Problem && error.status === 401)) loadError.value = messageOf(error);
  } finally {
    reading = false;
    ended = performance.now();
    took = ended - began;
  }
  if (wanted) {
    wanted = false;
    refresh();
  }
}

/** Reads the world soon: at once after a quiet time, less often in a storm. */
export function refresh(): void {
  if (timer !== undefined) return;
  const since = performance.now() - ended;
  timer = setTimeout(
    () => {
      timer = undefined;
      void read();
    },
    Math.max(GATHER_MS, took - since),
  );
}

/** No event tells of what is not ours, nor of a jail that the kernel lets go of at last: that is looked for while somebody looks. */
function lookAgain(): void {
  if (link.value === "live" && !document.hidden) refresh();
}
document.addEventListener("visibilitychange", lookAgain);
setInterval(lookAgain, LOOK_MS);

let stream: EventStream | null = null;

export function connect(): void {
  stream?.stop();
  stream = new EventStream({
    onOpen: (resumed) => {
      link.value = "live";
      // After an interruption the daemon may be another one, without the events that led to what it has.
      void read();
      if (resumed || server.value === null) void readServer();
    },
    onEvent: (event) => {
      events.value = [event, ...events.value.slice(0, EVENTS_KEPT - 1)];
      refresh();
    },
    onReset: () => void read(),
    onLost: (why) => {
      batch(() => {
        link.value = "lost";
        linkReason.value = why;
      });
    },
    onRefused: () => {
      signIn.value = "out";
    },
  });
  stream.start();
}

export function retryNow(): void {
  stream?.retryNow();
}

async function readServer(): Promise<void> {
  try {
    server.value = await get<ServerInfo>("/v1");
  } catch {
    // the stream tells when the daemon is back
  }
}

/** Are we let in?  Starts everything when we are. */
export async function enter(): Promise<void> {
  const [info, who] = await Promise.all([get<ServerInfo>("/v1"), get<Whoami>("/v1/whoami")]);
  batch(() => {
    server.value = info;
    me.value = who;
    signIn.value = "in";
  });
  connect();
}
