/** The three figures that explain VNET; the drawings this project starts from. */
import figure1 from "../../openapi/examples/figure-1.json";
import figure2 from "../../openapi/examples/figure-2.json";
import figure3 from "../../openapi/examples/figure-3.json";
import type { Topology } from "./api/types";
import { propose } from "./state/change";

export interface Figure {
  name: string;
  says: string;
  topology: Topology;
}

export const figures: Figure[] = [
  { name: "Figure 1", says: "Jails on the host's own network, through one bridge", topology: figure1 },
  { name: "Figure 2", says: "Two subnets; the host routes between them", topology: figure2 },
  { name: "Figure 3", says: "Front end on the network, back end behind a jail that routes", topology: figure3 },
];

export function proposeFigure(figure: Figure): void {
  propose({
    title: `Load ${figure.name}`,
    done: `${figure.name} is in the kernel`,
    call: { method: "PUT", path: "/v1/topology", body: figure.topology, headers: { "If-Match": "*" } },
  });
}
