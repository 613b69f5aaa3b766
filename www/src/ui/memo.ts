/** Draws a component anew only when one of its properties is another one. */
import { Component, type ComponentChildren } from "preact";

export function memo<P extends object>(draw: (props: P) => ComponentChildren) {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      const now: P = this.props;
      const names = new Set([...Object.keys(now), ...Object.keys(next)]) as Set<keyof P>;
      for (const name of names) if (now[name] !== next[name]) return true;
      return false;
    }
    override render(props: P) {
      return draw(props);
    }
  };
}
