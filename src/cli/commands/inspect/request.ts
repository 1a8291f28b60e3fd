export interface InspectFlags {
  readonly member?: string;
  readonly all: boolean;
  readonly color: boolean;
  readonly offline: boolean;
}
