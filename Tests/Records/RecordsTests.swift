import Testing

@Suite("Records") struct RecordsTests {}
