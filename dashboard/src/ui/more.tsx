"use client";

import { Button } from "./button";
import { Failed } from "./state";

type Pages = {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  isFetchNextPageError: boolean;
  error: unknown;
  fetchNextPage: () => unknown;
};

/** The next page of a list, while there is one. */
export function More({ pages }: { pages: Pages }) {
  if (pages.isFetchNextPageError) return <Failed error={pages.error} again={() => void pages.fetchNextPage()} />;
  if (!pages.hasNextPage) return null;
  return (
    <div className="flex justify-center pt-3">
      <Button size="small" look="ghost" disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
        {pages.isFetchingNextPage ? "Reading…" : "Show more"}
      </Button>
    </div>
  );
}
