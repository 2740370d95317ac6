// swift-tools-version: 6.2
import PackageDescription

/// Settings that every Swift target shares; each feature turns a hidden cost or a hidden import
/// into a visible one.
let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// C is for leaf kernels and thin wrappers; `assert` stays out of release builds, as SwiftPM does
/// not define NDEBUG.
let cSettings: [CSetting] = [
    .enableWarning("all"),
    .treatAllWarnings(as: .error),
    .define("_GNU_SOURCE"),
    .define("NDEBUG", .when(configuration: .release)),
]

/// A C library of the system, found by its module map alone.
func system(_ name: String, debian: String) -> Target {
    .systemLibrary(name: name, path: "Sources/\(name)", providers: [.apt([debian])])
}

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        exclude: ["README.md"],
        swiftSettings: swiftSettings
    )
}

/// The tests of one module, in a folder of its name; they read golden files where these lie in the
/// source tree.
func tests(
    _ name: String,
    _ dependencies: [Target.Dependency] = [],
    below path: String = "",
    exclude: [String] = []
) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: dependencies,
        path: "Tests/\(name)\(path)",
        exclude: exclude,
        swiftSettings: swiftSettings
    )
}

/// What the tests of several modules need, in a folder beside theirs.
func testSupport(
    _ folder: String,
    _ dependencies: [Target.Dependency],
    below path: String = ""
) -> Target {
    .target(
        name: "Test\(folder)",
        dependencies: dependencies,
        path: "Tests/\(folder)\(path)",
        swiftSettings: swiftSettings
    )
}

/// A program for developers, in a folder below Tests; it is no part of the product.
func testProgram(_ name: String, _ path: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name,
        dependencies: dependencies,
        path: path,
        swiftSettings: swiftSettings
    )
}

/// The same in C, for what tests in Swift cannot do; the module is `C` and the folder's name.
func testSupportInC(_ folder: String) -> Target {
    .target(
        name: "C\(folder)",
        path: "Tests/\(folder)",
        cSettings: cSettings
    )
}

let package = Package(
    name: "Kennel",
    products: [
        .executable(name: "kennel", targets: ["kennel"]),
        .executable(name: "kennel-simulate", targets: ["kennel-simulate"]),
        .executable(name: "kennel-stub-worker", targets: ["kennel-stub-worker"]),
        .executable(name: "kennel-fuzz", targets: ["kennel-fuzz"]),
        .executable(name: "kennel-chaos", targets: ["kennel-chaos"]),
        .library(name: "kennel-power-loss", type: .dynamic, targets: ["CPowerLoss"]),
    ],
    targets: [
        // C libraries of the system.
        system("CZeroMQ", debian: "libzmq3-dev"),
        system("CSQLite", debian: "libsqlite3-dev"),
        system("CPCRE2", debian: "libpcre2-dev"),
        system("CXXHash", debian: "libxxhash-dev"),
        system("COpenSSL", debian: "libssl-dev"),
        system("CZstd", debian: "libzstd-dev"),
        system("CZlib", debian: "zlib1g-dev"),
        system("CMicroHTTPD", debian: "libmicrohttpd-dev"),
        system("CCurl", debian: "libcurl4-openssl-dev"),
        system("CHwloc", debian: "libhwloc-dev"),
        // C of our own.
        .target(name: "CDogeKernels", exclude: ["README.md"], cSettings: cSettings),
        .target(name: "CLinux", exclude: ["README.md"], cSettings: cSettings),
        // Threads, files and digests of the operating system, for all above.
        library("Platform", ["CLinux", "CXXHash", "CHwloc", "COpenSSL"]),
        // The engine.
        library("Doge", ["CDogeKernels", "Platform"]),
        library("Tokenization", ["CPCRE2"]),
        library("Records", ["CZstd", "CZlib", "Platform"]),
        // The job plane.
        library("Wire", ["CZeroMQ", "CLinux"]),
        library("Scheduling"),
        library("Ledger", ["CSQLite", "Platform", "Scheduling"]),
        library("Coordinator", ["Wire", "Scheduling", "Ledger", "Records", "Platform"]),
        library("Worker", ["Wire", "Records", "Doge", "Tokenization", "Platform"]),
        library("Gateway", ["CMicroHTTPD", "CCurl"]),
        // The command line.
        library("CommandLine"),
        .executableTarget(
            name: "kennel",
            dependencies: [
                "CommandLine", "Coordinator", "Worker", "Gateway", "Doge", "Tokenization",
                "Records", "Ledger", "Scheduling", "Wire", "Platform", "CLinux",
            ],
            exclude: ["README.md"],
            swiftSettings: swiftSettings
        ),
        // Tests, and what several of them need.
        testSupport("Support", ["Platform"]),
        testSupportInC("Allocations"),
        testSupportInC("Cuts"),
        testSupportInC("PowerLoss"),
        testSupport(
            "Simulation",
            [
                "TestSupport", "Coordinator", "Worker", "Scheduling", "Ledger", "Wire", "Records",
                "Platform",
            ],
            below: "/World"
        ),
        testProgram(
            "kennel-stub-worker",
            "Tests/StubWorker",
            ["CommandLine", "Worker", "Wire", "Records", "Doge", "Platform"]
        ),
        testProgram(
            "kennel-simulate",
            "Tests/Simulation/Program",
            ["TestSimulation", "CommandLine", "Scheduling", "Platform"]
        ),
        tests("Platform", ["TestSupport", "Platform"]),
        tests(
            "Doge",
            ["TestSupport", "CAllocations", "Doge", "CDogeKernels", "Tokenization", "Platform"]
        ),
        tests("Tokenization", ["TestSupport", "Tokenization", "CPCRE2"]),
        tests("Records", ["TestSupport", "Records", "Platform", "CZlib", "CZstd"]),
        tests("Wire", ["TestSupport", "Wire", "Platform", "CZeroMQ"]),
        tests("Scheduling", ["TestSupport", "Scheduling"]),
        tests(
            "Worker",
            ["TestSupport", "Worker", "Wire", "Doge", "Records", "Tokenization", "Platform"]
        ),
        tests("Ledger", ["TestSupport", "CCuts", "Ledger", "Scheduling", "Platform", "CSQLite"]),
        tests(
            "Coordinator",
            ["TestSupport", "Coordinator", "Wire", "Scheduling", "Ledger", "Records", "Platform"]
        ),
        tests("Gateway", ["Gateway"]),
        tests("CommandLine", ["CommandLine"]),
        tests("kennel", ["kennel", "CommandLine", "Doge", "Records", "Platform"]),
        tests("EndToEnd", ["Doge", "Platform", "CZstd", "kennel"]),
        tests(
            "Simulation",
            ["TestSimulation", "TestSupport", "Scheduling", "Wire"],
            exclude: ["World", "Program"]
        ),
        // Fuzzing: what is fuzzed, a program that does it long, and a short run among the tests.
        testSupport(
            "Fuzz",
            [
                "CLinux", "CSQLite", "Coordinator", "Doge", "Gateway", "Ledger", "Platform",
                "Records", "Scheduling", "TestSupport", "Tokenization", "Wire",
            ],
            below: "/Targets"
        ),
        testProgram("kennel-fuzz", "Tests/Fuzz/Program", ["TestFuzz"]),
        tests("Fuzz", ["TestFuzz"], below: "/Suite"),
        // Real faults against real processes: the same harness for a program that does it long,
        // and for a short run among the tests.
        testSupport(
            "Chaos",
            ["CLinux", "CSQLite", "Coordinator", "Gateway", "Platform", "TestSupport", "Wire"],
            below: "/Harness"
        ),
        testProgram("kennel-chaos", "Tests/Chaos/Program", ["TestChaos", "CommandLine"]),
        tests("Chaos", ["TestChaos", "TestSupport", "Platform"], below: "/Suite"),
        tests("Tidy"),
    ],
    cLanguageStandard: .c17
)
