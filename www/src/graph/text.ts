/** Widths of texts, measured once.  The fonts are those of graph.css. */
export const NAME_FONT = '600 13px "Inter Variable"';
export const COMPACT_FONT = '500 12px "Inter Variable"';
export const MONO_FONT = '400 10.5px "JetBrains Mono Variable"';

const known = new Map<string, number>();
let context: CanvasRenderingContext2D | null | undefined;

export function textWidth(text: string, font: string): number {
  const key = font + text;
  const seen = known.get(key);
  if (seen !== undefined) return seen;
  context ??= document.createElement("canvas").getContext("2d");
  if (!context) return text.length * 7;
  context.font = font;
  const { width } = context.measureText(text);
  if (known.size > 20_000) known.clear();
  known.set(key, width);
  return width;
}

/** Cuts with an ellipsis what is wider. */
export function fitText(text: string, font: string, width: number): string {
  if (textWidth(text, font) <= width) return text;
  let keep = text.length - 1;
  while (keep > 1 && textWidth(`${text.slice(0, keep)}…`, font) > width) keep--;
  return `${text.slice(0, keep)}…`;
}

/** Fonts have to be there before anything is measured. */
export async function fontsReady(): Promise<void> {
  await Promise.all([NAME_FONT, COMPACT_FONT, MONO_FONT].map((font) => document.fonts.load(font)));
}
