/** An object's fields in a form; what comes out is one PUT, guarded by the ETag of what was read. */
import { signal } from "@preact/signals";
import { propose } from "../state/change";
import { Dialog } from "../ui/dialog";
import { attachmentFields, bridgeFields, epairFields, jailFields } from "./fields";
import { Form, fromValues, type JsonObject, toValues, type Values } from "./form";

export interface Editable {
  kind: "bridge" | "epair" | "jail" | "interface";
  value: { name: string; revision: number };
  path: string;
}

const editing = signal<Editable | null>(null);
export function openEdit(item: Editable): void {
  editing.value = item;
}

const fieldsOf = { bridge: bridgeFields, epair: epairFields, jail: jailFields, interface: attachmentFields };

export function EditDialog() {
  const item = editing.value;
  if (item === null) return null;
  const fields = fieldsOf[item.kind];
  const { name, revision } = item.value;
  const close = () => {
    editing.value = null;
  };
  const submit = (values: Values) => {
    const body = fromValues(fields, values, item.value as unknown as JsonObject);
    const call = { method: "PUT" as const, path: item.path, body, headers: { "If-Match": `"r${revision}"` } };
    propose({ title: `Change ${item.kind} ${name}`, done: `${item.kind} ${name} changed`, call, onDone: close });
  };
  return (
    <Dialog title={`Edit ${item.kind} ${name}`} onClose={close}>
      <Form
        fields={fields}
        start={toValues(fields, item.value)}
        submit="Show the plan"
        onSubmit={submit}
        onCancel={close}
      />
    </Dialog>
  );
}
