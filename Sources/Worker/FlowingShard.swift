/// A shard that hands its work out piece by piece, to any of the engine's threads.
protocol FlowingShard: AnyObject, Sendable {
    associatedtype Work: Sendable

    var shard: OpenShard { get }
    /// The next piece; nil once all are handed out, or where the shard is not wanted any more.
    func next() -> Work?
}
