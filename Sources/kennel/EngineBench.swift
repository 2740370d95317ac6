import Doge

/// Runs what `kennel bench` measures of the engine.
struct EngineBench {
    private let plan: BenchPlan
    private let kernels: InstructionSet

    /// A figure, and the operations per second that it stands for, where they can be counted.
    private struct Figure {
        var run: BenchFacts.Run
        let operations: Double?
    }

    init(_ plan: BenchPlan) throws(CommandFailure) {
        self.plan = plan
        do throws(ModelError) {
            kernels = if let named = plan.kernels { named } else { try InstructionSet.chosen() }
        } catch {
            throw CommandFailure(error)
        }
    }

    func passes(model: String, batch: Int, length: Int) throws(CommandFailure) -> BenchFacts {
        try measure(model) { engine throws(EngineError) in
            let rate = try engine.passRate(batch: batch, length: length, seconds: plan.seconds)
            let operations = engine.model.configuration.operations(length: length)
            var run = BenchFacts.Run(
                dtype: engine.model.dataType.rawValue,
                batch: batch,
                length: length,
                tokensPerSecond: rate
            )
            if plan.hasProfile {
                let profile = try engine.profile(
                    batch: batch,
                    length: length,
                    seconds: plan.seconds
                )
                run.profile = profile.shares.map { .init(part: $0.part.name, share: $0.share) }
            }
            return Figure(run: run, operations: rate * operations / Double(length))
        }
    }

    func streams(
        model: String,
        streams: Int,
        prompt: Int,
        new: Int
    ) throws(CommandFailure) -> BenchFacts {
        do throws(ModelError) {
            _ = try ModelCheck(directory: model, task: .generate)
        } catch {
            throw CommandFailure(error)
        }
        return try measure(model) { engine throws(EngineError) in
            let rate = try engine.decodeRate(
                streams: streams,
                prompt: prompt,
                new: new,
                seconds: plan.seconds
            )
            let run = BenchFacts.Run(
                dtype: engine.model.dataType.rawValue,
                streams: streams,
                prompt: prompt,
                new: new,
                tokensPerSecond: rate
            )
            return Figure(run: run, operations: nil)
        }
    }

    func experts(_ shape: LookupRate.Shape) throws(CommandFailure) -> BenchFacts {
        var facts = BenchFacts(kernels: kernels.rawValue)
        do throws(ModelError) {
            for type in plan.types {
                let lookup = try LookupRate(shape, type, kernels: kernels)
                for ranks in Set([1, plan.threads]).sorted() {
                    let rate = try lookup.tokensPerSecond(ranks: ranks, seconds: plan.seconds)
                    facts.runs.append(
                        BenchFacts.Run(
                            dtype: type.rawValue,
                            ranks: ranks,
                            tokensPerSecond: rate
                        )
                    )
                }
            }
        } catch {
            throw CommandFailure(error)
        }
        return facts
    }

    /// One figure of the model for each type and layout.
    private func measure(
        _ directory: String,
        _ figure: (Engine) throws(EngineError) -> Figure
    ) throws(CommandFailure) -> BenchFacts {
        var facts = BenchFacts(kernels: kernels.rawValue)
        for type in plan.types {
            let model: DogeModel
            do throws(ModelError) {
                model = try DogeModel(
                    directory: directory,
                    dataType: type,
                    on: kernels,
                    threads: plan.threads
                )
            } catch {
                throw CommandFailure(error)
            }
            var limit = try limit(type)
            var figures: [Figure] = []
            for layout in plan.layouts {
                var told = ""
                var made = try run(model, layout) { engine throws(EngineError) in
                    told = engine.placementSentence
                    return try figure(engine)
                }
                made.run.replicas = layout.replicas
                made.run.tensorParallel = layout.ranks
                if !facts.placements.contains(told) { facts.placements.append(told) }
                figures.append(made)
                limit = max(limit, try self.limit(type))
            }
            let reached = figures.compactMap(\.operations).max() ?? 0
            for _ in 0..<Self.limitsMore where limit < reached {
                limit = max(limit, try self.limit(type))
            }
            facts.limits[type.rawValue] = limit / 1e9
            facts.runs += figures.map { figure in
                var run = figure.run
                if let operations = figure.operations { run.setShare(operations, of: limit) }
                return run
            }
        }
        return facts
    }

    /// How often the limit is looked for again where a figure lies above it.
    private static let limitsMore = 8

    /// What the cores do in registers at this moment.
    ///
    /// A moment may be slow, by the clock or by neighbours: the limit is the best of those around
    /// all figures of a type.
    private func limit(_ type: DataType) throws(CommandFailure) -> Double {
        do throws(ModelError) {
            return try MachineLimit.operationsPerSecond(
                type,
                threads: plan.threads,
                kernels: kernels
            )
        } catch {
            throw CommandFailure(error)
        }
    }

    private func run(
        _ model: DogeModel,
        _ layout: EngineLayout,
        _ figure: (Engine) throws(EngineError) -> Figure
    ) throws(CommandFailure) -> Figure {
        let engine: Engine
        do throws(ModelError) {
            engine = try Engine(
                model: model,
                layout: layout,
                pinning: plan.pinning,
                batchTokens: plan.wish.batchTokens(for: model.configuration, model.dataType)
            )
        } catch {
            throw CommandFailure(error)
        }
        do throws(EngineError) {
            return try figure(engine)
        } catch {
            throw .usage("the model could not be measured: \(error.description)")
        }
    }
}
