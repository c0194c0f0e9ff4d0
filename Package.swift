// swift-tools-version:6.2
import PackageDescription

let strict: [SwiftSetting] = [.swiftLanguageMode(.v6)]

/// Pure libraries: no input or output, no clock, no randomness.
func pure(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yaml = Target.Dependency.product(name: "Yams", package: "Yams")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")

/// The libraries that every executable links.
let assembly: [Target.Dependency] = ["HearthCommand", arguments]

let package = Package(
  name: "hearth",
  products: [],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.14.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.0", traits: []),
    .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
  ],
  targets: [
    // C libraries of Debian, each imported by one adapter.
    .systemLibrary(name: "CRDKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
    .systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(
      name: "CSimdJSON",
      cxxSettings: [.unsafeFlags(["-O2"])],
      linkerSettings: [.linkedLibrary("simdjson")]
    ),

    // Pure core.
    pure("EventModel"),
    pure("Playbook", ["EventModel", yaml]),
    pure("Tagging", ["EventModel", "Playbook"]),
    pure("Funnels", ["EventModel", "Playbook"]),
    pure("Segmentation", ["EventModel", "Playbook"]),
    pure("Scheduling", ["EventModel", "Playbook"]),
    pure("Messaging", ["EventModel", "Playbook"]),
    pure("Insights"),
    pure("Drawings"),
    pure("Simulation", ["EventModel"]),
    pure("Folding", ["EventModel", "Playbook", "Tagging", "Funnels", "Segmentation"]),

    // Ports and the shell around the core.
    pure("PipelinePorts", ["EventModel"]),
    .target(
      name: "PipelineRuntime",
      dependencies: [
        "EventModel", "EventCodec", "Playbook", "PipelinePorts", log, lifecycle, yaml, hummingbird,
      ],
      swiftSettings: strict
    ),

    // Adapters: the only importers of C.
    .target(name: "EventCodec", dependencies: ["EventModel", "CSimdJSON"], swiftSettings: strict),
    .target(name: "Digests", dependencies: ["COpenSSL"], swiftSettings: strict),
    .target(
      name: "KafkaClient",
      dependencies: ["CRDKafka", "EventModel", "PipelinePorts", yaml],
      swiftSettings: strict
    ),
    .target(name: "PostgresClient", dependencies: ["CPostgreSQL"], swiftSettings: strict),
    .target(
      name: "PostgresStores",
      dependencies: ["PostgresClient", "EventModel", "PipelinePorts", "Digests"],
      swiftSettings: strict
    ),
    .target(
      name: "HTTPChannels",
      dependencies: ["CCurl", "Digests", "EventModel", "Messaging", "PipelinePorts"],
      swiftSettings: strict
    ),
    .target(name: "EventJournal", dependencies: ["EventModel", "PipelinePorts"], swiftSettings: strict),

    // Services.
    .target(
      name: "IngestService",
      dependencies: ["EventModel", "EventCodec", "PipelinePorts", "Digests", log, yaml, hummingbird],
      exclude: ["Import/MAPPING.md"],
      swiftSettings: strict
    ),
    .target(
      name: "TaggerService",
      dependencies: [
        "EventModel", "EventCodec", "Playbook", "Tagging", "Funnels", "Folding", "PipelinePorts", "PipelineRuntime",
        log,
      ],
      swiftSettings: strict
    ),
    .target(
      name: "SegmenterService",
      dependencies: ["EventModel", "EventCodec", "Playbook", "Segmentation", "PipelinePorts", "PipelineRuntime", log],
      swiftSettings: strict
    ),
    .target(
      name: "SchedulerService",
      dependencies: [
        "EventModel", "EventCodec", "Playbook", "Scheduling", "Messaging", "PipelinePorts", "PipelineRuntime", log,
      ],
      swiftSettings: strict
    ),
    .target(
      name: "NotifierService",
      dependencies: ["EventModel", "EventCodec", "Playbook", "Messaging", "PipelinePorts", "PipelineRuntime", log],
      swiftSettings: strict
    ),

    // The command for people, and the wiring of services to adapters.
    .target(
      name: "HearthCommand",
      dependencies: [
        "EventModel", "EventCodec", "Playbook", "Folding", "Insights", "Drawings", "Simulation", "Messaging", "Digests",
        "KafkaClient", "PostgresClient", "PostgresStores", "HTTPChannels", "EventJournal", "PipelinePorts",
        "PipelineRuntime", "IngestService",
        "TaggerService", "SegmenterService", "SchedulerService", "NotifierService", arguments, log, lifecycle, yaml,
      ],
      swiftSettings: strict
    ),
    .executableTarget(name: "ingest", dependencies: assembly, swiftSettings: strict),
    .executableTarget(name: "tagger", dependencies: assembly, swiftSettings: strict),
    .executableTarget(name: "segmenter", dependencies: assembly, swiftSettings: strict),
    .executableTarget(name: "scheduler", dependencies: assembly, swiftSettings: strict),
    .executableTarget(name: "notifier", dependencies: assembly, swiftSettings: strict),
    .executableTarget(name: "hearth", dependencies: assembly, swiftSettings: strict),

    // Tests.
    .target(
      name: "PipelineTestSupport",
      dependencies: ["EventModel", "PipelinePorts"],
      path: "Tests/PipelineTestSupport",
      swiftSettings: strict
    ),
    .testTarget(name: "EventModelTests", dependencies: ["EventModel", "PipelineTestSupport"], swiftSettings: strict),
    .testTarget(name: "EventCodecTests", dependencies: ["EventCodec", "PipelineTestSupport"], swiftSettings: strict),
    .testTarget(name: "PlaybookTests", dependencies: ["Playbook", "PipelineTestSupport"], swiftSettings: strict),
    .testTarget(
      name: "TaggingTests",
      dependencies: ["Tagging", "Playbook", "PipelineTestSupport"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "FunnelsTests",
      dependencies: ["Funnels", "Playbook", "PipelineTestSupport"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "FoldingTests",
      dependencies: ["EventModel", "Folding", "Playbook", "PipelineTestSupport"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SegmentationTests",
      dependencies: ["Segmentation", "Playbook", "PipelineTestSupport"],
      swiftSettings: strict
    ),
    .testTarget(name: "SchedulingTests", dependencies: ["Scheduling", "PipelineTestSupport"], swiftSettings: strict),
    .testTarget(name: "InsightsTests", dependencies: ["Insights", "PipelineTestSupport"], swiftSettings: strict),
    .testTarget(name: "DrawingsTests", dependencies: ["Drawings", "PipelineTestSupport"], swiftSettings: strict),
    .testTarget(
      name: "MessagingTests",
      dependencies: ["Messaging", "HTTPChannels", "PipelineTestSupport"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "PipelineRuntimeTests",
      dependencies: ["EventModel", "PipelineRuntime", "PipelinePorts", "PipelineTestSupport", log],
      swiftSettings: strict
    ),
    .testTarget(
      name: "KafkaClientTests",
      dependencies: ["KafkaClient", "EventModel", "PipelinePorts", "PipelineTestSupport"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "PostgresTests",
      dependencies: [
        "PostgresClient", "PostgresStores", "Digests", "EventModel", "PipelinePorts", "PipelineTestSupport",
      ],
      swiftSettings: strict
    ),
    .testTarget(
      name: "IngestServiceTests",
      dependencies: [
        "IngestService", "EventJournal", "EventCodec", "EventModel", "Digests", "PipelinePorts", "PipelineTestSupport",
        hummingbird, log,
      ],
      swiftSettings: strict
    ),
    .testTarget(
      name: "HearthCommandTests",
      dependencies: ["HearthCommand", "EventModel", "Folding", "PipelineTestSupport", "Playbook", "PostgresStores"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SimulationTests",
      dependencies: [
        "EventModel", "EventCodec", "Playbook", "Folding", "PipelinePorts", "PipelineRuntime", "IngestService",
        "TaggerService", "SegmenterService", "SchedulerService", "NotifierService", "PipelineTestSupport", log,
      ],
      swiftSettings: strict
    ),
    .testTarget(name: "BrandSimulationTests", dependencies: ["Simulation", "EventCodec"], swiftSettings: strict),
    .testTarget(name: "RepositoryTests", swiftSettings: strict),
  ],
  cxxLanguageStandard: .cxx17
)
