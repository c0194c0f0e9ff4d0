import EventModel
import HTTPChannels
import NotifierService
import PipelinePorts
import PipelineRuntime
import Playbook

/// The channels of all tenants, opened when first used.
actor ChannelRegistry {
  struct Settings: Sendable {
    /// Folder of the file channels, and of the replay sink.
    var fileDirectory: String
    /// Secrets of webhooks by name.
    var secrets: [String: String]
    var allowsPlainHTTP: Bool
    /// Networks that webhooks may reach although they are private.
    var allowedNetworks: [AddressBlock]
  }

  /// Attempts at webhooks under way at once.
  static let webhookThreads = 16

  private let settings: Settings
  private let workers = BlockingWorkers(name: "webhooks", threads: webhookThreads)
  private var channels: [String: any MessageChannel] = [:]

  init(_ settings: Settings) { self.settings = settings }

  /// One attempt. A touch of a tenant whose clock is its log goes to the replay sink whatever its channel.
  func deliver(_ effect: DeliveryEffect) async -> DeliveryResult {
    let channel: any MessageChannel
    do throws(AdapterFailure) {
      channel = try open(effect)
    } catch {
      return error.disposition == .retriable
        ? .retriable(reason: error.reason, retryAfter: nil) : .permanent(reason: error.reason)
    }
    return await channel.deliver(effect.message)
  }

  private func open(_ effect: DeliveryEffect) throws(AdapterFailure) -> any MessageChannel {
    switch effect.channel.kind {
    case .file(let name): return try file(name)
    case .webhook where effect.message.isReplay: return try file("replay")
    case .webhook(let url, let secret):
      let key = "webhook \(effect.message.tenant) \(url)"
      if let open = channels[key] { return open }
      var configuration = WebhookChannel.Configuration(url: url, secrets: try secrets(named: secret))
      configuration.allowsPlainHTTP = settings.allowsPlainHTTP
      configuration.addresses = AddressPolicy(allowed: settings.allowedNetworks)
      let channel = try WebhookChannel(name: effect.channel.name, configuration: configuration, workers: workers)
      channels[key] = channel
      return channel
    }
  }

  private func secrets(named name: String?) throws(AdapterFailure) -> [String] {
    guard let name else { return [] }
    guard let value = settings.secrets[name] ?? settings.secrets[name.replacing("_", with: ".")] else {
      throw AdapterFailure(
        code: "SECRET",
        reason: "the notifier has no secret of the channel's name",
        disposition: .permanent
      )
    }
    return value.split(separator: " ").map(String.init)
  }

  private func file(_ name: String) throws(AdapterFailure) -> any MessageChannel {
    let key = "file \(name)"
    if let open = channels[key] { return open }
    let channel = try FileChannel(path: "\(settings.fileDirectory)/\(name).ndjson")
    channels[key] = channel
    return channel
  }

  func close() async {
    for channel in channels.values { await channel.close() }
    await workers.close()
  }
}
