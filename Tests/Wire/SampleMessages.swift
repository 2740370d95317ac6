import Wire

/// What both directions of the job plane share, so that one test serves both.
protocol CodedMessage: Equatable, Sendable {
    func encode(_ envelope: Envelope) -> Frames
    static func decode(_ frames: Frames) throws(WireError) -> (Envelope, Self)
    /// Messages of every kind, small, empty and as large as they may be.
    static var samples: [Self] { get }
}

/// Values at the edges of what a message may hold.
enum Sample {
    static let session = WireSession(high: 0x0102_0304_0506_0708, low: .max - 1)
    static let envelope = Envelope(epoch: 3, session: session, sequence: 77)
    static let envelopes = [
        envelope,
        Envelope(epoch: 0, session: WireSession(high: 0, low: 0), sequence: 0),
        Envelope(epoch: .max, session: WireSession(high: .max, low: .max), sequence: .max),
    ]
    static let texts = ["", "plain", "nul \u{0} inside", "été άνοιξη 秋 🐕‍🦺 e\u{301}"]
    static let payloads = [[], [7], full]
    static let full = (0..<WireLimits.payloadBytesMax).map { UInt8(truncatingIfNeeded: $0) }
    /// As many leases as a list may name.
    static let leases = (0..<UInt64(WireLimits.listCountMax)).map { UInt64.max - $0 }
}

extension WorkerMessage: CodedMessage {
    static var samples: [WorkerMessage] {
        var messages: [WorkerMessage] = [
            .hello(hello(text: "", number: 0, models: [], leases: [])),
            .hello(hello(text: "", number: .max, models: Sample.texts, leases: Sample.leases)),
            .heartbeat(Heartbeat(isDraining: false, residentMiB: 0, held: [])),
            .heartbeat(
                Heartbeat(
                    isDraining: true,
                    residentMiB: .max,
                    held: Sample.leases.map {
                        HeldProgress(lease: $0, records: .max, tokens: .max)
                    }
                )
            ),
            .credit(total: 0), .credit(total: .max),
            .inputAck(lease: 1, nextOffset: 0), .inputAck(lease: .max, nextOffset: .max),
            .release([]), .release([1]), .release(Sample.leases),
        ]
        for text in Sample.texts {
            messages.append(.hello(hello(text: text, number: 5, models: [text], leases: [9])))
            messages.append(.bye(reason: text))
        }
        for failure in FailureClass.allCases {
            messages.append(.fail(lease: 1, failure, record: -1, text: Sample.texts[3]))
            messages.append(.fail(lease: .max, failure, record: .max, text: ""))
        }
        for bytes in Sample.payloads {
            messages.append(.resultChunk(lease: 4, offset: .max, bytes: bytes))
            messages.append(.resultEnd(end(number: 0, bytes: bytes)))
            messages.append(.resultEnd(end(number: .max, bytes: bytes)))
        }
        return messages
    }

    private static func hello(
        text: String,
        number: UInt32,
        models: [String],
        leases: [UInt64]
    ) -> Hello {
        Hello(
            versionMin: UInt16(clamping: number),
            versionMax: .max,
            build: text,
            machineID: text,
            bootID: text,
            instance: text,
            cores: number,
            memoryMiB: .max,
            models: models,
            slots: number,
            held: leases.map { HeldLease(lease: $0, isDone: $0 % 2 == 0) }
        )
    }

    private static func end(number: UInt32, bytes: [UInt8]) -> ResultEnd {
        ResultEnd(
            lease: 4,
            records: number,
            failedRecords: number,
            tokens: UInt64(number) << 32,
            byteCount: UInt64(bytes.count),
            digestHigh: .max - 1,
            digestLow: 1,
            bytes: bytes
        )
    }
}

extension CoordinatorMessage: CodedMessage {
    static var samples: [CoordinatorMessage] {
        var messages: [CoordinatorMessage] = [
            .welcome(welcome(number: 0, keep: [], drop: [])),
            .welcome(welcome(number: .max, keep: Sample.leases, drop: Sample.leases)),
            .chunkAck(lease: 1, nextOffset: 0), .chunkAck(lease: .max, nextOffset: .max),
            .cancel(lease: 1), .cancel(lease: .max),
            .heartbeatAck(sequence: 0, cancel: []),
            .heartbeatAck(sequence: .max, cancel: Sample.leases),
            .resync, .fenced, .drain,
        ]
        for refusal in Refusal.allCases {
            let text = Sample.texts[3]
            messages.append(.refuse(refusal, retryAfterMilliseconds: 0, text: ""))
            messages.append(.refuse(refusal, retryAfterMilliseconds: .max, text: text))
        }
        for outcome in Outcome.allCases {
            messages.append(.resultAck(lease: 5, outcome))
        }
        for bytes in Sample.payloads {
            messages.append(.inputChunk(lease: 6, offset: .max, bytes: bytes))
            messages.append(.assign(assign(text: "", number: 0, bytes: bytes)))
            messages.append(.assign(assign(text: Sample.texts[3], number: .max, bytes: bytes)))
        }
        return messages
    }

    static func assign(text: String, number: UInt32, bytes: [UInt8]) -> Assign {
        Assign(
            lease: 6,
            job: text,
            shard: .max,
            attempt: number,
            modelDigest: text,
            modelPath: text,
            options: text,
            firstLine: UInt64(number),
            lineCount: .max,
            recordCount: UInt64(number),
            inputByteCount: .max,
            digestHigh: 0,
            digestLow: .max,
            isOverlong: number > 0,
            bytes: bytes
        )
    }

    private static func welcome(number: UInt32, keep: [UInt64], drop: [UInt64]) -> Welcome {
        Welcome(
            generation: UInt64(number) << 32,
            heartbeatMilliseconds: number,
            deadMilliseconds: number,
            keep: keep,
            drop: drop
        )
    }
}
