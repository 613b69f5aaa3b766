/** Line icons on a 16 x 16 grid. */
const paths = {
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  close: "M4 4l8 8M12 4l-8 8",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.5 10.5l3 3",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9",
  moon: "M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1Z",
  auto: "M8 13.5a5.5 5.5 0 1 0 0-11v11ZM8 2.5a5.5 5.5 0 0 0 0 11",
  leave: "M6.5 13.5H3.2a.7.7 0 0 1-.7-.7V3.2c0-.4.3-.7.7-.7h3.3M10.5 11l3-3-3-3M13.5 8h-7",
  warning: "M8 2.5l6 10.7H2L8 2.5ZM8 6.5v3.2M8 11.4v.1",
  play: "M5 3.5v9l7-4.5-7-4.5Z",
  stop: "M4.5 4.5h7v7h-7z",
  restart: "M13 8a5 5 0 1 1-1.6-3.7M13 2.5v2.8h-2.8",
  edit: "M3 13l.7-3L10.5 3.2l2.3 2.3L6 12.3 3 13Z",
  move: "M2.5 8h11M10.5 5l3 3-3 3M5.5 5l-3 3 3 3",
  trash: "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5",
  path: "M4 5.5a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6ZM12 14a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6ZM4 5.5v3.7a3 3 0 0 0 3 3h3.2",
  copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z",
  download: "M8 2.5v7.5M5 7.5l3 3 3-3M2.5 13.5h11",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="line-icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
