import EventModel

/// A named model that a predictive tag asks for (SEMANTICS "Tags").
package struct PredictiveModel: Hashable, Sendable {
  /// The models that a playbook can name.
  package enum Name: String, Sendable, CaseIterable {
    case alive = "bg_nbd.alive"
    case purchases = "bg_nbd.purchases"
    case value = "gamma_gamma.value"
  }

  package var name: Name
  /// The event type whose history is modelled.
  package var over: String
  /// Places the value is rounded to, 0 … 6.
  package var places: Int
  /// How far ahead purchases are expected; `nil` for models without horizon.
  package var horizon: TimeSpan?

  package init(name: Name, over: String, places: Int, horizon: TimeSpan? = nil) {
    self.name = name
    self.over = over
    self.places = places
    self.horizon = horizon
  }
}
