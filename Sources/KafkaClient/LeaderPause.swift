import CRDKafka
import Foundation

/// Lets the leader of a group sync last, as the embedded broker needs it.
///
/// librdkafka's mock cluster hands out assignments the moment the leader's SyncGroup comes; a member whose own comes
/// later is refused ("Invalid request") and joins anew, which starts a rebalance of the whole group, another session
/// timeout long (`rd_kafka_mock_cgrp_sync_check`). On a busy machine a group of three could go on like that for over a
/// minute. A real broker waits for every member, so this is only switched on for the embedded one.
///
/// librdkafka asks that this interceptor do nothing prolonged, since it runs on the thread of a broker's connection:
/// here that of the group's coordinator, which carries nothing but the group's own requests.
enum LeaderPause {
  /// How long the leader's answer to JoinGroup is held back. Nothing tells a member when the others have synced.
  static let microseconds: UInt32 = 50_000
  /// The answer to a leader lists all members with what they subscribe to; a follower's stays below this.
  private static let followerBytesMax = 120
  private static let joinGroup: Int16 = 11
  private static let name = "hearth-leader-pause"

  /// Adds it to a configuration of a consumer to come.
  static func install(on configuration: OpaquePointer?) {
    rd_kafka_conf_interceptor_add_on_new(
      configuration,
      name,
      { client, _, _, _, _ in
        rd_kafka_interceptor_add_on_response_received(
          client,
          LeaderPause.name,
          { _, _, _, _, request, _, _, bytes, _, error, _ in
            if request == LeaderPause.joinGroup, error == RD_KAFKA_RESP_ERR_NO_ERROR,
              bytes > LeaderPause.followerBytesMax
            {
              usleep(LeaderPause.microseconds)
            }
            return RD_KAFKA_RESP_ERR_NO_ERROR
          },
          nil
        )
      },
      nil
    )
  }
}
