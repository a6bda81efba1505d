/*
 * The penalty center: what a decision does to an account afterwards. Times are milliseconds since 1970 UTC.
 * For the annotations see risk_decision.thrift.
 */
namespace cpp tinct.penalty
namespace py tinct_penalty
namespace java tinct.penalty
namespace go tinct.penalty

enum SubjectKind {
  user = 1,
  device = 2,
  card = 3,
  merchant = 4
}

enum Measure {
  freezeAccount = 1,
  freezeBalance = 2,
  limitPayments = 3,
  blockLogin = 4
}

enum PenaltyState {
  active = 1,
  lifted = 2,
  expired = 3,
  underAppeal = 4
}

enum AppealResult {
  accepted = 1,
  rejected = 2,
  pending = 3
}

enum PenaltyErrorCode {
  invalidArgument = 1,
  notFound = 2,
  alreadyFrozen = 3,
  notFrozen = 4,
  appealLimit = 5,
  forbidden = 6
}

/** Where a call came from; hintCode & 1 marks a stress test. */
struct Trace {
  1: required string logId,
  2: required string caller,
  3: optional string spanId,
  4: optional string srcMethod,
  5: optional i64 hintCode,
  6: optional string hintContent
}

struct Subject {
  1: required SubjectKind kind,
  2: required string subjectId (pii.class = "accountId"),
  3: optional string country
}

/** Who acts: an engine, a person of the staff, or the customer. */
struct Actor {
  1: required string actorId (pii.class = "accountId"),
  2: optional string role,
  3: optional string ip (pii.class = "ip")
}

struct FreezeRequest {
  1: required string requestId (tinct.id = "true"),
  2: required Subject subject,
  3: required Measure measure,
  4: required string reasonCode,
  5: optional Actor actor,
  6: optional i64 amountMinor,
  7: optional string currency,
  /** Absent: until it is lifted. */
  8: optional i64 untilMillis,
  /** Requests whose decisions led to it. */
  9: optional list<string> evidence,
  10: optional map<string, string> attributes,
  50: optional Trace trace
}

struct UnfreezeRequest {
  1: required string requestId (tinct.id = "true"),
  2: required string penaltyId,
  3: required string reasonCode,
  4: optional Actor actor,
  /** When it shall be lifted; absent: now. */
  5: optional i64 atMillis,
  50: optional Trace trace
}

struct AppealRequest {
  1: required string requestId (tinct.id = "true"),
  2: required string penaltyId,
  3: required string statement (pii.class = "freeText"),
  4: optional Actor actor,
  5: optional list<binary> documents (pii.class = "document"),
  6: optional string contactPhone (pii.class = "phone"),
  50: optional Trace trace
}

struct QueryRequest {
  1: required string requestId (tinct.id = "true"),
  2: optional Subject subject,
  3: optional string penaltyId,
  4: optional set<PenaltyState> states,
  5: optional i32 limit,
  6: optional string pageToken,
  50: optional Trace trace
}

struct Penalty {
  1: required string penaltyId,
  2: required Subject subject,
  3: required Measure measure,
  4: required PenaltyState state,
  5: required string reasonCode,
  6: required i64 createdAtMillis,
  7: optional i64 untilMillis,
  8: optional i64 amountMinor,
  9: optional string currency,
  10: optional i32 appeals
}

struct AppealAnswer {
  1: required string appealId,
  2: required AppealResult result,
  3: optional i64 answerDueMillis,
  4: optional Penalty penalty
}

struct PenaltyPage {
  1: required list<Penalty> penalties,
  2: optional string nextPageToken
}

exception PenaltyError {
  1: required PenaltyErrorCode code,
  2: required string message,
  3: optional string penaltyId
}

service PenaltyCenter {
  Penalty freeze(1: FreezeRequest req) throws (1: PenaltyError err),
  Penalty unfreeze(1: UnfreezeRequest req) throws (1: PenaltyError err),
  AppealAnswer appeal(1: AppealRequest req) throws (1: PenaltyError err),
  PenaltyPage query(1: QueryRequest req) throws (1: PenaltyError err)
}
