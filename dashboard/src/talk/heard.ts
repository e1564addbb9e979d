// Which part of a reply was heard, word by word. Pure.

/** Splits a reply where its sound was cut off. The two parts together are the reply. */
export function split(reply: string, heard: string, interrupted: boolean): [heard: string, unheard: string] {
  if (!interrupted) return [reply, ""];
  const wanted = words(heard).map(plain).filter(Boolean);
  let at = 0;
  let end = 0;
  for (const found of reply.matchAll(/\S+/g)) {
    const word = plain(found[0]);
    if (word && word !== wanted[at]) break;
    if (word) at += 1;
    end = found.index + found[0].length;
    if (at === wanted.length) break;
  }
  if (at === 0) return ["", reply];
  return [reply.slice(0, end), reply.slice(end)];
}

function words(text: string): string[] {
  return text.match(/\S+/g) ?? [];
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}
