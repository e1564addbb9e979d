"use client";

import { useEffect, useRef } from "react";

import type { Conversation } from "./conversation";
import { mood, type Mood } from "./dialogue";
import { draw, moved, still, type Orb as Drawn } from "./orb-drawing";

const CALM_MS = 250;
/** Thirty pictures a second: twice as many take a tenth of a core from the engines where nothing but the CPU draws. */
const FRAME_MS = 30;

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
    let frame = 0;
    const next = (now: number) => {
      const passed = now - last;
      if (passed >= (calm.matches ? CALM_MS : FRAME_MS)) {
        const seen = mood(conversation.state);
        orb = calm.matches ? still(seen) : moved(orb, seen, loud(conversation, seen), Math.min(0.1, passed / 1000));
        last = now;
        draw(paint, fitted(canvas), orb);
      }
      frame = requestAnimationFrame(next);
    };
    frame = requestAnimationFrame(next);
    return () => cancelAnimationFrame(frame);
  }, [conversation]);
  return <canvas ref={ref} aria-hidden className="block aspect-square w-full" />;
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
