/** Routes of jails, and what a change of their interfaces does to them. */
import type { Topology } from "./api/types";
import { contains } from "./net";

/** The addresses with prefix length that each jail has on its interfaces. */
function networksOfJails(topology: Required<Topology>): Map<string, string[]> {
  const networks = new Map<string, string[]>();
  const add = (jail: string | undefined, addresses: string[] | undefined) => {
    if (jail !== undefined) networks.set(jail, [...(networks.get(jail) ?? []), ...(addresses ?? [])]);
  };
  for (const { a, b } of Object.values(topology.epairs)) for (const end of [a, b]) add(end?.jail, end?.addresses);
  for (const item of Object.values(topology.attachments)) add(item.jail, item.addresses);
  return networks;
}

/** Makes a change, and takes away the routes whose gateways it put out of reach: the daemon would refuse them. */
export function dropLostRoutes(topology: Required<Topology>, change: () => void): void {
  const before = networksOfJails(topology);
  change();
  const after = networksOfJails(topology);
  for (const [name, jail] of Object.entries(topology.jails)) {
    const reached = (networks: string[] | undefined, gateway: string) =>
      (networks ?? []).some((network) => contains(network, gateway));
    const lost = (gateway: string) => reached(before.get(name), gateway) && !reached(after.get(name), gateway);
    jail.routes = Object.fromEntries(Object.entries(jail.routes ?? {}).filter(([, gateway]) => !lost(gateway)));
  }
}
