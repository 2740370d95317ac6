/// The version of this program, as `kennel --version` and a worker's greeting tell it.
enum Version {
    static let current = "0.1.0"
}
