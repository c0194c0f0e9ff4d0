import HTTPChannels
import NotifierService
import PipelineRuntime
import ServiceLifecycle

/// `notifier`: decided touches in; deliveries out.
package enum Notifier: ServiceDefinition {
  package static let name = "notifier"
  package static let abstract = "Delivers touches by signed webhooks and files, with retries and receipts."
  package static let defaultPort = 8084
  package static let needs = ["store", "broker", "assignment"]

  package static func run(
    _ settings: ServiceSettings,
    _ reader: inout ConfigurationReader,
    host: ServiceHost
  ) async throws {
    let directory = reader.text("file.directory", default: "deliveries")
    let plain = reader.flag("webhook.allow_plain_http", default: false)
    let networks = reader.text("webhook.allow_networks", default: "").split(separator: ",").map(String.init)
    let secrets = reader.rest(below: "secrets")
    let blocks = networks.compactMap { AddressBlock(text: $0) }
    if blocks.count != networks.count {
      reader.fault("webhook.allow_networks", expected: "networks such as 10.0.0.0/8, separated by commas")
    }
    try reader.finish()
    let registry = ChannelRegistry(
      .init(fileDirectory: directory, secrets: secrets, allowsPlainHTTP: plain, allowedNetworks: blocks)
    )
    let assembly = try Assembly(settings: settings, host: host)
    let loop = try assembly.loop(NotifierProcessor()) { effect in
      DeliveryEffectResult(touch: effect.message.touch, result: await registry.deliver(effect))
    }
    try await host.run(settings, parts: [loop])
    await registry.close()
  }
}
