"use client";

import "./globals.css";

/** When even the frame around the pages broke. */
export default function GlobalError({ reset }: { error: Error; reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <main className="flex min-h-dvh flex-col items-center justify-center gap-4 p-8 text-center">
          <h1 className="text-2xl font-semibold">Jett&rsquo;s pages broke</h1>
          <button type="button" className="rounded-lg bg-jet px-4 py-2 font-medium text-jet-ink" onClick={reset}>
            Load them again
          </button>
        </main>
      </body>
    </html>
  );
}
