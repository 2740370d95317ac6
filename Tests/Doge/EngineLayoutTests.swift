import Testing

@testable import Doge

@Suite("How threads share an engine's work") struct EngineLayoutTests {
    private static func configuration(experts: Int?) throws -> DogeConfiguration {
        let more = experts.map {
            ",\"is_moe\":true,\"num_experts\":\($0),\"num_experts_per_tok\":2"
        }
        return try TinyModel.configuration(
            "{\"hidden_size\":64,\"num_attention_heads\":4,\"num_hidden_layers\":1\(more ?? "")}"
        )
    }

    @Test("replicas are the rule, ranks where a layer's experts exceed the last cache")
    func auto() throws {
        // 4,096 rows of 64 numbers, two tables: 2 MiB in f32, 1 MiB in bf16.
        let large = try Self.configuration(experts: 4_096)
        for (c, type, cache, layout) in [
            (try Self.configuration(experts: nil), .f32, 1, EngineLayout(replicas: 4, ranks: 1)),
            (large, .f32, 2 << 20, EngineLayout(replicas: 4, ranks: 1)),
            (large, .f32, (2 << 20) - 1, EngineLayout(replicas: 1, ranks: 4)),
            (large, .bf16, 1 << 20, EngineLayout(replicas: 4, ranks: 1)),
            (large, .int8, (1 << 20) - 1, EngineLayout(replicas: 1, ranks: 4)),
        ] as [(DogeConfiguration, DataType, Int, EngineLayout)] {
            let choice = EngineLayout.Wish(threads: 4, cacheBytes: cache).choice(for: c, type)
            #expect(choice.layout == layout, "\(choice.reason)")
        }
        let small = EngineLayout.Wish(threads: 2).choice(
            for: try Self.configuration(experts: 16),
            .f32
        )
        #expect(
            small.reason.hasPrefix("a layer's experts take 8 KiB, and the last cache holds 32 MiB")
        )
        // A row has at most sixteen owners, and every thread has work.
        for (threads, replicas, ranks) in [(64, 4, 16), (24, 2, 12), (16, 1, 16), (17, 17, 1)] {
            let choice = EngineLayout.Wish(threads: threads, cacheBytes: 1).choice(for: large, .f32)
            #expect(choice.layout == EngineLayout(replicas: replicas, ranks: ranks))
        }
        let single = EngineLayout.Wish(threads: 1, cacheBytes: 1).choice(for: large, .f32)
        #expect(single.layout == EngineLayout(replicas: 1, ranks: 1))
    }

    @Test("who asks gets what he asks for, and the rest of the threads in the other number")
    func asked() throws {
        let c = try Self.configuration(experts: 4_096)
        for (replicas, ranks, layout) in [
            (3, nil, EngineLayout(replicas: 3, ranks: 2)),
            (nil, 3, EngineLayout(replicas: 2, ranks: 3)),
            (2, 3, EngineLayout(replicas: 2, ranks: 3)),
        ] as [(Int?, Int?, EngineLayout)] {
            let wish = EngineLayout.Wish(
                threads: 6,
                replicas: replicas,
                ranks: ranks,
                cacheBytes: 1
            )
            #expect(wish.choice(for: c, .f32).layout == layout)
            #expect(wish.layouts == [layout])
        }
        #expect(EngineLayout.Wish(threads: 6).layouts.map(\.ranks) == [1, 2, 3, 6])
    }

    @Test(
        "a batch has as many tokens as leave a layer in a thread's share of the cache, 128 to 512"
    )
    func batchTokens() throws {
        let c = try Self.configuration(experts: nil)
        let row = c.hiddenSize + max(2 * (c.queryWidth + c.keyWidth), c.intermediateSize)
        for (share, type, tokens) in [
            (nil, .f32, 512), (1 << 30, .f32, 512), (0, .f32, 128),
            (300 * 4 * row, .f32, 288), (300 * 6 * row, .bf16, 288), (300 * 4 * row, .int8, 224),
        ] as [(Int?, DataType, Int)] {
            let wish = EngineLayout.Wish(threads: 2, cacheShare: share)
            #expect(wish.batchTokens(for: c, type) == tokens)
        }
    }
}
