/// Why a cluster could not be made to do what a test needs; not what it did wrong.
package struct ChaosFailure: Error, CustomStringConvertible {
    /// One sentence.
    package let description: String

    /// Describes a failure.
    package init(_ description: String) {
        self.description = description
    }
}
