import HearthCommand
import PipelineRuntime
import Testing

@Suite("Settings of a service")
struct ConfigurationTests {
  private func reader(
    file: [String: String] = [:],
    environment: [String: String] = [:],
    files: [String: String] = [:]
  ) -> ConfigurationReader {
    ConfigurationReader(file: file, environment: environment, readFile: { files[$0] })
  }

  @Test("all faults are told at once, each with its key, then what to do")
  func faults() throws {
    var reader = reader(
      file: ["http.port": "99999", "store.connections": "many", "noise.level": "3", "kafka.bootstrap": "b:9092"])
    let settings = ServiceSettings(reader: &reader, defaultPort: 8081)
    #expect(settings.httpPort == 8081)
    let faults = try #require(throws: ConfigurationReader.Faults.self) { try reader.finish() }
    #expect(
      faults.description == """
        error: setting cannot be used at store.url: expected a text (HEARTH_STORE_URL), got nothing
        error: setting cannot be used at store.connections: expected a whole number 2 to 100, got many
        error: setting cannot be used at http.port: expected a whole number 1 to 65535, got 99999
        error: setting cannot be used at noise.level: expected a known key, got an unknown one
        next: compare with config.reference.yaml of this service
        """
    )
    #expect(ToldFailure(faults)?.code == .invalidInput)
  }

  @Test("the environment stands before the file, the file before the default")
  func precedence() throws {
    var reader = reader(file: ["a": "file", "b": "file"], environment: ["HEARTH_A": "environment"])
    #expect(reader.text("a", default: "default") == "environment")
    #expect(reader.text("b", default: "default") == "file")
    #expect(reader.text("c", default: "default") == "default")
    try reader.finish()
  }

  @Test("an empty variable is one that is not set")
  func empty() throws {
    var reader = reader(file: ["http.port": "81"], environment: ["HEARTH_HTTP_PORT": "", "HEARTH_EMBEDDED": ""])
    #expect(reader.integer("http.port", default: 80, in: 1...99) == 81)
    #expect(reader.flag("embedded", default: true) == true)
    try reader.finish()
  }

  @Test("a secret may stand in a file, without its line end")
  func secrets() throws {
    var reader = reader(
      file: ["store.url": "in the open"],
      environment: [
        "HEARTH_STORE_URL_FILE": "/run/secret", "HEARTH_KAFKA_PROPERTIES_SASL_PASSWORD_FILE": "/run/sasl",
        "HEARTH_KAFKA_PROPERTIES_SASL_USERNAME": "hearth",
      ],
      files: ["/run/secret": " host=db password=x\n", "/run/sasl": "p w\n"]
    )
    #expect(reader.text("store.url") == "host=db password=x")
    #expect(reader.rest(below: "kafka.properties") == ["sasl.password": "p w", "sasl.username": "hearth"])
    try reader.finish()
  }

  @Test("a secret's file that is not there is a fault that names the variable, not the path")
  func missingSecret() throws {
    var reader = reader(
      environment: ["HEARTH_STORE_URL_FILE": "/run/a", "HEARTH_KAFKA_PROPERTIES_SASL_PASSWORD_FILE": "/run/b"])
    _ = reader.optionalText("store.url")
    #expect(reader.rest(below: "kafka.properties").isEmpty)
    let faults = try #require(throws: ConfigurationReader.Faults.self) { try reader.finish() }
    #expect(
      faults.faults.map(\.key) == ["HEARTH_STORE_URL_FILE", "HEARTH_KAFKA_PROPERTIES_SASL_PASSWORD_FILE"]
    )
    #expect(!faults.description.contains("/run/"))
  }

  @Test("flags, choices and texts say what they take; a value is shown on one line of 80 characters")
  func forms() throws {
    var reader = reader(environment: [
      "HEARTH_FLAG": "perhaps", "HEARTH_CHOICE": "c\nd", "HEARTH_NUMBER": String(repeating: "9", count: 200),
    ])
    #expect(reader.flag("flag", default: true) == true)
    #expect(reader.choice("choice", default: "a", of: ["a", "b"]) == "a")
    #expect(reader.integer("number", default: 7, in: 1...9) == 7)
    #expect(reader.text("missing.text") == "")
    let lines = reader.faults.map(\.description)
    #expect(
      lines == [
        "error: setting cannot be used at flag: expected true or false, got perhaps",
        "error: setting cannot be used at choice: expected one of a, b, got c d",
        "error: setting cannot be used at number: expected a whole number 1 to 9, got "
          + String(repeating: "9", count: 80),
        "error: setting cannot be used at missing.text: expected a text (HEARTH_MISSING_TEXT), got nothing",
      ]
    )
  }

  @Test("a file becomes flat keys; comments alone are no settings")
  func file() throws {
    let text = "http:\n  host: 0.0.0.0\n  port: 8080\nembedded: true\nstore:\n"
    #expect(
      try ConfigurationFile.flatten(text, path: "c.yaml") == [
        "http.host": "0.0.0.0", "http.port": "8080", "embedded": "true", "store": "",
      ]
    )
    #expect(try ConfigurationFile.flatten("# nothing\n", path: "c.yaml").isEmpty)
    #expect(try ConfigurationFile.flatten("", path: "c.yaml").isEmpty)
  }

  @Test(
    "a file that cannot be used is told with line and column",
    arguments: [
      (
        "http:\n  port: [1]\n",
        "error: setting cannot be used at c.yaml:2:9: expected a value or a mapping, got a list"
      ),
      (
        "http:\n  port: \"1\n",
        "error: configuration file is not YAML at c.yaml:3:1: expected YAML, got found unexpected end of stream"
      ),
      ("a: 1\nb: 2\na: 3\n", "error: setting stands twice at c.yaml:1:1: expected each key once, got a"),
      ("just text\n", "error: settings cannot be used at c.yaml:1:1: expected KEY: VALUE, got no mapping"),
      ("- a\n", "error: settings cannot be used at c.yaml:1:1: expected KEY: VALUE, got no mapping"),
      ("? [a]\n: b\n", "error: setting cannot be used at c.yaml:1:3: expected a key, got another form"),
    ]
  )
  func located(_ text: String, _ expected: String) throws {
    let failure = try #require(throws: ConfigurationFile.Failure.self) {
      try ConfigurationFile.flatten(text, path: "c.yaml")
    }
    #expect(failure.description == expected + "\nnext: compare with config.reference.yaml of this service")
    #expect(ToldFailure(failure)?.code == .invalidInput)
  }

  @Test("a file that is not there is told")
  func missing() throws {
    let failure = try #require(throws: ConfigurationFile.Failure.self) {
      try ConfigurationFile.read(path: "/nowhere/c.yaml")
    }
    #expect(
      failure.description == """
        error: configuration file cannot be read at /nowhere/c.yaml: expected a readable file, got none
        next: compare with config.reference.yaml of this service
        """
    )
  }
}
