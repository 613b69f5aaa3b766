/** Counters as a live graph: bytes a second into and out of each interface.  uPlot comes when the first one is opened. */
import { useEffect, useRef, useState } from "preact/hooks";
import type uPlot from "uplot";
import { get } from "../api/client";
import type { components } from "../api/schema";
import { ProblemNote } from "../ui/problem";

type CounterList = components["schemas"]["CounterList"];
type Counter = CounterList["items"][number];
type Kind = "jail" | "bridge" | "epair";

const EVERY_MS = 2000;
const KEPT = 90; // three minutes

interface Sample {
  at: number; // seconds
  rx: number;
  tx: number;
}

const units = ["B/s", "kB/s", "MB/s", "GB/s"];
export function rate(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

/** What goes through counts once: a jail's own interfaces, a bridge's own, or one half of an epair. */
const counts: Record<Kind, (item: Counter, name: string) => boolean> = {
  jail: (item) => item.class === "nic",
  bridge: (item, name) => item.jail === null && item.interface === name,
  epair: (item) => item.end === "a",
};

function total(items: Counter[], kind: Kind, name: string): { rx: number; tx: number } {
  const counted = items.filter((item) => counts[kind](item, name));
  return counted.reduce((sum, item) => ({ rx: sum.rx + item.rx_bytes, tx: sum.tx + item.tx_bytes }), { rx: 0, tx: 0 });
}

function Graph({ samples }: { samples: Sample[] }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  useEffect(() => {
    let gone = false;
    void Promise.all([import("uplot"), import("uplot/dist/uPlot.min.css")]).then(([{ default: Plot }]) => {
      if (gone || place.current === null) return;
      const style = getComputedStyle(document.documentElement);
      const colour = (name: string) => style.getPropertyValue(name).trim();
      const axis = {
        stroke: colour("--muted"),
        grid: { stroke: colour("--line"), width: 1 },
        ticks: { show: false },
        font: '11px "Inter Variable"',
      };
      plot.current = new Plot(
        {
          width: place.current.clientWidth,
          height: 130,
          cursor: { show: false },
          legend: { show: false },
          scales: { y: { range: (_plot, _min, max) => [0, Math.max(1000, max * 1.1)] } },
          axes: [axis, { ...axis, size: 62, values: (_plot, values) => values.map(rate) }],
          series: [
            {},
            { label: "in", stroke: colour("--accent"), width: 1.6 },
            { label: "out", stroke: colour("--ready"), width: 1.6, dash: [5, 3] },
          ],
        },
        [[], [], []],
        place.current,
      );
    });
    return () => {
      gone = true;
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);
  useEffect(() => {
    plot.current?.setData([samples.map((s) => s.at), samples.map((s) => s.rx), samples.map((s) => s.tx)]);
  }, [samples]);
  return <div class="traffic-plot" ref={place} aria-hidden="true" />;
}

export function Traffic({ kind, name }: { kind: Kind; name: string }) {
  const [samples, setSamples] = useState<Sample[]>([]);
  const [items, setItems] = useState<Counter[]>([]);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    let last: { at: number; rx: number; tx: number } | null = null;
    const look = async () => {
      try {
        const list = await get<CounterList>(`/v1/counters?${kind}=${encodeURIComponent(name)}`);
        const now = { at: Date.parse(list.at) / 1000, ...total(list.items, kind, name) };
        setItems(list.items);
        setError(null);
        if (last !== null && now.at > last.at) {
          const time = now.at - last.at;
          const sample = {
            at: now.at,
            rx: Math.max(0, now.rx - last.rx) / time,
            tx: Math.max(0, now.tx - last.tx) / time,
          };
          setSamples((old) => [...old.slice(1 - KEPT), sample]);
        }
        if (last === null || now.at > last.at) last = now;
      } catch (cause) {
        setError(cause);
      }
    };
    void look();
    const timer = setInterval(() => void look(), EVERY_MS);
    return () => clearInterval(timer);
  }, [kind, name]);

  const newest = samples.at(-1);
  return (
    <div class="traffic">
      {error !== null && <ProblemNote error={error} />}
      <p class="legend">
        <span class="in">in {newest ? rate(newest.rx) : "…"}</span>
        <span class="out">out {newest ? rate(newest.tx) : "…"}</span>
      </p>
      <Graph samples={samples} />
      <table>
        <thead>
          <tr>
            <th>Interface</th>
            <th>In</th>
            <th>Out</th>
            <th>Errors</th>
            <th>Drops</th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={`${item.jail} ${item.interface}`}>
              <td>
                <code>{item.interface}</code>
              </td>
              <td>{item.rx_packets}</td>
              <td>{item.tx_packets}</td>
              <td>{item.rx_errors + item.tx_errors}</td>
              <td>{item.rx_drops + item.tx_drops}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
