/**
 * Forms made of a table: each row names a field of the object, how it is typed in, and what it is for.  Values are kept as text
 * until they are sent, so that nothing half-typed is lost.
 */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { fromRows, numbersOf, Ports, toRows } from "./ports";

export type FieldType = "text" | "number" | "switch" | "lines" | "numbers" | "pairs" | "choice" | "ports";

export interface Field {
  /** Where in the object: "a.addresses". */
  path: string;
  label: string;
  type: FieldType;
  help?: string;
  options?: string[];
  required?: boolean;
  /** Folded away. */
  advanced?: boolean;
}

export type Values = Record<string, string>;
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function valueAt(object: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), object);
}

export function toValues(fields: Field[], object: unknown): Values {
  const values: Values = {};
  for (const field of fields) {
    const value = valueAt(object, field.path);
    if (field.type === "ports") values[field.path] = toRows(isObject(value) ? value : {});
    else if (Array.isArray(value)) values[field.path] = value.join(field.type === "numbers" ? ", " : "\n");
    else if (field.type === "pairs" && isObject(value))
      values[field.path] = Object.entries(value)
        .map(([key, v]) => `${key} = ${String(v)}`)
        .join("\n");
    else values[field.path] = value === undefined || value === null ? "" : String(value);
  }
  return values;
}

const linesOf = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

function parse(field: Field, text: string): Json | undefined {
  switch (field.type) {
    case "number":
      return text.trim() === "" ? undefined : Number(text);
    case "switch":
      return text === "true";
    case "lines":
      return linesOf(text);
    case "numbers":
      return numbersOf(text);
    case "ports":
      return fromRows(text);
    case "pairs":
      return Object.fromEntries(
        linesOf(text).map((line) => {
          const cut = line.indexOf("=");
          return cut === -1 ? [line, ""] : [line.slice(0, cut).trim(), line.slice(cut + 1).trim()];
        }),
      );
    default:
      return text === "" ? undefined : text;
  }
}

/** Writes the fields over a copy of the object; what is empty goes away. */
export function fromValues(fields: Field[], values: Values, object: JsonObject): JsonObject {
  const copy = structuredClone(object);
  for (const field of fields) {
    const keys = field.path.split(".");
    const last = keys.pop() as string;
    let at: JsonObject = copy;
    for (const key of keys) {
      const next = at[key];
      const child: JsonObject = isObject(next) ? (next as JsonObject) : {};
      at[key] = child;
      at = child;
    }
    const value = parse(field, values[field.path] ?? "");
    if (value === undefined) delete at[last];
    else at[last] = value;
  }
  return copy;
}

function Input({ field, value, onChange }: { field: Field; value: string; onChange(value: string): void }) {
  const help = field.help ? `help-${field.path}` : undefined;
  const common = { name: field.path, "aria-describedby": help };
  switch (field.type) {
    case "switch":
      return (
        <input
          {...common}
          type="checkbox"
          checked={value === "true"}
          onChange={(e) => onChange(String(e.currentTarget.checked))}
        />
      );
    case "ports":
      return <Ports name={field.path} value={value} onChange={onChange} />;
    case "lines":
    case "pairs":
      return (
        <textarea
          {...common}
          rows={Math.max(2, value.split("\n").length)}
          spellcheck={false}
          value={value}
          onInput={(e) => onChange(e.currentTarget.value)}
        />
      );
    case "choice":
      return (
        <select
          {...common}
          required={field.required ?? false}
          value={value}
          onChange={(e) => onChange(e.currentTarget.value)}
        >
          {(field.options ?? []).map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
      );
    default:
      return (
        <input
          {...common}
          inputMode={field.type === "number" ? "numeric" : "text"}
          required={field.required ?? false}
          spellcheck={false}
          autocomplete="off"
          value={value}
          onInput={(e) => onChange(e.currentTarget.value)}
        />
      );
  }
}

function FieldRow(props: { field: Field; value: string; onChange(value: string): void }) {
  const { field } = props;
  const inside = (
    <>
      <Input {...props} />
      {field.help && (
        <small id={`help-${field.path}`} class="muted">
          {field.help}
        </small>
      )}
    </>
  );
  if (field.type === "ports") {
    return (
      <fieldset class="field">
        <legend>{field.label}</legend>
        {inside}
      </fieldset>
    );
  }
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: Input is one
    <label class={field.type === "switch" ? "field switch" : "field"}>
      <span>{field.label}</span>
      {inside}
    </label>
  );
}

interface Props {
  fields: Field[];
  start: Values;
  submit: string;
  onSubmit(values: Values): void;
  onCancel(): void;
  /** Below the fields, made of what is in them. */
  below?(values: Values): ComponentChildren;
}

export function Form({ fields, start, submit, onSubmit, onCancel, below }: Props) {
  const [values, setValues] = useState(start);
  const row = (field: Field) => (
    <FieldRow
      key={field.path}
      field={field}
      value={values[field.path] ?? ""}
      onChange={(value) => setValues({ ...values, [field.path]: value })}
    />
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(values);
      }}
    >
      <div class="dialog-body form">
        {fields.filter((field) => !field.advanced).map(row)}
        {fields.some((field) => field.advanced) && (
          <details class="quiet">
            <summary>Advanced</summary>
            <div class="form">{fields.filter((field) => field.advanced).map(row)}</div>
          </details>
        )}
        {below?.(values)}
      </div>
      <div class="dialog-foot">
        <span class="spring" />
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
        <button type="submit" class="primary">
          {submit}
        </button>
      </div>
    </form>
  );
}
