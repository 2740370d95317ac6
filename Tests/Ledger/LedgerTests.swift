import Testing

@Suite("Ledger") struct LedgerTests {}
