"use client";

import { useInfiniteQuery, useMutation, useQuery, useQueryClient, type QueryKey } from "@tanstack/react-query";

import { api, rememberCsrf, took } from "./client";
import { following, type Paged } from "./cursors";

export const keys = {
  session: ["session"],
  status: ["status"],
  latency: ["latency"],
  containers: ["containers"],
  questions: ["questions"],
  conversations: ["conversations"],
  turns: ["turns"],
  audit: ["audit"],
  settings: ["settings"],
  voices: ["voices"],
  wake: ["wake"],
  policy: ["policy"],
  privacy: ["privacy"],
  memories: ["memories"],
} as const satisfies Record<string, QueryKey>;

export function useSession() {
  return useQuery({
    queryKey: keys.session,
    queryFn: async () => {
      const session = await took(api.GET("/api/session"));
      rememberCsrf(session.csrf);
      return session;
    },
  });
}

export const useStatus = () =>
  useQuery({ queryKey: keys.status, queryFn: () => took(api.GET("/api/status")), refetchInterval: 15_000 });

export const useLatency = () =>
  useQuery({
    queryKey: keys.latency,
    queryFn: () => took(api.GET("/api/latency", { params: { query: { last: 40 } } })),
  });

/** Read again every five seconds for the usage; changes of state come by the live events. */
export const useContainers = () =>
  useQuery({ queryKey: keys.containers, queryFn: () => took(api.GET("/api/containers")), refetchInterval: 5_000 });

export const useQuestions = () =>
  useQuery({ queryKey: keys.questions, queryFn: () => took(api.GET("/api/confirmations")) });

export const useSettings = () => useQuery({ queryKey: keys.settings, queryFn: () => took(api.GET("/api/settings")) });
export const useVoices = () => useQuery({ queryKey: keys.voices, queryFn: () => took(api.GET("/api/voices")) });
export const useWakeWords = () => useQuery({ queryKey: keys.wake, queryFn: () => took(api.GET("/api/wake")) });
export const usePolicy = () => useQuery({ queryKey: keys.policy, queryFn: () => took(api.GET("/api/policy")) });
export const usePrivacy = () =>
  useQuery({ queryKey: keys.privacy, queryFn: () => took(api.GET("/api/privacy")), refetchInterval: 10_000 });

export const useLog = (name: string) =>
  useQuery({
    queryKey: ["log", name],
    queryFn: () => took(api.GET("/api/containers/{name}/logs", { params: { path: { name }, query: { lines: 200 } } })),
    gcTime: 0,
  });

type Cursor = { before?: string };

function usePages<P extends Paged>(queryKey: QueryKey, page: (cursor: Cursor) => Promise<P>) {
  return useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => page(pageParam ? { before: pageParam } : {}),
    initialPageParam: "",
    getNextPageParam: following,
  });
}

export const useConversations = () =>
  usePages(keys.conversations, (query) => took(api.GET("/api/conversations", { params: { query } })));

/** Its turns are read onwards: a page's `next` is where the one after it begins. */
export const useConversation = (id: number) =>
  usePages([...keys.conversations, id], ({ before }) =>
    took(api.GET("/api/conversations/{id}", { params: { path: { id }, query: before ? { after: before } : {} } })),
  );

export const useTurns = (query: string) =>
  usePages([...keys.turns, "list", query], (cursor) =>
    took(api.GET("/api/turns", { params: { query: { ...cursor, ...(query ? { query } : {}) } } })),
  );

export const useTurn = (id: number) =>
  useQuery({
    queryKey: [...keys.turns, id],
    queryFn: () => took(api.GET("/api/turns/{id}", { params: { path: { id } } })),
  });

export const useAudit = () => usePages(keys.audit, (query) => took(api.GET("/api/audit", { params: { query } })));

export const useMemories = (query: string) =>
  usePages([...keys.memories, query], (cursor) =>
    took(api.GET("/api/memories", { params: { query: { ...cursor, ...(query ? { query } : {}) } } })),
  );

/** A change; what it touches is read anew afterwards, whether it worked or not. */
export function useChange<V, T>(change: (value: V) => Promise<T>, ...touched: QueryKey[]) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () => Promise.all(touched.map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}
