// swift-tools-version:6.2
// The core, the loop and the services without HTTP, Kafka and PostgreSQL, compiled with the mutants of
// `Sources/EventModel/Mutant.swift`. Tests/Mutants/run.py copies this file into a folder of its own, with links to
// Sources and Tests, so that nothing of the ordinary build is touched; dependencies are the checkouts of that build.
import PackageDescription

let settings: [SwiftSetting] = [.swiftLanguageMode(.v6), .define("HEARTH_MUTANTS")]
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let yaml = Target.Dependency.product(name: "Yams", package: "Yams")

func part(_ name: String, _ dependencies: [Target.Dependency] = [], without: [String] = []) -> Target {
  .target(name: name, dependencies: dependencies, path: "Sources/\(name)", exclude: without, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], without: [String] = []) -> Target {
  .testTarget(
    name: name,
    dependencies: dependencies + ["EventModel", "PipelineTestSupport"],
    path: "Tests/\(name)",
    exclude: without,
    swiftSettings: settings
  )
}

let package = Package(
  name: "mutants",
  dependencies: [.package(path: "../checkouts/Yams"), .package(path: "../checkouts/swift-log")],
  targets: [
    .systemLibrary(name: "COpenSSL", path: "Sources/COpenSSL", pkgConfig: "libcrypto"),
    .target(
      name: "CSimdJSON",
      path: "Sources/CSimdJSON",
      cxxSettings: [.unsafeFlags(["-O2"])],
      linkerSettings: [.linkedLibrary("simdjson")]
    ),
    part("EventModel"),
    part("Playbook", ["EventModel", yaml]),
    part("Tagging", ["EventModel", "Playbook"]),
    part("Funnels", ["EventModel", "Playbook"]),
    part("Segmentation", ["EventModel", "Playbook"]),
    part("Scheduling", ["EventModel", "Playbook"]),
    part("Messaging", ["EventModel", "Playbook"]),
    part("Folding", ["EventModel", "Playbook", "Tagging", "Funnels", "Segmentation"]),
    part("PipelinePorts", ["EventModel"]),
    part("EventCodec", ["EventModel", "CSimdJSON"]),
    part("Digests", ["COpenSSL"]),
    part(
      "PipelineRuntime",
      ["EventModel", "EventCodec", "Playbook", "PipelinePorts", log, yaml],
      without: ["Host", "Health/HealthRoutes.swift"]
    ),
    part(
      "IngestService",
      ["EventModel", "EventCodec", "PipelinePorts", "Digests", log],
      without: ["API", "Import"]
    ),
    part(
      "TaggerService",
      ["EventCodec", "Playbook", "Tagging", "Funnels", "Folding", "PipelinePorts", "PipelineRuntime", log]
    ),
    part("SegmenterService", ["EventCodec", "Playbook", "Segmentation", "PipelinePorts", "PipelineRuntime", log]),
    part(
      "SchedulerService",
      ["EventCodec", "Playbook", "Scheduling", "Messaging", "PipelinePorts", "PipelineRuntime", log]
    ),
    part("NotifierService", ["EventCodec", "Playbook", "Messaging", "PipelinePorts", "PipelineRuntime", log]),
    .target(
      name: "PipelineTestSupport",
      dependencies: ["EventModel", "PipelinePorts"],
      path: "Tests/PipelineTestSupport",
      swiftSettings: settings
    ),
    tests("EventModelTests", []),
    tests("PlaybookTests", ["Playbook"]),
    tests("TaggingTests", ["Tagging", "Playbook"]),
    tests("FunnelsTests", ["Funnels", "Playbook"]),
    tests("SegmentationTests", ["Segmentation", "Playbook"]),
    tests("SchedulingTests", ["Scheduling"]),
    tests(
      "MessagingTests",
      ["Messaging", "Playbook"],
      // Those of channels, which need libcurl.
      without: ["FileChannelTests.swift", "LocalServer.swift", "WebhookTests.swift"]
    ),
    tests("PipelineRuntimeTests", ["PipelineRuntime", "PipelinePorts", log]),
    tests(
      "SimulationTests",
      [
        "EventCodec", "Playbook", "Folding", "PipelinePorts", "PipelineRuntime", "IngestService", "TaggerService",
        "SegmenterService", "SchedulerService", "NotifierService", log,
      ]
    ),
  ],
  cxxLanguageStandard: .cxx17
)
