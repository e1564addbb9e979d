import Link from "next/link";

import { Button } from "@/ui/button";

export default function NotFound() {
  return (
    <div className="m-auto flex flex-col items-center gap-4 p-8 text-center">
      <h1 className="text-2xl font-semibold tracking-tight">There is no such page</h1>
      <Button asChild>
        <Link href="/">Talk to Jett</Link>
      </Button>
    </div>
  );
}
