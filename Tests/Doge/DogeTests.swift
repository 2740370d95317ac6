import Testing

@Suite("Doge") struct DogeTests {}
