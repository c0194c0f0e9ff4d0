import KafkaClient
import Testing

@Suite("Settings of the connection")
struct KafkaSettingsTests {
  @Test("every fault is told at once, and no secret is")
  func faults() throws {
    let connection = KafkaConnection(
      bootstrapServers: "",
      clientID: "c",
      properties: [
        "no.such.property": "1", "socket.timeout.ms": "many", "enable.auto.commit": "true",
        "sasl.password": "hunter2", "ssl.key.password": "hunter3", "security.protocol": "sasl_ssl",
        "ssl.endpoint.identification.algorithm": "hunter4",
      ]
    )
    let error = #expect(throws: KafkaSettingFaults.self) { try connection.validate() }
    let faults = try #require(error)
    #expect(
      faults.faults.map(\.key) == [
        "bootstrap.servers", "enable.auto.commit", "no.such.property", "socket.timeout.ms",
        "ssl.endpoint.identification.algorithm",
      ]
    )
    #expect(!faults.description.contains("hunter2") && !faults.description.contains("hunter3"))
    #expect(!connection.description.contains("hunter"))
    #expect(
      faults.description.contains("error: setting at no.such.property: expected a property of librdkafka, got")
    )
  }

  @Test("values of secrets are hidden also when they are at fault")
  func hidden() throws {
    let connection = KafkaConnection(
      bootstrapServers: "b:1",
      clientID: "c",
      properties: ["ssl.key.pem": "hunter2", "my.password": "hunter3", "sasl.username": "hunter4"]
    )
    #expect(!connection.description.contains("hunter"))
    do {
      try connection.validate()
    } catch {
      #expect(error.faults.contains { $0.key == "my.password" })
      #expect(!error.description.contains("hunter"))
    }
    #expect(KafkaConnection.isSecret("sasl.password") && KafkaConnection.isSecret("ssl.key.pem"))
    #expect(!KafkaConnection.isSecret("security.protocol"))
  }

  @Test("a member and a writer refuse the same faults")
  func clients() {
    let connection = KafkaConnection(bootstrapServers: "b:1", clientID: "c", properties: ["nope": "1"])
    #expect(throws: KafkaOpeningFailure.self) { try KafkaEventSink(connection) }
    #expect(throws: KafkaOpeningFailure.self) { try KafkaEventSource(connection, .init(group: "g", topics: ["t"])) }
    #expect(throws: KafkaOpeningFailure.self) { try KafkaAdmin(connection) }
  }
}
