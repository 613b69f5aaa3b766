/** Names for the schemas of openapi/openapi.yaml that the dashboard uses. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Bridge = Schemas["Bridge"];
export type Epair = Schemas["Epair"];
export type Jail = Schemas["Jail"];
export type Attachment = Schemas["Attachment"];
export type Interface = Schemas["Interface"];
export type Topology = Schemas["TopologyWrite"];
export type End = Schemas["End"];
export type Status = Schemas["Status"];
export type Plan = Schemas["Plan"];
export type PlanStep = Plan["steps"][number];
export type Operation = Schemas["Operation"];
export type EventRow = Schemas["Event"];
export type Drift = Schemas["Drift"];
export type MacItem = Schemas["MacItem"];
export type ProblemBody = Schemas["Problem"];
export type ServerInfo = Schemas["Server"];
export type Probe = Schemas["Probe"];
export type Whoami = Schemas["Whoami"];
export type Labels = Schemas["Labels"];

export interface List<T> {
  items: T[];
  next: string | null;
}
