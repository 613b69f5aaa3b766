/** The drawing as a file: SVG with its styles inside, PNG made of that, Mermaid from the daemon. */
import { messageOf, send } from "../api/client";
import { announce } from "../state/ui";

const WANTED = [
  "fill",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-linecap",
  "font-family",
  "font-size",
  "font-weight",
  "opacity",
  "display",
];

function save(name: string, data: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(data);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Styles come from the page: a file has to carry them itself. */
function writeStyles(from: Element, to: Element): void {
  const style = getComputedStyle(from);
  for (const name of WANTED) to.setAttribute(name, style.getPropertyValue(name));
  for (const name of ["class", "tabindex", "role"]) to.removeAttribute(name);
  [...from.children].forEach((child, i) => {
    const copy = to.children[i];
    if (copy) writeStyles(child, copy);
  });
}

/** As it looks from near, whatever the zoom leaves out; nothing is painted in between. */
function fromNear<T>(svg: SVGSVGElement, work: () => T): T {
  const far = svg.classList.contains("far");
  svg.classList.remove("far");
  try {
    return work();
  } finally {
    svg.classList.toggle("far", far);
  }
}

function standalone(svg: SVGSVGElement): { text: string; width: number; height: number } | null {
  const world = svg.querySelector<SVGGElement>("g.world");
  if (world === null) return null;
  const copy = world.cloneNode(true) as SVGGElement;
  const box = fromNear(svg, () => {
    writeStyles(world, copy);
    return world.getBBox();
  });
  copy.setAttribute("transform", `translate(${24 - box.x} ${24 - box.y})`);
  const [width, height] = [Math.ceil(box.width + 48), Math.ceil(box.height + 48)];
  const ground = getComputedStyle(svg).backgroundColor;
  const body = new XMLSerializer().serializeToString(copy);
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><rect width="100%" height="100%" fill="${ground}"/>${body}</svg>`;
  return { text, width, height };
}

export function exportSvg(svg: SVGSVGElement | null): void {
  const drawn = svg && standalone(svg);
  if (drawn) save("jailnet.svg", new Blob([drawn.text], { type: "image/svg+xml" }));
}

export async function exportPng(svg: SVGSVGElement | null): Promise<void> {
  const drawn = svg && standalone(svg);
  if (!drawn) return;
  const url = URL.createObjectURL(new Blob([drawn.text], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const scale = Math.min(2, 8000 / Math.max(drawn.width, drawn.height));
    const canvas = document.createElement("canvas");
    canvas.width = drawn.width * scale;
    canvas.height = drawn.height * scale;
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
    if (blob) save("jailnet.png", blob);
  } catch (error) {
    announce(`No PNG: ${messageOf(error)}`);
  } finally {
    URL.revokeObjectURL(url);
  }
}

export async function exportMermaid(): Promise<void> {
  try {
    const response = await send({
      method: "GET",
      path: "/v1/topology?format=mermaid",
      headers: { Accept: "text/plain" },
    });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    save("jailnet.mmd", await response.blob());
  } catch (error) {
    announce(`No Mermaid: ${messageOf(error)}`);
  }
}
