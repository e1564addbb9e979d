/** Plays a sound file to its end; the result ends it sooner. Without a blob address: the content security policy has none. */
export async function playWav(file: Blob): Promise<() => void> {
  const context = new AudioContext();
  const source = context.createBufferSource();
  source.buffer = await context.decodeAudioData(await file.arrayBuffer());
  source.connect(context.destination);
  const end = () => void (context.state !== "closed" && context.close());
  source.onended = end;
  source.start();
  return end;
}
