/** The MAC registry, and addresses that stand twice. */
import { useState } from "preact/hooks";
import type { Interface, List, MacItem } from "../api/types";
import { linkTo } from "../state/route";
import { world } from "../state/world";
import { useFetched } from "../ui/fetched";
import { ProblemNote } from "../ui/problem";
import { Table } from "../ui/table";

/**
 * Who else has an address of the registry: another entry, or an interface that is not ours.  Interfaces of the host among themselves
 * share one with good reason: a VLAN its parent's, a lagg its ports'; so does a bridge with a member of its own.
 */
function conflictsOf(macs: MacItem[], interfaces: Interface[]): Map<string, string[]> {
  const owners = new Map<string, string[]>();
  const used = macs.filter((mac) => mac.state !== "retired");
  for (const mac of used) {
    const key = mac.address.toLowerCase();
    owners.set(key, [...(owners.get(key) ?? []), `${mac.owner}${mac.end ? ` end ${mac.end}` : ""}`]);
  }
  for (const item of interfaces) {
    const key = item.mac.toLowerCase();
    const others = owners.get(key)?.filter((owner) => owner !== `bridge/${item.bridge}`) ?? [];
    if (others.length > 0) owners.set(key, [...others, `interface ${item.name}`]);
  }
  return new Map([...owners].filter(([, names]) => names.length > 1));
}

export function MacsView() {
  const { value, error } = useFetched<List<MacItem>>("/v1/macs?limit=10000");
  const [text, setText] = useState("");
  const words = text.toLowerCase();
  const macs = value?.items ?? [];
  const conflicts = conflictsOf(macs, world.value?.interfaces ?? []);
  const shown = macs.filter((mac) => `${mac.address} ${mac.owner} ${mac.state}`.toLowerCase().includes(words));
  return (
    <div class="page">
      <div class="page-head">
        <h1>MAC addresses</h1>
        <label class="search">
          <span class="sr">Search addresses and owners</span>
          <input
            type="search"
            placeholder="Address or owner"
            value={text}
            onInput={(e) => setText(e.currentTarget.value)}
          />
        </label>
      </div>
      {error !== null && <ProblemNote error={error} />}
      {conflicts.size > 0 && (
        <div class="warn" role="alert">
          <b>Addresses that stand twice</b>
          <ul>
            {[...conflicts].map(([address, names]) => (
              <li key={address}>
                <code>{address}</code> {names.join(", ")}
              </li>
            ))}
          </ul>
        </div>
      )}
      {value !== null && shown.length === 0 && <p class="empty">No address that fits.</p>}
      {shown.length > 0 && (
        <Table label="MAC addresses" head={["Address", "Owner", "End", "State", "Source"]}>
          {shown.slice(0, 1000).map((mac) => (
            <tr key={mac.address}>
              <td>
                <code>{mac.address}</code>
              </td>
              <td>
                {mac.state === "retired" ? (
                  mac.owner
                ) : (
                  <a href={linkTo("topology", { select: mac.owner })}>{mac.owner}</a>
                )}
              </td>
              <td>{mac.end}</td>
              <td>{mac.state}</td>
              <td class="muted">{mac.source}</td>
            </tr>
          ))}
        </Table>
      )}
      {shown.length > 1000 && <p class="muted">The first 1000 of {shown.length}; search for the rest.</p>}
    </div>
  );
}
