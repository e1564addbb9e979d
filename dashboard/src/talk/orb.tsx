"use client";

import { useEffect, useRef } from "react";

import type { Conversation } from "./conversation";
import { mood, type Mood } from "./dialogue";
import { draw, moved, still, type Orb as Drawn } from "./orb-drawing";

const CALM_MS = 250;
/** And to the screen's next picture: about thirty a second. */
const SMOOTH_MS = 20;
/** While Jett hears and thinks on this very machine, its engines need the processor that draws. */
const SPARING_MS = 100;
const HERE = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** The orb on its canvas. Where motion is unwanted it does not turn or wave: only its size and colour say the mood. */
export function Orb({ conversation }: { conversation: Conversation }) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const canvas = ref.current;
    const paint = canvas?.getContext("2d");
    if (!canvas || !paint) return undefined;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    let orb: Drawn = still("away");
    let last = performance.now();
    let waiting: ReturnType<typeof setTimeout> | undefined;
    let frame = 0;
    const next = (now: number) => {
      const seen = mood(conversation.state);
      const passed = Math.min(2 * SPARING_MS, now - last) / 1000;
      orb = calm.matches ? still(seen) : moved(orb, seen, loud(conversation, seen), passed);
      last = now;
      draw(paint, fitted(canvas), orb);
      // A frame asked for and not drawn in costs almost as much as one that is: hence the timer.
      waiting = setTimeout(ask, calm.matches ? CALM_MS : every(seen));
    };
    const ask = () => {
      frame = requestAnimationFrame(next);
    };
    ask();
    return () => {
      clearTimeout(waiting);
      cancelAnimationFrame(frame);
    };
  }, [conversation]);
  return <canvas ref={ref} aria-hidden className="block aspect-square w-full" />;
}

/** Milliseconds from one picture to the next. */
function every(seen: Mood): number {
  const busy = seen === "hearing" || seen === "thinking";
  return busy && HERE.has(window.location.hostname) ? SPARING_MS : SMOOTH_MS;
}

function loud({ level, wishes }: Conversation, seen: Mood): number {
  if (seen === "speaking") return level.mouth;
  return seen === "away" || seen === "thinking" || wishes.muted ? 0 : level.ear;
}

/** The canvas has as many dots as the screen shows; their count on a side. */
function fitted(canvas: HTMLCanvasElement): number {
  const side = Math.round(canvas.clientWidth * window.devicePixelRatio);
  if (canvas.width !== side) canvas.width = canvas.height = side;
  return side;
}
