/** The data that the program writes into a page beside the scripts (`ReportPage.html`, `RunPicture.json`): for the check of the scripts. */
interface Summary {
  seeds: number;
  failed: number;
  milliseconds: number;
  events: number;
  virtualSeconds: number;
  digest: string;
  marks: { name: string; clause: string; count: number }[];
  coverage: [seeds: number, marks: number][];
  signatures: { signature: string; count: number; seed: string }[];
}

interface RunEvent {
  t: number;
  lane?: number;
  session?: number;
  kind: "connected" | "began" | "ended" | "sent" | "received" | "fault";
  name?: string;
  type?: string | null;
  id?: string | null;
  payload?: string | null;
  text?: string;
}

interface Share {
  failing: number;
  of: number;
}

interface Jump {
  event: number;
  t: number;
  before: Share;
  after: Share;
  words: string;
  index: number | null;
  isSeen: boolean;
}

interface Causality {
  continuations: number;
  runs: number;
  choices: number;
  moments: (Share & { event: number; t: number })[];
  jumps: Jump[];
  isClear: boolean;
  verdicts: (Share & { kind: "necessary" | "helpful" | "irrelevant"; words: string; value: number; bound: number; event: number; t: number })[];
}

interface RunData {
  title: string;
  command: string;
  failure: { oracle: string; clause: string | null; message: string; t: number } | null;
  lanes: string[];
  events: RunEvent[];
  script: string;
  trace: string;
  causality: Causality | null;
}

declare const data: { summary: Summary | null; runs: RunData[] };

/** Of ES2023: Debian's compiler is older. */
interface Array<T> {
  findLast(found: (value: T, index: number, all: T[]) => boolean): T | undefined;
}
