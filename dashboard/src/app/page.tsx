import { Talk } from "@/talk/talk";

export default function TalkPage() {
  return <Talk />;
}
