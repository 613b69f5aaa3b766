/** A button with a list of buttons; arrow keys, Escape and a click elsewhere do what they do everywhere. */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./icon";

interface Props {
  label: string;
  icon: IconName;
  primary?: boolean;
  children: ComponentChildren;
}

export function Menu({ label, icon, primary = false, children }: Props) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const items = () => [...(root.current?.querySelectorAll<HTMLButtonElement>(".menu-items button") ?? [])];

  useLayoutEffect(() => {
    if (open) items()[0]?.focus();
  }, [open]);

  useEffect(() => {
    if (!open) return;
    const elsewhere = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", elsewhere);
    return () => document.removeEventListener("pointerdown", elsewhere);
  }, [open]);

  const onKeyDown = (event: KeyboardEvent) => {
    const list = items();
    const at = list.indexOf(document.activeElement as HTMLButtonElement);
    if (event.key === "Escape" && open) {
      setOpen(false);
      root.current?.querySelector("button")?.focus();
    } else if (event.key === "ArrowDown") {
      if (!open) setOpen(true);
      list[(at + 1) % list.length]?.focus();
    } else if (event.key === "ArrowUp") list[(at - 1 + list.length) % list.length]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the buttons inside are what is used; this hears their keys
    <div class="menu" ref={root} onKeyDown={onKeyDown}>
      <button
        type="button"
        class={primary ? "primary" : ""}
        aria-haspopup="true"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name={icon} />
        <span class="wide-only">{label}</span>
        <span class="sr narrow-only">{label}</span>
      </button>
      {open && (
        // biome-ignore lint/a11y/noStaticElementInteractions: a choice closes the menu
        // biome-ignore lint/a11y/useKeyWithClickEvents: buttons make clicks of keys
        <div class="menu-items" onClick={() => setOpen(false)}>
          {children}
        </div>
      )}
    </div>
  );
}
