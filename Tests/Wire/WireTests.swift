import Testing

@Suite("Wire") struct WireTests {}
