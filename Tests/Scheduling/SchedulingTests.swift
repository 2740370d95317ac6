import Testing

@Suite("Scheduling") struct SchedulingTests {}
