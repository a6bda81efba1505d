/* The flat record of twelve fields that the peers' generators write, to compare speeds. */
struct Flat {
  1: required string requestId,
  2: required i64 ts,
  3: required i64 userId,
  4: required i64 amountMinor,
  5: required string currency,
  6: required string merchant,
  7: required i32 mcc,
  8: required string country,
  9: required string device,
  10: required string ip,
  11: required string channel,
  12: required double score
}
service Flats { void put(1: Flat record) }
