import Doge

/// Runs what `kennel bench` measures of the engine.
struct EngineBench {
    private let plan: BenchPlan

    init(_ plan: BenchPlan) { self.plan = plan }

    func passes(model: String, batch: Int, length: Int) throws(CommandFailure) -> BenchFacts {
        try measure(model) { engine, limit throws(EngineError) in
            let rate = try engine.passRate(batch: batch, length: length, seconds: plan.seconds)
            let operations = engine.model.configuration.operations(length: length)
            var run = BenchFacts.Run(
                dtype: engine.model.dataType.rawValue,
                batch: batch,
                length: length,
                tokensPerSecond: rate,
                limitShare: rate * operations / Double(length) / limit
            )
            if plan.hasProfile {
                let profile = try engine.profile(
                    batch: batch,
                    length: length,
                    seconds: plan.seconds
                )
                run.profile = profile.shares.map { .init(part: $0.part.name, share: $0.share) }
            }
            return run
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
        return try measure(model) { engine, _ throws(EngineError) in
            let rate = try engine.decodeRate(
                streams: streams,
                prompt: prompt,
                new: new,
                seconds: plan.seconds
            )
            return BenchFacts.Run(
                dtype: engine.model.dataType.rawValue,
                streams: streams,
                prompt: prompt,
                new: new,
                tokensPerSecond: rate
            )
        }
    }

    func experts(_ shape: LookupRate.Shape) throws(CommandFailure) -> BenchFacts {
        var facts = BenchFacts()
        do throws(ModelError) {
            for type in plan.types where type != .int8 {
                let lookup = try LookupRate(shape, type)
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
        _ figure: (Engine, _ limit: Double) throws(EngineError) -> BenchFacts.Run
    ) throws(CommandFailure) -> BenchFacts {
        var facts = BenchFacts()
        for type in plan.types {
            let limit: Double
            let model: DogeModel
            do throws(ModelError) {
                limit = try MachineLimit.operationsPerSecond(type, threads: plan.threads)
                model = try DogeModel(
                    directory: directory,
                    dataType: type,
                    threads: plan.threads
                )
            } catch {
                throw CommandFailure(error)
            }
            facts.limits[type.rawValue] = limit / 1e9
            for layout in plan.layouts {
                var run = try run(model, layout) { engine throws(EngineError) in
                    try figure(engine, limit)
                }
                run.replicas = layout.replicas
                run.tensorParallel = layout.ranks
                facts.runs.append(run)
            }
        }
        return facts
    }

    private func run(
        _ model: DogeModel,
        _ layout: EngineLayout,
        _ figure: (Engine) throws(EngineError) -> BenchFacts.Run
    ) throws(CommandFailure) -> BenchFacts.Run {
        let engine: Engine
        do throws(ModelError) {
            engine = try Engine(model: model, layout: layout)
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
