// The orb, the dot of Jett's j: a disc, a halo and three rings that wave with how loud it is. Pure but for the canvas.

import type { Mood } from "./dialogue";

type Look = { size: number; glow: number; wave: number; spin: number; tint: [number, number, number] };

const JET: Look["tint"] = [63, 224, 245];
const ICE: Look["tint"] = [150, 240, 255];
const SEA: Look["tint"] = [72, 226, 190];
const DUSK: Look["tint"] = [122, 162, 255];
const ASH: Look["tint"] = [120, 152, 162];

/** Sizes are parts of the canvas's half width. */
const LOOKS: Record<Mood, Look> = {
  away: { size: 0.3, glow: 0.25, wave: 0.012, spin: 0.12, tint: ASH },
  connecting: { size: 0.28, glow: 0.35, wave: 0.02, spin: 1.6, tint: JET },
  listening: { size: 0.36, glow: 0.6, wave: 0.02, spin: 0.25, tint: JET },
  hearing: { size: 0.38, glow: 0.8, wave: 0.05, spin: 0.5, tint: ICE },
  thinking: { size: 0.33, glow: 0.6, wave: 0.035, spin: 1.4, tint: DUSK },
  speaking: { size: 0.4, glow: 0.9, wave: 0.06, spin: 0.5, tint: SEA },
};

/** What is drawn now; each frame it comes nearer to the mood's look, so that moods flow into each other. */
export type Orb = Look & { level: number; angle: number };

export function still(mood: Mood): Orb {
  return { ...LOOKS[mood], level: 0, angle: 0 };
}

/** `seconds` since the last frame. Levels rise at once and fall slowly. */
export function moved(orb: Orb, mood: Mood, level: number, seconds: number): Orb {
  const look = LOOKS[mood];
  const near = 1 - Math.exp(-seconds * 6);
  const mix = (from: number, to: number) => from + (to - from) * near;
  const rising = level > orb.level;
  return {
    size: mix(orb.size, look.size),
    glow: mix(orb.glow, look.glow),
    wave: mix(orb.wave, look.wave),
    spin: mix(orb.spin, look.spin),
    tint: [mix(orb.tint[0], look.tint[0]), mix(orb.tint[1], look.tint[1]), mix(orb.tint[2], look.tint[2])],
    level: orb.level + (level - orb.level) * (1 - Math.exp(-seconds * (rising ? 30 : 7))),
    angle: orb.angle + orb.spin * seconds,
  };
}

export function draw(canvas: CanvasRenderingContext2D, side: number, orb: Orb): void {
  const half = side / 2;
  canvas.clearRect(0, 0, side, side);
  canvas.save();
  canvas.translate(half, half);
  halo(canvas, half, orb);
  for (const ring of [2, 1, 0]) waving(canvas, half, orb, ring);
  disc(canvas, half * (orb.size * 0.8 + orb.level * 0.07), orb);
  canvas.restore();
}

function halo(canvas: CanvasRenderingContext2D, half: number, orb: Orb): void {
  const reach = half * Math.min(1, 0.72 + orb.level * 0.28);
  const light = canvas.createRadialGradient(0, 0, half * orb.size * 0.5, 0, 0, reach);
  light.addColorStop(0, colour(orb, 0.3 * orb.glow + 0.2 * orb.level));
  light.addColorStop(0.5, colour(orb, 0.08 * orb.glow));
  light.addColorStop(1, colour(orb, 0));
  canvas.fillStyle = light;
  canvas.fillRect(-half, -half, 2 * half, 2 * half);
}

function waving(canvas: CanvasRenderingContext2D, half: number, orb: Orb, ring: number): void {
  const radius = half * (orb.size + 0.07 + ring * (0.085 + orb.level * 0.05));
  const swing = half * orb.wave * (0.35 + ring * 0.3 + orb.level * 2.2);
  canvas.beginPath();
  for (let step = 0; step <= 180; step++) {
    const angle = (step / 180) * 2 * Math.PI;
    const turn = orb.angle * (ring % 2 === 0 ? 1 : -1.3);
    const bend = Math.sin(angle * 3 + turn * 2 + ring) * 0.6 + Math.sin(angle * 5 - turn * 3) * 0.4;
    const at = radius + swing * bend;
    canvas.lineTo(Math.cos(angle) * at, Math.sin(angle) * at);
  }
  canvas.closePath();
  canvas.strokeStyle = colour(orb, (0.5 - ring * 0.14) * (0.35 + 0.65 * orb.glow));
  canvas.lineWidth = half * (0.008 + (ring === 0 ? 0.006 : 0));
  canvas.stroke();
}

function disc(canvas: CanvasRenderingContext2D, radius: number, orb: Orb): void {
  const light = canvas.createRadialGradient(-radius * 0.35, -radius * 0.45, radius * 0.08, 0, 0, radius);
  light.addColorStop(0, `rgba(255,255,255,${0.55 + 0.4 * orb.glow})`);
  light.addColorStop(0.3, colour(orb, 0.55 + 0.4 * orb.glow));
  light.addColorStop(1, shaded(orb, 0.9));
  canvas.fillStyle = light;
  canvas.beginPath();
  canvas.arc(0, 0, radius, 0, 2 * Math.PI);
  canvas.fill();
}

function colour({ tint: [red, green, blue] }: Orb, alpha: number): string {
  return `rgba(${red | 0},${green | 0},${blue | 0},${alpha.toFixed(3)})`;
}

function shaded({ tint: [red, green, blue], glow }: Orb, alpha: number): string {
  const part = 0.22 + glow * 0.22;
  return `rgba(${(red * part) | 0},${(green * part) | 0},${(blue * part) | 0},${alpha})`;
}
