import type { components } from "./schema";

type Shapes = components["schemas"];

export type Status = Shapes["Status"];
export type Engine = Shapes["Engine"];
export type Latency = Shapes["Latency"];
export type StageTimes = Shapes["StageTimes"];
export type Container = Shapes["Container"];
export type Containers = Shapes["Containers"];
export type Permission = Shapes["Permission"];
export type Usage = Shapes["Usage"];
export type ChangeAsked = Shapes["ChangeAsked"];
export type Outcome = Shapes["Outcome"];
export type Conversation = Shapes["Conversation"];
export type Deleted = Shapes["Deleted"];
export type Turn = Shapes["Turn"];
export type TurnLine = Shapes["TurnLine"];
export type Span = Shapes["Span"];
export type ToolCall = Shapes["ToolCall"];
export type GuardDecision = Shapes["GuardDecision"];
export type AuditRecord = Shapes["AuditRecord"];
export type Setting = Shapes["Setting"];
export type Voice = Shapes["Voice"];
export type WakeHead = Shapes["WakeHead"];
export type Remembered = Shapes["Remembered"];
export type Socket = Shapes["Socket"];
